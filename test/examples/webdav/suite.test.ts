import assert from "node:assert/strict";
import test from "ava";
import { frontendSuite } from "postern/testing";
import { frontend } from "../../../examples/webdav/index.js";
import { basicAuth } from "../../helpers/basic-auth.js";

frontendSuite(
  () => ({
    plugin: frontend,
    options: { port: 0 },
    async use({ addresses, credentials }, signal) {
      const headers = { authorization: basicAuth(credentials) };
      const url = `${addresses["http"]}/suite/file`;
      const put = await fetch(url, { method: "PUT", body: "content", headers, signal });
      assert.ok(put.status === 201 || put.status === 204, `PUT: ${put.status}`);
      const got = await fetch(url, { headers, signal });
      const text = await got.text();
      assert.deepEqual([got.status, text], [200, "content"]);
      const found = await fetch(`${addresses["http"]}/suite`, {
        method: "PROPFIND",
        headers: { ...headers, depth: "1" },
        signal,
      });
      const xml = await found.text();
      assert.match(xml, /<D:href>\/suite\/file<\/D:href>/);
      return [[...put.headers], [...got.headers], text, xml];
    },
  }),
  {
    test: (title, run) =>
      test.serial(title, async (t) => {
        await run();
        t.pass();
      }),
  },
);
