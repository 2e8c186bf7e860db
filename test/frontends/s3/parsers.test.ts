import test from "ava";
import fc from "fast-check";
import { parseHttpDate } from "../../../frontends/s3/auth/time.js";
import { evaluateConditions, unquoteEtag } from "../../../frontends/s3/conditions.js";
import { S3Error } from "../../../frontends/s3/errors.js";
import { requestHeaders } from "../../../frontends/s3/headers.js";
import { decodeToken, encodeToken } from "../../../frontends/s3/parameters.js";
import { parseQuery } from "../../../frontends/s3/query.js";
import { parseRange, resolveRange } from "../../../frontends/s3/range.js";
import { parseTarget } from "../../../frontends/s3/target.js";
import { expiryOfMetadata } from "../../../frontends/s3/ttl.js";
import { decodeBytes, encodeBytes, encodePathBytes, textOfBytes } from "../../../frontends/s3/uri.js";

const bytesText = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString("latin1"));

test("percent encoding goes there and back for all bytes", (t) => {
  fc.assert(
    fc.property(bytesText, (text) => {
      t.is(decodeBytes(encodeBytes(text)), text);
      t.is(decodeBytes(encodePathBytes(text)), text);
      t.regex(encodeBytes(text), /^[A-Za-z0-9\-._~%]*$/);
    }),
  );
  t.is(decodeBytes("a%2"), undefined);
  t.is(decodeBytes("%zz"), undefined);
  t.is(decodeBytes("%"), undefined);
  t.is(decodeBytes("a+b%2B"), "a+b+");
});

test("queries keep what was sent", (t) => {
  const query = parseQuery("b=2&a=x%20y+z&b=3&delete&empty=&=nameless&&%C3%A4=%C3%B6")!;
  t.is(query.get("b"), "2");
  t.is(query.get("a"), "x y z");
  t.is(query.get("delete"), "");
  t.true(query.has("empty"));
  t.is(query.get("ä"), "ö");
  t.is(query.get("c"), undefined);
  t.is(query.raw.length, 7);
  t.is(parseQuery("a=%f"), undefined);
  t.is(parseQuery("a=%FF"), undefined, "not UTF-8");
  t.is(parseQuery("a&".repeat(300)), undefined, "too many");
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseQuery(text);
      t.is(
        parseQuery(`a=${encodeURIComponent("x")}&${encodeURIComponent("k")}=${encodeURIComponent("v")}`)?.get("k"),
        "v",
      );
    }),
  );
});

test("targets are taken exactly", (t) => {
  const hosts = { baseDomains: ["s3.example.com"], bucketHosts: [], websiteDomains: [], websiteHosts: [] };
  const key = (url: string, host = "127.0.0.1:9000") => parseTarget(url, host, hosts);
  t.like(key("/"), { bucket: "", key: undefined });
  t.like(key("/bucket"), { bucket: "bucket", key: undefined });
  t.like(key("/bucket/?list-type=2"), { bucket: "bucket", key: undefined });
  t.like(key("/bucket//a//../b/./c/"), { bucket: "bucket", key: "/a//../b/./c/" });
  t.like(key("/bucket/a%2Fb%20c+d%25"), { bucket: "bucket", key: "a/b c+d%" });
  t.like(key("/bucket/%E1%88%B4"), { key: "\u1234" });
  t.deepEqual(key("/bucket/%FF").key, Buffer.of(0xff));
  t.like(key("http://127.0.0.1:9000/bucket/k?x=1"), { bucket: "bucket", key: "k" });
  t.like(key("/a/b", "bucket.s3.example.com:9000"), { bucket: "bucket", key: "a/b" });
  t.like(key("/a/b", "my.bucket.S3.example.com"), { bucket: "my.bucket", key: "a/b" });
  t.like(key("/a/b", "s3.example.com"), { bucket: "a", key: "b" });
  t.like(key("/", "bucket.s3.example.com"), { bucket: "bucket", key: undefined });
  t.like(key("/a", "bucket.s3.example.org"), { bucket: "a" });
  t.is(key(`/b/${"k".repeat(1024)}`).key?.length, 1024);
  t.throws(() => key(`/b/${"k".repeat(1025)}`), { message: /too long/ });
  t.throws(() => key("/b/%"), { message: /parse the specified URI/ });
  t.throws(() => key("*"), { message: /parse the specified URI/ });
});

