import test from "ava";
import fc from "fast-check";
import { standardLinks } from "../../../frontends/linkshare/links.js";
import { standardTarget } from "../../../frontends/linkshare/own-host.js";
import { parseQuery, wishesOf, withQuery } from "../../../frontends/linkshare/query.js";
import { attachment } from "../../../frontends/linkshare/raw/content-disposition.js";
import { parseRanges } from "../../../frontends/linkshare/raw/ranges.js";
import { hostnameOf } from "../../../frontends/linkshare/request.js";
import { bytesOf, decodeBytes, encodePath } from "../../../frontends/linkshare/uri.js";
import { linkKeys, startLinkTestServer } from "../../helpers/link-server.js";

const server = await startLinkTestServer({ resolver: { txt: async () => [] }, publicUrls: ["http://own.test"] });
await server.project.createBucket("files");
for (const key of ["a", "a/", "a/b", "a//b", "..", "z.zip"]) {
  await server.project.putObject("files", key, [Buffer.from("body")]);
}
test.after.always(() => server.stop());

/** Bytes-as-characters, with many of those that mean something somewhere. */
const bytes = fc
  .array(fc.oneof(fc.constantFrom(..."/.%?&=#;\\\"'<> +\0\r\n\xff\xc3\xa4"), fc.integer({ min: 0, max: 255 })), {
    maxLength: 20,
  })
  .map((parts) => parts.map((part) => (typeof part === "number" ? String.fromCharCode(part) : part)).join(""));

test("no request is a defect", async (t) => {
  const place = fc.constantFrom(
    "/",
    "/s/",
    "/raw/",
    "/static/",
    `/s/${linkKeys.public}/`,
    `/raw/${linkKeys.public}/files/`,
  );
  const flag = fc.constantFrom(
    "wrap",
    "view",
    "download",
    "map",
    "path",
    "cursor",
    "download-kind",
    "thumbnail",
    "sort",
    "width",
  );
  const value = fc.oneof(fc.constantFrom("", "0", "/", "zip", "tar.gz", "a", "-1", "99999999999"), bytes);
  const header = fc.constantFrom(
    "range",
    "if-range",
    "if-none-match",
    "if-modified-since",
    "accept-encoding",
    "authorization",
  );
  await fc.assert(
    fc.asyncProperty(
      place,
      bytes,
      fc.array(fc.tuple(flag, value), { maxLength: 3 }),
      fc.array(fc.tuple(header, fc.oneof(fc.constantFrom("bytes=0-1", "*", '"x"', "gzip;q=0"), bytes)), {
        maxLength: 2,
      }),
      fc.constantFrom("own.test", "own.test:1", "site.test", "[::1]"),
      fc.boolean(),
      async (start, rest, flags, headers, host, raw) => {
        const query = flags.map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join("&");
        // What can not stand in a request line never arrives.
        const path = raw ? rest.replace(/[^!-~]|[?#]/g, "") : encodePath(rest);
        const clean = headers.map(([name, text]) => [name, text.replace(/[^ -~\x80-\xff]/g, "")] as const);
        const reply = await server.get(`${start}${path}${query === "" ? "" : `?${query}`}`, {
          host,
          headers: Object.fromEntries(clean),
        });
        t.true(reply.status < 500, `${start}${path}?${query} ${JSON.stringify(clean)} ${host}: ${reply.status}`);
      },
    ),
    { numRuns: 200 },
  );
  t.deepEqual(
    server.log.filter(({ level }) => level === "error"),
    [],
  );
});

test("links lead back to their key, also as browsers change them", (t) => {
  fc.assert(
    fc.property(bytes, (key) => {
      const links = standardLinks(linkKeys.public, "files", "http://own.test");
      for (const link of [links.raw(key), links.raw(key, { download: "1" })]) {
        const { pathname } = new URL(link, "http://own.test");
        const target = standardTarget(decodeBytes(pathname)!);
        t.deepEqual(target, { raw: true, access: linkKeys.public, bucket: "files", key });
      }
    }),
    { numRuns: 500 },
  );
});

test("ranges lie inside of the object", (t) => {
  const number = fc.oneof(fc.constant(""), fc.nat({ max: 30 }).map(String), fc.constant("9".repeat(16)));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(number, number), { maxLength: 4 }),
      fc.integer({ min: 1, max: 25 }),
      (pairs, size) => {
        const parsed = parseRanges(`bytes=${pairs.map(([a, b]) => `${a}-${b}`).join(",")}`, size);
        if (parsed.kind !== "spans") return;
        for (const { offset, length } of parsed.spans) {
          t.true(offset >= 0 && length > 0 && offset + length <= size);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("file names stay in their header", (t) => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 20 }), (name) => {
      t.regex(
        attachment(name),
        /^attachment(?:; filename=(?:"(?:[^"\\]|\\.)*"|[^\s";]+)(?:; filename\*=utf-8''[!-~]*)?)?$/,
      );
      t.notRegex(attachment(name), /[^\t\x20-\x7e]/);
    }),
    { numRuns: 500 },
  );
});

test("queries are read back as they were written", (t) => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 10 }), (value) => {
      const query = parseQuery(withQuery("/x?a=1", { path: value }).split("?")[1]!);
      t.is(query.get("path"), bytesOf(value));
      t.is(wishesOf(query, true).path, Buffer.from(value).toString());
    }),
  );
});

test("hosts are names or addresses, and nothing else", (t) => {
  for (const [host, name] of [
    ["a.test", "a.test"],
    ["A.Test.:80", "a.test"],
    ["[::1]:80", "[::1]"],
    ["a_b-c.test", "a_b-c.test"],
    ["", undefined],
    ["a b", undefined],
    ["a/b", undefined],
    ["a:b", undefined],
    ["a@b", undefined],
    ['a"b', undefined],
  ] as const) {
    t.is(hostnameOf(host), name, host);
  }
});
