import { get } from "node:https";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { createIdentity, identityPem } from "../../../core/identity/identity.js";
import type { Project } from "../../../core/index.js";
import { errorCodes, PosternError } from "../../../core/index.js";
import { createMemoryProject } from "../../helpers/memory-project.js";
import { elementText, exchange, plainRequest, signedHeaders, signedRequest } from "../../helpers/s3-request.js";
import { startS3TestServer, testCredentials } from "../../helpers/s3-server.js";

const server = await startS3TestServer();
await server.project.createBucket("bucket");
test.after.always(() => server.stop());

/** A promise to be settled from outside. */
function gate() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** A project of which some calls are replaced. */
function projectWith(changes: Partial<Project>): Project {
  return { ...createMemoryProject(), ...changes };
}

test("error documents name code, resource and request", async (t) => {
  const reply = await signedRequest(server.url, { target: "/bucket/a%20b%26" });
  t.is(reply.status, 404);
  t.is(reply.headers["content-type"], "application/xml");
  t.is(elementText(reply.body, "Code"), "NoSuchKey");
  t.is(elementText(reply.body, "Message"), "The specified key does not exist.");
  t.is(elementText(reply.body, "Resource"), "/bucket/a%20b%26");
  t.is(elementText(reply.body, "RequestId"), reply.headers["x-amz-request-id"] as string);
  t.is(elementText(reply.body, "HostId"), reply.headers["x-amz-id-2"] as string);
  t.regex(elementText(reply.body, "RequestId") ?? "", /^[0-9A-F]{16}$/);
  const head = await signedRequest(server.url, { method: "HEAD", target: "/bucket/nothing" });
  t.is(head.status, 404);
  t.truthy(head.headers["x-amz-request-id"]);
});

test("anonymous requests are denied, whatever they ask for", async (t) => {
  for (const [method, target] of [
    ["GET", "/"],
    ["GET", "/bucket"],
    ["PUT", "/bucket/key"],
    ["GET", "/nothing/key"],
  ] as const) {
    const reply = await plainRequest(server.url, { method, target });
    t.is(reply.status, 403, target);
    t.is(elementText(reply.body, "Code"), "AccessDenied", target);
  }
});

test("web pages of allowed origins may use it", async (t) => {
  const preflight = (url: string, origin: string) =>
    plainRequest(url, {
      method: "OPTIONS",
      target: "/bucket/key",
      headers: {
        origin,
        "access-control-request-method": "PUT",
        "access-control-request-headers": "authorization,x-amz-date",
      },
    });
  const open = await preflight(server.url, "https://a.example");
  t.is(open.status, 200);
  t.is(open.headers["access-control-allow-origin"], "*");
  t.is(open.headers["access-control-allow-headers"], "authorization,x-amz-date");
  const narrow = await startS3TestServer({ corsOrigins: ["https://a.example"] }, { project: server.project });
  t.teardown(() => narrow.stop());
  t.is((await preflight(narrow.url, "https://a.example")).headers["access-control-allow-origin"], "https://a.example");
  const other = await preflight(narrow.url, "https://b.example");
  t.is(other.status, 403);
  t.is(other.headers["access-control-allow-origin"], undefined);
  const actual = await signedRequest(narrow.url, { target: "/bucket", unsigned: { origin: "https://a.example" } });
  t.is(actual.headers["access-control-allow-origin"], "https://a.example");
});

test("what is not there is not implemented", async (t) => {
  const code = async (method: string, target: string) => {
    const reply = await signedRequest(server.url, { method, target });
    return `${reply.status} ${elementText(reply.body, "Code")}`;
  };
  const missing = [
    ["GET", "/bucket?analytics="],
    ["PUT", "/bucket?inventory="],
    ["PUT", "/bucket?replication="],
    ["GET", "/bucket?intelligent-tiering="],
    ["POST", "/bucket/key?restore="],
    ["POST", "/bucket/key?select=&select-type=2"],
    ["POST", "/bucket"],
    ["GET", "/bucket?acl=&policy="],
  ] as const;
  for (const [method, target] of missing) t.is(await code(method, target), "501 NotImplemented", `${method} ${target}`);
  t.is(await code("PATCH", "/bucket/key"), "405 MethodNotAllowed");
  t.is(await code("PUT", "/"), "405 MethodNotAllowed");
});

