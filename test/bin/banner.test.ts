import test from "ava";
import { banner } from "../../bin/banner.js";

const ready = {
  s3: "http://127.0.0.1:9000",
  accessKeyId: "me",
  secretKey: "the secret",
  accessGrant: "the grant",
  satellite: "id@host:1",
  linksharing: undefined,
  authHttp: undefined,
  authGrpc: undefined,
  authDrpc: undefined,
  grpc: undefined,
  admin: undefined,
  authToken: undefined,
  frontends: {},
  projects: {},
  pids: { gateway: 1, network: undefined },
};

test("a secret key that was given is not told: what a service says may be kept", (t) => {
  const text = banner(ready, { dataDir: "d", embedded: false, fixed: true });
  t.regex(text, /^Access key id +me\nSecret key +as given$/m);
  t.false(text.includes("the secret"));
});

test("one that was made is told, to use it at once", (t) => {
  const text = banner(ready, { dataDir: "d", embedded: false, fixed: false });
  t.is(text.split("the secret").length, 3);
});

test("access grants are never told", (t) => {
  for (const fixed of [true, false])
    t.false(banner(ready, { dataDir: "d", embedded: true, fixed }).includes("the grant"));
});
