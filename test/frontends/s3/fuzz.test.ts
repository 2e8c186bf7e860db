import test from "ava";
import fc from "fast-check";
import { parsePolicy } from "../../../frontends/s3/access/policy.js";
import { signatureClaim } from "../../../frontends/s3/auth/claim.js";
import { S3Error } from "../../../frontends/s3/errors.js";
import { parseFormPolicy } from "../../../frontends/s3/form/form-policy.js";
import { readForm } from "../../../frontends/s3/form/multipart-reader.js";
import { requestHeaders } from "../../../frontends/s3/headers.js";
import { createChunkedDecoder } from "../../../frontends/s3/payload/chunked-decoder.js";
import { planPayload } from "../../../frontends/s3/payload/plan.js";
import { parseQuery } from "../../../frontends/s3/query.js";
import { lifecycleOfDocument } from "../../../frontends/s3/settings/lifecycle.js";
import { parseTarget } from "../../../frontends/s3/target.js";
import { readXml, type XmlNode } from "../../../frontends/s3/xml/read.js";
import { elementText, exchange, signedHeaders, signedRequest } from "../../helpers/s3-request.js";
import { startS3TestServer } from "../../helpers/s3-server.js";

/** What a stranger sends either works or is refused with an S3 error; anything else is ours to mend. */
function onlyS3Errors<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof S3Error) return undefined;
    throw error;
  }
}

const runs = { numRuns: 300 };
const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
const headerText = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) });

test("targets and queries", (t) => {
  const hosts = { baseDomains: ["example"], bucketHosts: ["*.host"], websiteDomains: ["site"], websiteHosts: [] };
  fc.assert(
    fc.property(latin1, latin1, fc.constantFrom("example", "host", "site"), (path, query, domain) => {
      onlyS3Errors(() => parseTarget(`/${path}?${query}`, `${path}.${domain}`, hosts));
      parseQuery(query);
    }),
    runs,
  );
  t.pass();
});

const headerName = fc.constantFrom(
  "authorization",
  "x-amz-date",
  "date",
  "x-amz-content-sha256",
  "x-amz-decoded-content-length",
  "content-length",
  "content-md5",
  "x-amz-trailer",
  "x-amz-sdk-checksum-algorithm",
  "x-amz-checksum-crc32",
  "x-amz-checksum-sha256",
);

test("headers of signatures and bodies", (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(headerName, headerText), { maxLength: 8 }), headerText, (pairs, hash) => {
      const headers = requestHeaders(pairs.flat());
      onlyS3Errors(() => signatureClaim(headers, parseQuery("")!));
      onlyS3Errors(() => planPayload(headers, hash));
    }),
    runs,
  );
  t.pass();
});

const xmlText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "<",
        ">",
        "</",
        "/>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "&amp;",
        "&#x0;",
        "&#xD800;",
        "&x;",
        "<?xml?>",
      ),
      fc.constantFrom(
        "<Delete>",
        "</Delete>",
        "<Object>",
        "<Key>",
        "</Key>",
        "<__proto__>",
        "<constructor>",
        "<!DOCTYPE x>",
      ),
      fc.string({ maxLength: 8 }),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(""));

test("documents: nonsense, depth and entities", (t) => {
  fc.assert(
    fc.property(xmlText, (text) => {
      onlyS3Errors(() => readXml(Buffer.from(`<Delete>${text}</Delete>`), "Delete"));
      onlyS3Errors(() => readXml(Buffer.from(text), "Delete"));
    }),
    runs,
  );
  const deep = Buffer.from(`<Delete>${"<a>".repeat(10_000)}${"</a>".repeat(10_000)}</Delete>`);
  t.throws(() => readXml(deep, "Delete"), { instanceOf: S3Error });
  const bomb = Buffer.from('<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><Delete>&b;</Delete>');
  t.throws(() => readXml(bomb, "Delete"), { instanceOf: S3Error });
});

test("configurations of any shape", (t) => {
  const node = fc.letrec<{ node: XmlNode }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.dictionary(
        fc.constantFrom("Rule", "ID", "Status", "Filter", "And", "Tag", "Key", "Expiration", "Days", "Date", "Prefix"),
        fc.oneof(tie("node"), fc.array(tie("node"), { maxLength: 3 })),
        { maxKeys: 5 },
      ) as fc.Arbitrary<XmlNode>,
    ),
  })).node;
  fc.assert(
    fc.property(node, (document) => {
      onlyS3Errors(() => lifecycleOfDocument(document));
    }),
    runs,
  );
  t.pass();
});

test("policies of buckets and forms", (t) => {
  const json = fc.oneof(
    fc.json(),
    fc.string(),
    policyLike().map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(json, (text) => {
      onlyS3Errors(() => parsePolicy(text, "bucket"));
      onlyS3Errors(() => parseFormPolicy(Buffer.from(text).toString("base64")));
    }),
    runs,
  );
  t.pass();
});

function policyLike(): fc.Arbitrary<unknown> {
  const text = fc.constantFrom(
    "*",
    "s3:*",
    "s3:GetObject",
    "arn:aws:s3:::bucket/*",
    "Allow",
    "Deny",
    "",
    "aws:SourceIp",
  );
  const value = fc.oneof(text, fc.array(text, { maxLength: 3 }), fc.integer(), fc.constant(null));
  const statement = fc.dictionary(
    fc.constantFrom("Effect", "Principal", "Action", "Resource", "Condition", "Sid", "NotAction"),
    fc.oneof(
      value,
      fc.dictionary(fc.constantFrom("AWS", "StringEquals", "Bool"), fc.oneof(value, fc.dictionary(text, value))),
    ),
  );
  return fc.record({ Version: value, Statement: fc.oneof(statement, fc.array(statement, { maxLength: 3 })) });
}

