import assert from "node:assert/strict";
import { SignatureV4 } from "@smithy/signature-v4";
import test from "ava";
import { linkshare } from "../../../frontends/linkshare/index.js";
import { plainRequest, Sha256 } from "../../helpers/s3-request.js";
import { frontendSuite, type SuiteServer } from "../../suites/frontend-suite.js";

frontendSuite(
  () => ({
    plugin: linkshare,
    options: { port: 0 },
    async use(server, signal) {
      await server.project.putObject("suite", "notes.md", [Buffer.from("# content")]);
      const path = `/suite/notes.md`;
      const raw = await get(server, `/raw/${server.credentials.accessKeyId}${path}`, signal);
      assert.deepEqual([raw.status, raw.body], [200, "# content"]);
      // The pages hold the key in their links, as their own addresses do.
      const page = await get(server, `/s/${server.credentials.accessKeyId}${path}`, signal);
      assert.match(page.body, /<h\d[^>]*>content<\/h\d>/);
      const folder = await get(server, `/s/${server.credentials.accessKeyId}/suite/`, signal);
      assert.match(folder.body, /notes\.md/);
      const zip = await get(server, `/s/${server.credentials.accessKeyId}/suite/?download&download-kind=zip`, signal);
      assert.equal(zip.status, 200);
      return [raw, page.headers, folder.headers, zip.headers];
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

/** The key is not public, so that each request is signed. */
async function get({ addresses, credentials }: SuiteServer, target: string, signal: AbortSignal) {
  const { host, hostname, port } = new URL(addresses["http"]!);
  const [path = "", search = ""] = target.split("?");
  const signer = new SignatureV4({
    service: "linksharing",
    region: "us-east-1",
    credentials: { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretKey || "none" },
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const query = Object.fromEntries(new URLSearchParams(search));
  const at = { method: "GET", protocol: "http:", hostname, port: Number(port), path, query, headers: { host } };
  const { headers } = await signer.sign(at);
  return plainRequest(addresses["http"]!, { target, headers, signal });
}