const expectedCodes: Record<string, string> = {
  aborted: "409 OperationAborted",
  "already-exists": "409 OperationAborted",
  "bandwidth-limit-exceeded": "403 BandwidthLimitExceeded",
  "bucket-already-exists": "409 BucketAlreadyOwnedByYou",
  "bucket-limit-exceeded": "400 TooManyBuckets",
  "bucket-name-invalid": "400 InvalidBucketName",
  "bucket-not-empty": "409 BucketNotEmpty",
  "bucket-not-found": "404 NoSuchBucket",
  canceled: "503 ServiceUnavailable",
  "corrupt-data": "500 InternalError",
  "deadline-exceeded": "503 ServiceUnavailable",
  "decryption-failed": "500 InternalError",
  "failed-precondition": "412 PreconditionFailed",
  internal: "500 InternalError",
  "invalid-argument": "400 InvalidArgument",
  "invalid-grant": "403 AccessDenied",
  "lock-configuration-invalid": "400 InvalidRequest",
  "lock-not-enabled": "400 InvalidRequest",
  "lock-state-invalid": "409 InvalidBucketState",
  "method-not-allowed": "405 MethodNotAllowed",
  "not-enough-nodes": "503 ServiceUnavailable",
  "not-enough-shares": "503 ServiceUnavailable",
  "not-found": "404 NoSuchKey",
  "object-already-exists": "412 PreconditionFailed",
  "object-key-invalid": "400 InvalidArgument",
  "object-not-found": "404 NoSuchKey",
  "object-protected": "403 AccessDenied",
  "out-of-range": "400 InvalidArgument",
  "part-too-small": "400 EntityTooSmall",
  "permission-denied": "403 AccessDenied",
  "protocol-error": "500 InternalError",
  "range-not-satisfiable": "416 InvalidRange",
  "resource-exhausted": "503 SlowDown",
  "retention-not-found": "404 NoSuchObjectLockConfiguration",
  "segments-limit-exceeded": "403 SegmentsLimitExceeded",
  "storage-limit-exceeded": "403 StorageLimitExceeded",
  "tag-invalid": "400 InvalidTag",
  "tags-not-found": "404 NoSuchTagSet",
  "too-many-requests": "503 SlowDown",
  unauthenticated: "403 AccessDenied",
  unavailable: "503 ServiceUnavailable",
  unimplemented: "501 NotImplemented",
  unknown: "500 InternalError",
  "upload-not-found": "404 NoSuchUpload",
};

test("every core error has its S3 code, and internals stay inside", async (t) => {
  const codes: Record<string, string> = {};
  for (const code of errorCodes) {
    const project = projectWith({
      listBuckets: () => Promise.reject(new PosternError(code, "node 127.0.0.1:1 said no")),
    });
    const failing = await startS3TestServer({}, { project });
    const { status, body } = await signedRequest(failing.url, { target: "/" });
    codes[code] = `${status} ${elementText(body, "Code")}`;
    if (code !== "invalid-argument" && code !== "object-key-invalid" && code !== "tag-invalid") {
      t.false(body.includes("127.0.0.1"), code);
    }
    await failing.stop();
  }
  t.deepEqual(codes, expectedCodes);
});

test("unexpected errors are internal, logged, and not told", async (t) => {
  const project = projectWith({ listBuckets: () => Promise.reject(new TypeError("secret thing")) });
  const failing = await startS3TestServer({}, { project });
  t.teardown(() => failing.stop());
  const reply = await signedRequest(failing.url, { target: "/" });
  t.is(`${reply.status} ${elementText(reply.body, "Code")}`, "500 InternalError");
  t.false(reply.body.includes("secret thing"));
  t.is(failing.log[0]?.level, "error");
  // Where it was thrown is told; its text may quote anything.
  t.regex(String(failing.log[0]?.fields["error"]), /^TypeError at /);
  t.false(JSON.stringify(failing.log).includes("secret thing"));
});