/** Cuts bytes where the numbers say. */
function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((end, index) => bytes.subarray(places[index - 1] ?? 0, end));
}

test("chunked bodies: any chunks in any pieces, and nonsense", (t) => {
  const cuts = fc.array(fc.nat(), { maxLength: 12 });
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 64 }), { maxLength: 6 }), cuts, (chunks, places) => {
      const data = Buffer.concat(chunks);
      const coded = Buffer.concat([
        ...chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]),
        Buffer.from("0\r\n\r\n"),
      ]);
      const decoder = createChunkedDecoder({ trailers: false, decodedLength: data.length });
      const out: Uint8Array[] = [];
      for (const piece of cut(coded, places)) decoder.push(piece, out);
      decoder.finish();
      return Buffer.concat(out).equals(data);
    }),
    runs,
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), cuts, fc.boolean(), (bytes, places, trailers) => {
      const decoder = createChunkedDecoder({ trailers, decodedLength: 100 });
      const out: Uint8Array[] = [];
      onlyS3Errors(() => {
        for (const piece of cut(Buffer.from(bytes), places)) decoder.push(piece, out);
        decoder.finish();
      });
      return Buffer.concat(out).length <= 100;
    }),
    runs,
  );
  t.pass();
});

async function* deliver(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

test("forms: any file in any pieces, and nonsense", async (t) => {
  const cuts = fc.array(fc.nat(), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), cuts, async (file, places) => {
      const head = '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\na/${filename}\r\n--b\r\n';
      const part = 'Content-Disposition: form-data; name="file"; filename="x.txt"\r\nContent-Type: text/x\r\n\r\n';
      const bytes = Buffer.concat([Buffer.from(head + part), file, Buffer.from("\r\n--b--\r\n")]);
      const form = await readForm(deliver(cut(bytes, places)), "b");
      const got: Uint8Array[] = [];
      for await (const chunk of form.file) got.push(chunk);
      return form.fields.get("key") === "a/x.txt" && Buffer.concat(got).equals(file);
    }),
    { numRuns: 150 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), cuts, async (bytes, places) => {
      try {
        const form = await readForm(deliver(cut(Buffer.concat([Buffer.from("--b\r\n"), bytes]), places)), "b");
        for await (const _ of form.file);
      } catch (error) {
        if (!(error instanceof S3Error)) throw error;
      }
    }),
    { numRuns: 150 },
  );
  t.pass();
});

test("signed requests of all kinds get S3 replies, and the server lives on", async (t) => {
  const server = await startS3TestServer();
  t.teardown(() => server.stop());
  await server.project.createBucket("bucket");
  const name = fc.constantFrom(
    ..."acl policy cors lifecycle versioning tagging uploads uploadId=x versions delete object-lock retention".split(
      " ",
    ),
    ..."website logging partNumber=1 versionId=null versionId=x list-type=2 max-keys=-1 prefix=%C3%BC attributes".split(
      " ",
    ),
  );
  const target = fc
    .tuple(fc.constantFrom("/", "/bucket", "/bucket/", "/bucket/key", "/no-bucket/k"), fc.array(name, { maxLength: 2 }))
    .map(([path, names]) => `${path}${names.length === 0 ? "" : `?${names.join("&")}`}`);
  const method = fc.constantFrom("GET", "PUT", "POST", "DELETE", "HEAD");
  await fc.assert(
    fc.asyncProperty(method, target, xmlText, async (verb, path, body) => {
      const reply = await signedRequest(server.url, {
        method: verb,
        target: path,
        body: verb === "PUT" || verb === "POST" ? body : "",
      });
      t.truthy(reply.headers["x-amz-request-id"], `${verb} ${path} ${body} ${reply.status}`);
      if (reply.status >= 400 && verb !== "HEAD") t.truthy(elementText(reply.body, "Code"), `${verb} ${path}`);
      return reply.status !== 500;
    }),
    { numRuns: 150 },
  );
  t.is((await signedRequest(server.url, { target: "/" })).status, 200);
});

function isSignedName(authorization: string, at: number): boolean {
  return at > authorization.indexOf("SignedHeaders=") && at < authorization.indexOf("Signature=");
}

test("a signature that is changed anywhere is refused", async (t) => {
  const server = await startS3TestServer();
  t.teardown(() => server.stop());
  const headers = await signedHeaders(server.url, { target: "/" });
  const authorization = headers["authorization"]!;
  await fc.assert(
    fc.asyncProperty(fc.nat(authorization.length - 1), fc.constantFrom("0", "a", "Z", "/", ","), async (at, char) => {
      if (authorization[at] === char) return true;
      // ",," between the fields is as good as ", ": an empty element of a list means nothing (RFC 9110 clause 5.6.1.2).
      if (char === "," && authorization[at] === " " && at > authorization.indexOf(" ")) return true;
      const changed = authorization.slice(0, at) + char + authorization.slice(at + 1);
      // Names of signed headers are the same in any case (RFC 9110 clause 5.1).
      if (char === "Z" && authorization[at] === "z" && isSignedName(authorization, at)) return true;
      const lines = Object.entries({ ...headers, authorization: changed, connection: "close" });
      const text = lines.map(([header, value]) => `${header}: ${value}\r\n`).join("");
      const reply = await exchange(server.url, `GET / HTTP/1.1\r\n${text}\r\n`);
      return /^HTTP\/1\.1 4\d\d/.test(reply);
    }),
    { numRuns: 60 },
  );
  t.pass();
});
