import { createHash } from "node:crypto";
import test from "ava";
import fc from "fast-check";
import { createChunkSigner, signingKey } from "../../../../frontends/s3/auth/signature.js";
import { S3Error } from "../../../../frontends/s3/errors.js";
import { type ChunkedDecoderInit, createChunkedDecoder } from "../../../../frontends/s3/payload/chunked-decoder.js";

const scope = { date: "20130524", region: "us-east-1", service: "s3" };
const key = signingKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope);

/** The example of Amazon's reference: 65 536 and 1 024 times "a". */
function exampleSigner(seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9") {
  return createChunkSigner({ key, timestamp: "20130524T000000Z", scope, seed });
}
const exampleBody = [
  "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n",
  "a".repeat(65_536),
  "\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n",
  "a".repeat(1024),
  "\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n",
].join("");

const trailerSeed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
const trailerBody = [
  "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n",
  "a".repeat(65_536),
  "\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n",
  "a".repeat(1024),
  "\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n",
  "x-amz-checksum-crc32c:sOO8/Q==\r\n",
  "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n",
].join("");

/** Decodes a body cut at the given places; the S3 code instead, if it is refused. */
function decode(init: ChunkedDecoderInit, body: string | Buffer, cuts: readonly number[] = []) {
  const bytes = Buffer.from(body);
  const decoder = createChunkedDecoder(init);
  const pieces: Uint8Array[] = [];
  try {
    let at = 0;
    for (const cut of [...cuts, bytes.length]) {
      const end = Math.min(Math.max(cut, at), bytes.length);
      decoder.push(bytes.subarray(at, end), pieces);
      at = end;
    }
    decoder.finish();
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
  return { data: digest(Buffer.concat(pieces)), trailers: Object.fromEntries(decoder.trailers) };
}

/** Short enough to be shown. */
function digest(data: Uint8Array): string {
  return `${data.length}:${createHash("sha256").update(data).digest("hex")}`;
}

test("decodes the signed example, however it is cut", (t) => {
  const init = () => ({ signer: exampleSigner(), trailers: false, decodedLength: 66_560 });
  const data = digest(Buffer.alloc(66_560, "a"));
  t.deepEqual(decode(init(), exampleBody), { data, trailers: {} });
  for (let cut = 0; cut < 100; cut++)
    t.deepEqual(decode(init(), exampleBody, [cut, cut + 65_600]), { data, trailers: {} });
});

test("decodes the example with a signed trailer", (t) => {
  const init = () => ({ signer: exampleSigner(trailerSeed), trailers: true, decodedLength: 66_560 });
  const data = digest(Buffer.alloc(66_560, "a"));
  const trailers = { "x-amz-checksum-crc32c": "sOO8/Q==" };
  t.deepEqual(decode(init(), trailerBody), { data, trailers });
  // As the reference prints it, with line feeds and an empty line in between.
  t.deepEqual(decode(init(), trailerBody.replace("==\r\n", "==\n\r\n")), { data, trailers });
  t.is(decode(init(), trailerBody.replace("sOO8", "sOO9")), "SignatureDoesNotMatch");
  t.is(decode(init(), trailerBody.replace(/x-amz-trailer-signature.*\r\n/, "")), "IncompleteBody");
});

test("refuses data that was changed, reordered or cut", (t) => {
  const init = () => ({ signer: exampleSigner(), trailers: false, decodedLength: 66_560 });
  t.is(decode(init(), exampleBody.replace("aaaa", "aaab")), "SignatureDoesNotMatch");
  t.is(decode(init(), exampleBody.slice(0, -100)), "IncompleteBody");
  t.is(decode(init(), exampleBody.slice(0, 66_000)), "IncompleteBody");
  t.is(decode({ ...init(), decodedLength: 66_561 }, exampleBody), "IncompleteBody");
  t.is(decode({ ...init(), decodedLength: 66_559 }, exampleBody), "InvalidRequest");
  t.is(decode(init(), `${exampleBody}x`), "IncompleteBody");
  t.is(decode(init(), "5\r\nhello\r\n0\r\n\r\n"), "InvalidRequest");
});

test("refuses small signed chunks before the last", (t) => {
  const accepting = { checkChunk: () => true, checkTrailer: () => true };
  const chunk = (size: number) => `${size.toString(16)};chunk-signature=${"0".repeat(64)}\r\n${"x".repeat(size)}\r\n`;
  const last = `0;chunk-signature=${"0".repeat(64)}\r\n\r\n`;
  const init = { signer: accepting, trailers: false, decodedLength: 8191 + 8192 };
  t.is(decode(init, chunk(8191) + chunk(8192) + last), "InvalidChunkSizeError");
  t.not(decode(init, chunk(8192) + chunk(8191) + last), "InvalidChunkSizeError");
});

test("decodes unsigned chunks with a trailer", (t) => {
  const init = { trailers: true, decodedLength: 5 };
  const body = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
  t.deepEqual(decode(init, body), {
    data: digest(Buffer.from("hello")),
    trailers: { "x-amz-checksum-crc32": "NhCmhg==" },
  });
  t.is(decode(init, body.replace("5\r\n", `5;chunk-signature=${"0".repeat(64)}\r\n`)), "InvalidRequest");
  t.is(decode(init, body.replace("5\r\n", "g\r\n")), "InvalidRequest");
  t.is(decode(init, body.replace("hello\r\n", "helloo")), "InvalidRequest");
  t.is(decode(init, body.replace("5\r\n", "fffffffffffff\r\n")), "InvalidRequest");
  t.is(decode(init, body.replace("x-amz-checksum-crc32:", "no colon")), "MalformedTrailerError");
  t.is(decode(init, `${" ".repeat(600)}`), "InvalidRequest");
});

test("finds any data in any cutting", (t) => {
  const property = fc.property(
    fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
    fc.array(fc.nat({ max: 600 }), { maxLength: 8 }),
    (parts, cuts) => {
      const chunks = parts.filter((part) => part.length > 0);
      const data = Buffer.concat(chunks);
      const coded = chunks.map((part) =>
        Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]),
      );
      const body = Buffer.concat([...coded, Buffer.from("0\r\nx-amz-checksum-crc32: AAAAAA== \r\n\r\n")]);
      const places = [...cuts].sort((a, b) => a - b);
      const found = decode({ trailers: true, decodedLength: data.length }, body, places);
      t.deepEqual(found, { data: digest(data), trailers: { "x-amz-checksum-crc32": "AAAAAA==" } });
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test("survives anything", (t) => {
  const line = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.constantFrom("5\r\n", "\r\n", "0\r\n", "a:b\r\n").map((x) => Buffer.from(x)),
  );
  const property = fc.property(
    fc.array(line, { maxLength: 12 }),
    fc.boolean(),
    fc.nat({ max: 30 }),
    (lines, trailers, length) => {
      const found = decode({ trailers, decodedLength: length }, Buffer.concat(lines));
      if (typeof found !== "string") t.is(Number(found.data.split(":")[0]), length);
    },
  );
  fc.assert(property, { numRuns: 500 });
  t.pass();
});