test("the log has neither keys nor signatures", async (t) => {
  await signedRequest(server.url, { target: "/bucket/private-key?x-id=GetObject" });
  const text = JSON.stringify(server.log);
  t.true(text.includes("GetObject"));
  for (const secret of ["private-key", testCredentials.accessKeyId, testCredentials.secretAccessKey, "grant"]) {
    t.false(text.includes(secret), secret);
  }
});

test("a body is asked for only when it is wanted", async (t) => {
  const { host } = new URL(server.url);
  const lines = (headers: Record<string, string>) =>
    Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("");
  const refused = await exchange(
    server.url,
    `PUT /bucket/key HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n`,
  );
  t.regex(refused, /^HTTP\/1\.1 403 Forbidden\r\n/);
  t.regex(refused, /\r\nConnection: close\r\n/i);

  const headers = await signedHeaders(server.url, { method: "PUT", target: "/bucket/expected", body: "hello" });
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  const seen: string[] = [];
  const done = new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => resolve());
    socket.on("data", (part) => {
      seen.push(part.toString());
      if (seen.length === 1) socket.write("hello");
      else socket.end();
    });
  });
  socket.write(`PUT /bucket/expected HTTP/1.1\r\ncontent-length: 5\r\nexpect: 100-continue\r\n${lines(headers)}\r\n`);
  await done;
  t.is(seen[0], "HTTP/1.1 100 Continue\r\n\r\n");
  t.regex(seen[1] ?? "", /^HTTP\/1\.1 200 OK\r\n/);
  t.is((await server.project.headObject("bucket", "expected")).size, 5);
});

test("a client that sends on after a refusal can read it and go on", async (t) => {
  const body = Buffer.alloc(4 * 2 ** 20);
  const headers = { "x-amz-storage-class": "GLACIER" };
  const reply = await signedRequest(server.url, { method: "PUT", target: "/bucket/big", body, headers });
  t.is(elementText(reply.body, "Code"), "InvalidStorageClass");
});

test("lengths must be there, true and allowed", async (t) => {
  const small = await startS3TestServer({ maxPutBytes: 10 }, { project: server.project });
  t.teardown(() => small.stop());
  const put = async (raw: { body?: string; unsigned?: Record<string, string> }) => {
    const reply = await signedRequest(small.url, { method: "PUT", target: "/bucket/length", ...raw });
    return `${reply.status} ${elementText(reply.body, "Code")}`;
  };
  t.is(await put({ body: "x".repeat(11) }), "400 EntityTooLarge");
  t.is(await put({ body: "x", unsigned: { "transfer-encoding": "chunked" } }), "411 MissingContentLength");
  t.is(await put({ body: "x".repeat(10) }), "200 undefined");
});

test("a body that stops is given up, and nothing is stored", async (t) => {
  const slow = await startS3TestServer({ idleMs: 50 }, { project: server.project });
  t.teardown(() => slow.stop());
  const headers = await signedHeaders(slow.url, { method: "PUT", target: "/bucket/stalled", body: "hello" });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const reply = await exchange(
    slow.url,
    `PUT /bucket/stalled HTTP/1.1\r\nconnection: close\r\ncontent-length: 5\r\n${lines.join("")}\r\nhel`,
  );
  t.regex(reply, /^HTTP\/1\.1 400 Bad Request\r\n/);
  t.is(elementText(reply, "Code"), "RequestTimeout");
  await t.throwsAsync(server.project.headObject("bucket", "stalled"), { message: /not found/ });
});

test("a client that goes away in the middle leaves nothing behind", async (t) => {
  const failed = gate();
  const project = projectWith({
    async putObject(_bucket, _key, body) {
      try {
        for await (const _ of body) void _;
        throw new Error("the body ended");
      } finally {
        failed.open();
      }
    },
  });
  const other = await startS3TestServer({}, { project });
  t.teardown(() => other.stop());
  const headers = await signedHeaders(other.url, { method: "PUT", target: "/bucket/gone", body: "hello" });
  const { hostname, port } = new URL(other.url);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = connect(Number(port), hostname, () => {
    socket.write(`PUT /bucket/gone HTTP/1.1\r\ncontent-length: 5\r\n${lines.join("")}\r\nhel`, () => socket.destroy());
  });
  await failed.opened;
  t.pass();
});

