import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import test, { type ExecutionContext } from "ava";
import { frontendSuite, type SuiteServer, startForTest } from "postern/testing";
import { frontend } from "../../../examples/mcp/index.js";

type Where = Pick<SuiteServer, "addresses" | "credentials">;

function bearer({ accessKeyId, secretKey }: SuiteServer["credentials"]): { authorization: string } {
  return { authorization: `Bearer ${accessKeyId}:${secretKey}` };
}

async function connect({ addresses, credentials }: Where, signal?: AbortSignal): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(addresses["http"]!), {
    requestInit: { headers: bearer(credentials), signal },
  });
  await client.connect(transport, { signal });
  return client;
}

frontendSuite(
  () => ({
    plugin: frontend,
    options: { port: 0, allowWrites: true },
    async use(server, signal) {
      const client = await connect(server, signal);
      try {
        const { tools } = await client.listTools(undefined, { signal });
        const call = (name: string, args: Record<string, unknown>) =>
          client.callTool({ name, arguments: { bucket: "suite", ...args } }, undefined, { signal });
        const wrote = await call("write_object", { key: "a/b", text: "content" });
        const read = await call("read_object", { key: "a/b" });
        assert.deepEqual(read.content, [{ type: "text", text: "content" }], JSON.stringify(read));
        return [tools, wrote, read];
      } finally {
        await client.close();
      }
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

async function started(t: ExecutionContext, options: Parameters<typeof frontend.create>[0] = {}) {
  const server = await startForTest(frontend, { port: 0, ...options });
  t.teardown(() => server.stop());
  const client = await connect(server);
  t.teardown(() => client.close());
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    return (await client.callTool({ name, arguments: args })) as {
      content: { type: string; text?: string; resource?: { blob: string } }[];
      structuredContent?: Record<string, unknown>;
      isError?: boolean;
    };
  };
  return { server, client, call };
}

test.serial("it only reads, unless it is told otherwise", async (t) => {
  const { client, call } = await started(t);
  const { tools } = await client.listTools();
  t.deepEqual(tools.map(({ name }) => name).sort(), ["list_buckets", "list_objects", "read_object", "stat_object"]);
  t.true(tools.every(({ annotations }) => annotations?.readOnlyHint === true));
  const refused = await call("write_object", { bucket: "suite", key: "k", text: "x" });
  t.true(refused.isError);
});

test.serial("tools list, describe and read", async (t) => {
  const { server, call } = await started(t, { maxReadBytes: 10 });
  const { project } = server;
  await project.putObject("suite", "a/1", [Buffer.from("0123456789abcdef")], { custom: { "content-type": "text/x" } });
  await project.putObject("suite", "b", [Uint8Array.of(0xff, 0xfe, 0)]);
  await project.putObject("suite", "c", [Buffer.from("ää€€€€")]);
  t.deepEqual((await call("list_buckets")).structuredContent, { buckets: ["suite"] });
  const first = (await call("list_objects", { bucket: "suite", limit: 2 })).structuredContent as Record<
    string,
    unknown
  >;
  t.deepEqual(first["folders"], ["a/"]);
  t.like((first["objects"] as object[])[0], { key: "b", size: 3 });
  const rest = await call("list_objects", { bucket: "suite", cursor: first["next"] });
  t.like(rest.structuredContent!, { objects: [{ key: "c" }], folders: [] });
  const all = await call("list_objects", { bucket: "suite", prefix: "a", recursive: true });
  t.like(all.structuredContent!, { objects: [{ key: "a/1", contentType: "text/x" }] });
  t.like((await call("stat_object", { bucket: "suite", key: "a/1" })).structuredContent!, { size: 16 });

  const part = await call("read_object", { bucket: "suite", key: "a/1" });
  t.deepEqual(part.content, [{ type: "text", text: "0123456789" }]);
  t.deepEqual(part.structuredContent, { size: 16, offset: 0, length: 10 });
  const more = await call("read_object", { bucket: "suite", key: "a/1", offset: 10, length: 3 });
  t.is(more.content[0]?.text, "abc");
  t.is((await call("read_object", { bucket: "suite", key: "b" })).content[0]?.resource?.blob, "//4A");
  t.is((await call("read_object", { bucket: "suite", key: "c" })).content[0]?.text, "ää€€");

  await project.putObject("suite", "sealed", [Buffer.from("x")], { custom: { "s3:sse-c": "x" } });
  t.regex((await call("read_object", { bucket: "suite", key: "sealed" })).content[0]!.text!, /^permission-denied/);
  const none = await call("read_object", { bucket: "suite", key: "none" });
  t.true(none.isError);
  t.regex(none.content[0]!.text!, /^object-not-found: /);
  t.true((await call("read_object", { bucket: "suite", key: "a/1", length: 11 })).isError);
});

test.serial("objects are resources", async (t) => {
  const { server, client } = await started(t);
  await server.project.putObject("suite", "a b/ü", [Buffer.from("text")]);
  const { resources } = await client.listResources();
  t.like(resources[0], { uri: "postern://suite/a%20b/%C3%BC", name: "suite/a b/ü" });
  const { contents } = await client.readResource({ uri: resources[0]!.uri });
  t.like(contents[0], { text: "text" });
  const { resourceTemplates } = await client.listResourceTemplates();
  t.is(resourceTemplates[0]?.uriTemplate, "postern://{bucket}/{+key}");
  await t.throwsAsync(client.readResource({ uri: "postern://suite/none" }), { message: /object-not-found/ });
});

test.serial("tools write and delete where it is allowed", async (t) => {
  const { server, call } = await started(t, { allowWrites: true });
  await call("create_bucket", { bucket: "made" });
  await call("write_object", { bucket: "made", key: "k", base64: "//4A", contentType: "image/x" });
  t.like(await server.project.headObject("made", "k"), { size: 3, custom: { "content-type": "image/x" } });
  const taken = await call("write_object", { bucket: "made", key: "k", text: "x", overwrite: false });
  t.regex(taken.content[0]!.text!, /^object-already-exists/);
  t.deepEqual((await call("delete_object", { bucket: "made", key: "k" })).structuredContent, { deleted: true });
});

test.serial("strangers, pages of others and nonsense are refused", async (t) => {
  const { server } = await started(t, { origins: ["https://mine.example"], maxMessageBytes: 1_024 });
  const url = server.addresses["http"]!;
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const good = { ...headers, ...bearer(server.credentials) };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
  const status = async (init: RequestInit, to = url) => {
    const reply = await fetch(to, { method: "POST", body, ...init });
    await reply.text();
    return reply.status;
  };
  t.is(await status({ headers: good }), 200);
  t.is(await status({ headers }), 401);
  t.is(await status({ headers: { ...headers, authorization: "Bearer x:y" } }), 401);
  t.is(await status({ headers: { ...good, origin: "https://evil.example" } }), 403);
  t.is(await status({ headers: { ...good, origin: "https://mine.example" } }), 200);
  t.is(await status({ headers: good, body: "{" }), 400);
  t.is(await status({ headers: good, body: "x".repeat(2_000) }), 413);
  t.is(await status({ headers: good }, url.replace("/mcp", "/other")), 404);
  t.is(await status({ headers: good, method: "GET", body: undefined }), 405);
});
