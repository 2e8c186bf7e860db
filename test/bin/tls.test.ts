import test from "ava";
import { tlsFiles } from "../../bin/tls.js";

const none = { tlsCert: undefined, tlsKey: undefined };

test("certificates and keys come in pairs, from flags or else the environment", (t) => {
  t.deepEqual(tlsFiles({}, none), []);
  t.deepEqual(tlsFiles({ tlsCert: ["a.pem", "b.pem"], tlsKey: ["a.key", "b.key"] }, { tlsCert: "c", tlsKey: "d" }), [
    { certFile: "a.pem", keyFile: "a.key" },
    { certFile: "b.pem", keyFile: "b.key" },
  ]);
  t.deepEqual(tlsFiles({}, { tlsCert: "a.pem, b.pem", tlsKey: "a.key,b.key" }), [
    { certFile: "a.pem", keyFile: "a.key" },
    { certFile: "b.pem", keyFile: "b.key" },
  ]);
  for (const [flags, env] of [
    [{ tlsCert: ["a"] }, none],
    [{ tlsKey: ["a"] }, none],
    [{ tlsCert: ["a", "b"], tlsKey: ["a"] }, none],
    [{}, { tlsCert: "a", tlsKey: undefined }],
  ] as const) {
    t.throws(() => tlsFiles(flags, env), { code: "invalid-argument", message: /a key for each certificate/ });
  }
});