test("a download ends when the client goes away", async (t) => {
  const closed = gate();
  const memory = createMemoryProject();
  await memory.createBucket("bucket");
  const info = await memory.putObject("bucket", "endless", []);
  const aborted = gate();
  const project: Project = {
    ...memory,
    async getObject(_bucket, _key, options) {
      options?.signal?.addEventListener("abort", () => aborted.open());
      async function* body() {
        try {
          for (;;) {
            yield Buffer.alloc(65_536);
            await sleep(0);
          }
        } finally {
          closed.open();
        }
      }
      const size = 2 ** 40;
      return { info: { ...info, size }, offset: 0, length: size, body: body(), close: () => {} };
    },
  };
  const other = await startS3TestServer({}, { project });
  t.teardown(() => other.stop());
  const headers = await signedHeaders(other.url, { target: "/bucket/endless" });
  const { hostname, port } = new URL(other.url);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = connect(Number(port), hostname, () => {
    socket.write(`GET /bucket/endless HTTP/1.1\r\n${lines.join("")}\r\n`);
    socket.once("data", () => socket.destroy());
  });
  await Promise.all([closed.opened, aborted.opened]);
  t.pass();
});

test("a download that breaks is cut short, not ended", async (t) => {
  const memory = createMemoryProject();
  await memory.createBucket("bucket");
  const info = await memory.putObject("bucket", "k", [Buffer.alloc(100_000)]);
  async function* body() {
    yield Buffer.alloc(1000);
    throw new PosternError("not-enough-shares", "gone");
  }
  const project: Project = {
    ...memory,
    getObject: async () => ({ info, offset: 0, length: 100_000, body: body(), close: () => {} }),
  };
  const other = await startS3TestServer({}, { project });
  t.teardown(() => other.stop());
  await t.throwsAsync(signedRequest(other.url, { target: "/bucket/k" }), { message: /aborted|ECONNRESET|hang up/ });
  t.like(other.log.at(-1), { level: "warn", fields: { code: "ServiceUnavailable", error: "not-enough-shares: gone" } });
});

test("a download that ends early or late does not look whole", async (t) => {
  const memory = createMemoryProject();
  await memory.createBucket("bucket");
  const info = await memory.putObject("bucket", "k", [Buffer.alloc(1000)]);
  for (const bytes of [999, 1001]) {
    async function* body() {
      yield Buffer.alloc(bytes);
    }
    const getObject = async () => ({ info, offset: 0, length: 1000, body: body(), close: () => {} });
    const other = await startS3TestServer({}, { project: { ...memory, getObject } });
    await t.throwsAsync(signedRequest(other.url, { target: "/bucket/k" }), { message: /aborted|ECONNRESET|hang up/ });
    await other.stop();
  }
});

test("load balancers are told that it is there, and the client's address is theirs to tell", async (t) => {
  const behind = await startS3TestServer({ trustedProxies: 1 });
  t.teardown(() => behind.stop());
  const headers = { "x-forwarded-for": "10.0.0.1, 192.0.2.7" };
  const reply = await plainRequest(behind.url, { target: "/-/health", headers });
  t.is(reply.status, 200);
  t.is(behind.log.at(-1)?.fields["client"], "192.0.2.7");
});

test("serves TLS", async (t) => {
  const pem = identityPem(await createIdentity());
  const secure = await startS3TestServer({ tls: { key: pem.key, cert: pem.cert } });
  t.teardown(() => secure.stop());
  t.regex(secure.url, /^https:/);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const req = get(`${secure.url}/`, { rejectUnauthorized: false, agent: false }, (res) => {
      res.resume();
      resolve(res.statusCode);
    });
    req.on("error", reject);
  });
  t.is(status, 403);
});

