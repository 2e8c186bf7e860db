import test from "ava";
import { accessKeyIdText, newAccessKey } from "../../../core/auth/access-key.js";
import { createRemoteAccess } from "../../../core/auth/remote-access.js";
import { authFrontend } from "../../../frontends/auth/index.js";
import { authDeps } from "../../helpers/auth-deps.js";

test("access keys of another auth service are registered and resolved over HTTP", async (t) => {
  const { deps, grant, foreignGrant } = authDeps();
  const running = await authFrontend({ httpPort: 0, tokens: ["token"] }).start(deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  const url = running.addresses["http"]!;
  const remote = createRemoteAccess({ url: `${url}/`, token: "token" });
  await remote.ping();
  const issued = await remote.register({ accessGrant: grant, public: true });
  t.deepEqual(await remote.resolve(issued.accessKeyId), await deps.access.resolve(issued.accessKeyId));
  await t.throwsAsync(remote.register({ accessGrant: foreignGrant, public: true }), {
    code: "invalid-grant",
    message: /disallowed satellite/,
  });
  await t.throwsAsync(remote.resolve(accessKeyIdText(newAccessKey())), { code: "not-found" });
  await t.throwsAsync(remote.resolve("../health/live"), { code: "invalid-argument" });
  const wrong = createRemoteAccess({ url, token: "wrong" });
  await t.throwsAsync(wrong.resolve(issued.accessKeyId), { code: "internal", message: /token/ });
});

test("a service that is away is asked again, and then said to be away", async (t) => {
  const { deps } = authDeps();
  const running = await authFrontend({ httpPort: 0 }).start(deps);
  const url = running.addresses["http"]!;
  await running.stop({ graceMs: 0 });
  const remote = createRemoteAccess({ url, token: "", retries: 2, backoffMs: 1 });
  await t.throwsAsync(remote.resolve(accessKeyIdText(newAccessKey())), { code: "unavailable" });
  await t.throwsAsync(remote.ping(), { code: "unavailable" });
});
