import { SignatureV4 } from "@smithy/signature-v4";
import test from "ava";
import { PosternError } from "../../../core/index.js";
import { createCredentials } from "../../../frontends/linkshare/access/credentials.js";
import type { LinkRequest } from "../../../frontends/linkshare/request.js";
import { linkKeys, linkSecret, startLinkTestServer } from "../../helpers/link-server.js";
import { Sha256 } from "../../helpers/s3-request.js";

const server = await startLinkTestServer();
await server.project.createBucket("files");
await server.project.putObject("files", "a b+c.txt", [Buffer.from("secret")]);
test.after.always(() => server.stop());
const target = `/raw/${linkKeys.private}/files/a%20b+c.txt`;

/** The SDK's own signer, so that our verification is not compared with itself. */
async function signed(
  init: { service?: string; secret?: string; date?: Date; query?: Record<string, string>; method?: string } = {},
): Promise<Record<string, string>> {
  const { host, hostname, port } = new URL(server.url);
  const signer = new SignatureV4({
    service: init.service ?? "linksharing",
    region: "eu1",
    credentials: { accessKeyId: linkKeys.private, secretAccessKey: init.secret ?? linkSecret },
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const request = {
    method: init.method ?? "GET",
    protocol: "http:",
    hostname,
    port: Number(port),
    path: target,
    query: init.query ?? {},
    headers: { host },
  };
  const { headers } = await signer.sign(request, { signingDate: init.date ?? new Date() });
  return headers;
}

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);

test("keys that are not public need a signature", async (t) => {
  const ok = await signed();
  const rows: readonly [headers: Record<string, string>, status: number, target?: string, method?: string][] = [
    [ok, 200],
    [await signed({ method: "HEAD" }), 200, target, "HEAD"],
    [await signed({ query: { wrap: "0", download: "" } }), 200, `${target}?wrap=0&download`],
    [await signed({ date: ago(14) }), 200],
    [await signed({ date: ago(16) }), 403],
    [await signed({ date: ago(-16) }), 403],
    [await signed({ service: "s3" }), 403],
    [await signed({ secret: `${linkSecret}x` }), 403],
    [{}, 403],
    [{ ...ok, authorization: ok["authorization"]!.replace(/.$/, (last) => (last === "0" ? "1" : "0")) }, 403],
    [{ ...ok, authorization: ok["authorization"]!.replace("host;", "") }, 403],
    [{ ...ok, authorization: "AWS4-HMAC-SHA256 nonsense" }, 403],
    [{ ...ok, authorization: "Bearer x" }, 403],
    [ok, 403, `${target}?download`],
    [ok, 403, target, "HEAD"],
  ];
  for (const [i, [headers, status, at = target, method = "GET"]] of rows.entries()) {
    t.is((await server.get(at, { headers, method })).status, status, `row ${i}`);
  }
});

const request = { header: () => undefined } as unknown as LinkRequest;

test("look-ups are shared and remembered for a while, failures not", async (t) => {
  let now = 0;
  let calls = 0;
  let works = false;
  const { grant } = server;
  const credentials = createCredentials(
    {
      async resolve() {
        calls++;
        if (!works) throw new PosternError("not-found", "not found");
        const unknown = { publicProjectId: undefined, projectCreatedAt: undefined };
        return { accessGrant: grant, secretKey: "s", public: true, usageTags: [], ...unknown };
      },
      register: () => Promise.reject(new Error("no")),
      ping: async () => {},
    },
    { entries: 10, ms: 100, now: () => now },
  );
  const ask = () => credentials.ofRequest(linkKeys.public, request);
  await t.throwsAsync(ask, { message: "Access denied." });
  works = true;
  const both = await Promise.all([ask(), ask()]);
  t.is(calls, 2);
  t.is(both[0].grantText, grant);
  now = 99;
  await ask();
  t.is(calls, 2);
  now = 100;
  works = false;
  await t.throwsAsync(ask, { message: "Access denied." });
  t.is(calls, 3);
});

test("an auth service that is away, or refuses us, is no fault of the visitor", async (t) => {
  for (const [code, status] of [
    ["unavailable", 503],
    ["unauthenticated", 500],
    ["invalid-argument", 400],
  ] as const) {
    const other = await startLinkTestServer(
      {},
      { access: { resolve: () => Promise.reject(new PosternError(code, "secret detail")) } },
    );
    t.teardown(() => other.stop());
    const reply = await other.get(`/s/${linkKeys.public}/b/k`);
    t.is(reply.status, status, code);
    t.false(reply.text.includes("secret detail"));
  }
});