test("white space keeps slow replies alive, and errors come in the document", async (t) => {
  const slow = await startS3TestServer(
    { slowReplyMs: 20 },
    {
      project: projectWith({
        async listParts() {
          // Many short waits, so that a busy machine makes none of the reply's intervals go missing.
          for (let i = 0; i < 8; i++) await sleep(20);
          throw new PosternError("upload-not-found", "gone");
        },
      }),
    },
  );
  t.teardown(() => slow.stop());
  const body =
    "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>";
  const reply = await signedRequest(slow.url, { method: "POST", target: "/bucket/k?uploadId=x", body });
  t.is(reply.status, 200);
  t.regex(reply.body, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n +<Error><Code>NoSuchUpload</);
  t.is(reply.body.match(/<\?xml/g)?.length, 1);
});

test("the satellite's limit of metadata is S3's error for that", async (t) => {
  const full = await startS3TestServer(
    {},
    {
      project: projectWith({
        async putObject() {
          throw new PosternError(
            "invalid-argument",
            "Encrypted metadata is too large, got 3 KiB, maximum allowed is 2 KiB",
          );
        },
      }),
    },
  );
  t.teardown(() => full.stop());
  const reply = await signedRequest(full.url, { method: "PUT", target: "/bucket/k", body: "x" });
  t.is(`${reply.status} ${elementText(reply.body, "Code")}`, "400 MetadataTooLarge");
});

test("no more requests at a time than allowed", async (t) => {
  for (const option of [{ maxRequests: 1 }, { maxRequestsPerProject: 1 }, { maxRequestsPerClient: 1 }]) {
    const { open, opened } = gate();
    const arrived = gate();
    const project = projectWith({
      async listBuckets() {
        arrived.open();
        await opened;
        return { buckets: [], next: undefined };
      },
    });
    const narrow = await startS3TestServer(option, { project });
    const first = signedRequest(narrow.url, { target: "/" });
    await arrived.opened;
    const refused = await signedRequest(narrow.url, { target: "/bucket" });
    t.is(`${refused.status} ${elementText(refused.body, "Code")}`, "503 SlowDown");
    open();
    t.is((await first).status, 200);
    t.is((await signedRequest(narrow.url, { target: "/" })).status, 200);
    await narrow.stop();
  }
});

test("stopping lets running requests end, then cuts them", async (t) => {
  const { open, opened } = gate();
  const arrived = gate();
  let closed = 0;
  const project = projectWith({
    async listBuckets() {
      arrived.open();
      await opened;
      return { buckets: [], next: undefined };
    },
    close: async () => {
      closed++;
    },
  });
  const patient = await startS3TestServer({}, { project });
  const running = signedRequest(patient.url, { target: "/" });
  await arrived.opened;
  const stopped = patient.stop(60_000);
  await t.throwsAsync(plainRequest(patient.url, { target: "/" }), { message: /ECONNREFUSED/ });
  open();
  t.is((await running).status, 200);
  await stopped;
  t.is(closed, 1);

  const stuck = gate();
  const began = gate();
  const hurried = await startS3TestServer(
    {},
    {
      project: projectWith({
        listBuckets({ signal } = {}) {
          signal?.addEventListener("abort", () => stuck.open());
          began.open();
          return new Promise(() => {});
        },
      }),
    },
  );
  const cut = t.throwsAsync(signedRequest(hurried.url, { target: "/" }));
  await began.opened;
  await hurried.stop(10);
  await cut;
  await stuck.opened;
});

test("what is not HTTP is refused in XML", async (t) => {
  t.regex(await exchange(server.url, "nonsense\r\n\r\n"), /^HTTP\/1\.1 400 Bad Request\r\n.*<Error><Code>BadRequest</s);
  const long = `GET / HTTP/1.1\r\nx: ${"y".repeat(20_000)}\r\n\r\n`;
  t.regex(await exchange(server.url, long), /^HTTP\/1\.1 431 /);
});

test("options that make no sense are refused at once", async (t) => {
  await t.throwsAsync(startS3TestServer({ port: 70_000 }), { message: /port/ });
  await t.throwsAsync(startS3TestServer({ region: "Nowhere!" }), { message: /region/ });
  await t.throwsAsync(startS3TestServer({ idleMs: 0.5 }), { message: /idleMs/ });
});
