import test from "ava";
import { canonicalRequest } from "../../../../frontends/s3/auth/canonical-request.js";
import {
  createChunkSigner,
  emptySha256,
  sameSignature,
  sign,
  signingKey,
  stringToSign,
} from "../../../../frontends/s3/auth/signature.js";
import { requestHeaders } from "../../../../frontends/s3/headers.js";
import { parseQuery } from "../../../../frontends/s3/query.js";
import { decodeBytes } from "../../../../frontends/s3/uri.js";

/** Signs a request given as Amazon's examples give it. */
function signatureOf(example: {
  secret: string;
  timestamp: string;
  region?: string;
  service: string;
  method: string;
  target: string;
  headers: readonly string[];
  payloadHash?: string;
}): string {
  const [path = "", query = ""] = example.target.split("?");
  const headers = requestHeaders(example.headers);
  const scope = {
    date: example.timestamp.slice(0, 8),
    region: example.region ?? "us-east-1",
    service: example.service,
  };
  const canonical = canonicalRequest({
    method: example.method,
    path: decodeBytes(Buffer.from(path).toString("latin1"))!,
    parameters: parseQuery(Buffer.from(query).toString("latin1"))!.raw,
    headers,
    signedHeaders: [...headers.names].sort(),
    payloadHash: example.payloadHash ?? emptySha256,
  });
  return sign(signingKey(example.secret, scope), stringToSign(example.timestamp, scope, canonical));
}

const alphabet = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Amazon's Signature Version 4 test suite: method, target, headers beside host, signature. */
const suite: readonly (readonly [string, string, string, readonly string[], string])[] = [
  ["vanilla", "GET", "/", [], "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
  ["post", "POST", "/", [], "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
  [
    "post with query",
    "POST",
    "/?Param1=value1",
    [],
    "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
  ],
  [
    "query order",
    "GET",
    "/?Param2=value2&Param1=value1",
    [],
    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  ],
  [
    "query order encoded",
    "GET",
    "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
    [],
    "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
  ],
  [
    "query of unreserved characters",
    "GET",
    `/?${alphabet}=${alphabet}`,
    [],
    "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
  ],
  ["query of UTF-8", "GET", "/?\u1234=bar", [], "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"],
  ["path of UTF-8", "GET", "/\u1234", [], "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"],
  [
    "path of unreserved characters",
    "GET",
    `/${alphabet}`,
    [],
    "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
  ],
  [
    "path with a space",
    "GET",
    "/example space/",
    [],
    "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
  ],
  ["slashes are kept", "GET", "//example//", [], "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5"],
  ["dot segments are kept", "GET", "/./", [], "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145"],
  [
    "header values are trimmed",
    "GET",
    "/",
    ["My-Header1", " value1", "My-Header2", ' "a   b   c"'],
    "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
  ],
  [
    "repeated headers keep their order",
    "GET",
    "/",
    ["My-Header1", "value4", "My-Header1", "value1", "My-Header1", "value3", "My-Header1", "value2"],
    "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
  ],
];

for (const [name, method, target, headers, expected] of suite) {
  test(`suite: ${name}`, (t) => {
    const actual = signatureOf({
      secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
      timestamp: "20150830T123600Z",
      service: "service",
      method,
      target,
      headers: ["Host", "example.amazonaws.com", ...headers, "X-Amz-Date", "20150830T123600Z"],
    });
    t.is(actual, expected);
  });
}

/** The examples of the S3 API reference, all with this key and time. */
const s3Example = {
  secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  timestamp: "20130524T000000Z",
  service: "s3",
};
const bucketHost = ["Host", "examplebucket.s3.amazonaws.com"];

test("S3 example: GET with a range", (t) => {
  const headers = [...bucketHost, "Range", "bytes=0-9"];
  headers.push("x-amz-content-sha256", emptySha256, "x-amz-date", s3Example.timestamp);
  const expected = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
  t.is(signatureOf({ ...s3Example, method: "GET", target: "/test.txt", headers }), expected);
});

test("S3 example: PUT of a key with a dollar sign", (t) => {
  const payloadHash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
  const headers = [...bucketHost, "Date", "Fri, 24 May 2013 00:00:00 GMT", "x-amz-date", s3Example.timestamp];
  headers.push("x-amz-storage-class", "REDUCED_REDUNDANCY", "x-amz-content-sha256", payloadHash);
  const expected = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd";
  t.is(signatureOf({ ...s3Example, method: "PUT", target: "/test$file.text", headers, payloadHash }), expected);
});

test("S3 example: a parameter without a value, and a listing", (t) => {
  const headers = [...bucketHost, "x-amz-date", s3Example.timestamp, "x-amz-content-sha256", emptySha256];
  const lifecycle = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543";
  const listing = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
  t.is(signatureOf({ ...s3Example, method: "GET", target: "/?lifecycle", headers }), lifecycle);
  t.is(signatureOf({ ...s3Example, method: "GET", target: "/?max-keys=2&prefix=J", headers }), listing);
});

test("S3 example: presigned URL", (t) => {
  const target =
    "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host";
  const expected = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
  const request = { ...s3Example, method: "GET", target, headers: bucketHost, payloadHash: "UNSIGNED-PAYLOAD" };
  t.is(signatureOf(request), expected);
});

test("S3 example: chunks, each signed over the one before", (t) => {
  const scope = { date: "20130524", region: "us-east-1", service: "s3" };
  const init = { key: signingKey(s3Example.secret, scope), timestamp: s3Example.timestamp, scope };
  const first = "bf718b6f653bebc184e1479f1935b8da974d701b893afcf49e701f3e2f9f9c5a"; // 65 536 times "a"
  const second = "2edc986847e209b4016e141a6dc8716d3207350f416969382d431539bf292e4a"; // 1 024 times "a"
  const signer = createChunkSigner({
    ...init,
    seed: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
  });
  t.true(signer.checkChunk(first, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"));
  t.true(signer.checkChunk(second, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"));
  t.true(signer.checkChunk(emptySha256, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"));

  const trailing = createChunkSigner({
    ...init,
    seed: "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
  });
  t.true(trailing.checkChunk(first, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"));
  t.true(trailing.checkChunk(second, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"));
  t.true(trailing.checkChunk(emptySha256, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"));
  const trailer = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";
  t.true(trailing.checkTrailer("x-amz-checksum-crc32c:sOO8/Q==\n", trailer));
  t.false(trailing.checkTrailer("x-amz-checksum-crc32c:sOO8/Q==\n", trailer), "the chain moves on");
});

test("signatures compare whole", (t) => {
  t.true(sameSignature("ab", "ab"));
  t.false(sameSignature("ab", "abc"));
  t.false(sameSignature("ab", ""));
  t.false(sameSignature("ab", "ac"));
});
