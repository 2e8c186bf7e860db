// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { frontendSuite, startForTest } from "postern/testing";
import { frontend } from "../frontend.js";

const options = { port: 0 };

// What every frontend must do.
frontendSuite(
  () => ({
    plugin: frontend,
    options,
    async use(server, signal) {
      await server.project.putObject("suite", "a/b", [Buffer.from("content")]);
      const reply = await get(server, "/suite/a/b", signal);
      const body = await reply.text();
      assert.equal(reply.status, 200, body);
      assert.equal(body, "content");
      return [reply.status, [...reply.headers], body];
    },
  }),
  { test },
);

test("lists keys below a greeting", async () => {
  const server = await startForTest(frontend, { ...options, greeting: "Look:" });
  try {
    await server.project.putObject("suite", "key", []);
    const reply = await get(server, "/suite/");
    assert.equal(await reply.text(), "Look:\nkey\n");
  } finally {
    await server.stop();
  }
});

test("says 404 where there is nothing", async () => {
  const server = await startForTest(frontend, options);
  try {
    assert.equal((await get(server, "/suite/none")).status, 404);
  } finally {
    await server.stop();
  }
});

/**
 * @param {import("postern/testing").SuiteServer} server
 * @param {string} path
 * @param {AbortSignal} [signal]
 */
function get({ addresses, credentials }, path, signal) {
  const authorization = `Basic ${btoa(`${credentials.accessKeyId}:${credentials.secretKey}`)}`;
  return fetch(addresses.http + path, { headers: { authorization }, signal });
}