test("ranges", (t) => {
  const cut = (text: string, size = 10) => {
    const range = parseRange(text);
    return range === undefined ? "ignored" : (resolveRange(range, size) ?? "unsatisfiable");
  };
  t.deepEqual(cut("bytes=0-0"), { offset: 0, length: 1 });
  t.deepEqual(cut("bytes=2-"), { offset: 2, length: 8 });
  t.deepEqual(cut("bytes=2-100"), { offset: 2, length: 8 });
  t.deepEqual(cut("bytes=-3"), { offset: 7, length: 3 });
  t.deepEqual(cut("bytes=-30"), { offset: 0, length: 10 });
  t.is(cut("bytes=10-"), "unsatisfiable");
  t.is(cut("bytes=-0"), "unsatisfiable");
  t.is(cut("bytes=0-", 0), "unsatisfiable");
  t.is(cut("bytes=-1", 0), "unsatisfiable");
  for (const text of ["", "bytes=-", "bytes=5-2", "bytes=0-1,3-4", "items=0-1", "bytes=a-b", "bytes=1-2-3"]) {
    t.is(cut(text), "ignored", text);
  }
  t.is(cut("bytes=9999999999999999-"), "unsatisfiable");
});

test("conditions in the order of RFC 9110", (t) => {
  const modifiedAt = new Date("2024-05-06T07:08:09.500Z");
  const same = "Mon, 06 May 2024 07:08:09 GMT";
  const earlier = "Mon, 06 May 2024 07:08:08 GMT";
  const verdict = (headers: Record<string, string>) =>
    evaluateConditions(requestHeaders(Object.entries(headers).flat()), { etag: "abc", modifiedAt });
  t.is(verdict({}), "go-on");
  t.is(verdict({ "If-Match": '"abc"' }), "go-on");
  t.is(verdict({ "If-Match": "abc" }), "go-on");
  t.is(verdict({ "If-Match": "*" }), "go-on");
  t.is(verdict({ "If-Match": '"x", "abc"' }), "go-on");
  t.is(verdict({ "If-Match": '"x"' }), "failed");
  t.is(verdict({ "If-None-Match": '"abc"' }), "not-modified");
  t.is(verdict({ "If-None-Match": 'W/"abc"' }), "not-modified");
  t.is(verdict({ "If-None-Match": '"x"' }), "go-on");
  t.is(verdict({ "If-Modified-Since": same }), "not-modified");
  t.is(verdict({ "If-Modified-Since": earlier }), "go-on");
  t.is(verdict({ "If-Unmodified-Since": same }), "go-on");
  t.is(verdict({ "If-Unmodified-Since": earlier }), "failed");
  t.is(verdict({ "If-Match": '"abc"', "If-Unmodified-Since": earlier }), "go-on");
  t.is(verdict({ "If-None-Match": '"x"', "If-Modified-Since": same }), "go-on");
  t.is(verdict({ "If-Modified-Since": "not a date" }), "go-on");
  t.is(unquoteEtag('"a"'), "a");
});

test("object expiry in Storj's forms", (t) => {
  const now = Date.UTC(2024, 0, 1);
  const expiry = (text: string) => expiryOfMetadata({ "X-Amz-Meta-Object-Expires": text }, now)?.getTime();
  t.is(expiry("+1h30m"), now + 5_400_000);
  t.is(expiry("+1.5h"), now + 5_400_000);
  t.is(expiry("+2s500ms"), now + 2500);
  t.is(expiry("2024-02-03T04:05:06Z"), Date.UTC(2024, 1, 3, 4, 5, 6));
  t.is(expiry("2024-02-03T04:05:06.5+01:00"), Date.UTC(2024, 1, 3, 3, 5, 6, 500));
  t.is(expiry("none"), undefined);
  t.is(expiryOfMetadata({}, now), undefined);
  for (const text of ["+", "+1", "+1d", "tomorrow", "2024-02-03", "2023-12-31T00:00:00Z", "+-1h"]) {
    t.throws(() => expiry(text), { instanceOf: S3Error }, text);
  }
});

test("dates and tokens", (t) => {
  t.is(parseHttpDate("Fri, 24 May 2013 00:00:00 GMT"), Date.UTC(2013, 4, 24));
  t.is(parseHttpDate("Friday, 24-May-13 00:00:00 GMT"), Date.UTC(2013, 4, 24));
  t.is(parseHttpDate("Fri May 24 00:00:00 2013"), Date.UTC(2013, 4, 24));
  for (const text of ["", "1", "2013", "20130524T000000Z", "garbage"]) t.is(parseHttpDate(text), undefined, text);
  t.deepEqual(Buffer.from(decodeToken(encodeToken(Buffer.from("a/ä")))), Buffer.from("a/ä"));
  t.throws(() => decodeToken("?"), { instanceOf: S3Error });
  t.is(textOfBytes("\xff"), undefined);
});
