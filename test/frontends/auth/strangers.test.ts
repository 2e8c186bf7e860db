import test from "ava";
import { accessKeyIdText, keyHashOf, newAccessKey, parseAccessKeyId } from "../../../core/auth/access-key.js";
import { authFrontend } from "../../../frontends/auth/index.js";
import { memoryGrantStore } from "../../../store/memory.js";
import { authDeps } from "../../helpers/auth-deps.js";

async function lookUps(tokens: readonly string[]) {
  const store = memoryGrantStore();
  const { deps, grant } = authDeps({ store });
  const running = await authFrontend({ httpPort: 0, tokens }).start(deps);
  const { accessKeyId: invalid } = await deps.access.register({ accessGrant: grant, public: false });
  const keyHash = keyHashOf(parseAccessKeyId(invalid));
  await store.invalidate({ keyHash }, "leaked");
  const [record] = await store.find({ keyHash }, 1);
  const expiredKey = newAccessKey();
  await store.put(keyHashOf(expiredKey), { ...record!, expiresAt: 1 });
  const headers = { Authorization: `Bearer ${tokens[0] ?? ""}` };
  const lookUp = async (id: string) => {
    const reply = await fetch(`${running.addresses["http"]}/v1/access/${id}`, { headers });
    return `${reply.status} ${await reply.text()}`;
  };
  const unknownKey = newAccessKey();
  const answers = {
    unknown: await lookUp(accessKeyIdText(unknownKey)),
    expired: await lookUp(accessKeyIdText(expiredKey)),
    invalid: await lookUp(invalid),
  };
  await running.stop({ graceMs: 0 });
  return { answers, unknownKey };
}

test("unknown, expired and invalidated keys look alike to strangers", async (t) => {
  const { answers } = await lookUps([]);
  t.deepEqual(answers, {
    unknown: "401 unauthorized\n",
    expired: "401 unauthorized\n",
    invalid: "401 unauthorized\n",
  });
});

test("gateways are told what the Go service tells them", async (t) => {
  const { answers, unknownKey } = await lookUps(["token"]);
  const hash = Buffer.from(keyHashOf(unknownKey)).toString("hex");
  t.is(answers.unknown, `401 not found: key hash: ${hash}\n`);
  t.regex(answers.expired, /^401 not found: key hash: [0-9a-f]{64}\n$/);
  t.is(answers.invalid, "401 invalid: leaked\n");
});

test("guessing tokens is limited, gateways are not", async (t) => {
  const { deps } = authDeps();
  const running = await authFrontend({ httpPort: 0, tokens: ["token"], requestsPerMinute: 2 }).start(deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  const status = async (token: string) => {
    const headers = { Authorization: `Bearer ${token}` };
    const reply = await fetch(`${running.addresses["http"]}/v1/access/${accessKeyIdText(newAccessKey())}`, { headers });
    return reply.status;
  };
  t.deepEqual([await status("a"), await status("b"), await status("c"), await status("token")], [401, 401, 429, 401]);
});
