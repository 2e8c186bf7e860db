import { request } from "node:http";
import test, { type ExecutionContext } from "ava";
import { accessKeyIdText, newAccessKey } from "../../../core/auth/access-key.js";
import { authFrontend } from "../../../frontends/auth/index.js";
import { authDeps } from "../../helpers/auth-deps.js";

async function started(t: ExecutionContext, tokens: readonly string[] = ["gateway-token"]) {
  const made = authDeps();
  const running = await authFrontend({ httpPort: 0, tokens }).start(made.deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  return { ...made, url: running.addresses["http"]!, running };
}

const json = (value: unknown): RequestInit => ({ method: "POST", body: JSON.stringify(value) });
const bearer = (token: string): RequestInit => ({ headers: { Authorization: `Bearer ${token}` } });

test("a grant is registered and looked up", async (t) => {
  const { url, grant } = await started(t);
  const registered = await fetch(`${url}/v1/access`, json({ access_grant: grant, public: true }));
  t.is(registered.status, 200);
  t.is(registered.headers.get("content-type"), "application/json");
  t.is(registered.headers.get("access-control-allow-origin"), "*");
  const issued = (await registered.json()) as Record<string, string>;
  t.regex(issued["access_key_id"]!, /^j[uvwx][a-z2-7]{26}$/);
  t.regex(issued["secret_key"]!, /^j[yz23][a-z2-7]{51}$/);
  t.is(issued["endpoint"], "https://gateway.example");

  const found = await fetch(`${url}/v1/access/${issued["access_key_id"]}`, bearer("gateway-token"));
  t.is(found.status, 200);
  t.deepEqual(await found.json(), { access_grant: grant, secret_key: issued["secret_key"], public: true });
});

test("only a gateway's token opens the look-up", async (t) => {
  const { url, grant } = await started(t);
  const registered = await fetch(`${url}/v1/access`, json({ access_grant: grant }));
  const { access_key_id: id } = (await registered.json()) as { access_key_id: string };
  for (const init of [{}, bearer("other"), bearer(""), { headers: { Authorization: "gateway-token" } }]) {
    const reply = await fetch(`${url}/v1/access/${id}`, init);
    t.is(reply.status, 401);
    t.is(await reply.text(), "unauthorized\n");
  }
});

test("unknown keys are 401 and other text is 400, as the Go service answers", async (t) => {
  const { url } = await started(t);
  const lookUp = async (id: string) => (await fetch(`${url}/v1/access/${id}`, bearer("gateway-token"))).status;
  t.is(await lookUp(accessKeyIdText(newAccessKey())), 401);
  t.is(await lookUp("AKIAIOSFODNN7EXAMPLE"), 400);
  t.is(await lookUp("a/b"), 404);
});

test("refusals say why and never quote the grant", async (t) => {
  const { url, grant, foreignGrant, logged } = await started(t);
  const post = async (body: string) => {
    const reply = await fetch(`${url}/v1/access`, { method: "POST", body });
    t.is(reply.headers.get("x-content-type-options"), reply.status === 200 ? null : "nosniff");
    return { status: reply.status, text: await reply.text() };
  };
  t.is((await post("{")).status, 422);
  t.is((await post(JSON.stringify({ access_grant: 5 }))).status, 422);
  const damaged = await post(JSON.stringify({ access_grant: `${grant}1` }));
  t.is(damaged.status, 400);
  t.regex(damaged.text, /^access grant: /);
  const foreign = await post(JSON.stringify({ access_grant: foreignGrant }));
  t.is(foreign.status, 400);
  t.regex(foreign.text, /^access grant: disallowed satellite: /);
  const tagged = await post(JSON.stringify({ access_grant: grant, usage_tags: ["x"] }));
  t.deepEqual(tagged, { status: 400, text: 'invalid tag: unknown tag "x"\n' });
  t.is((await post(`{"access_grant": "${"1".repeat(5_000)}"}`)).status, 413);
  for (const text of [...logged, damaged.text, foreign.text])
    t.false(text.includes(grant) || text.includes(foreignGrant));
});

test("a body without a length is cut off at the limit", async (t) => {
  const { url } = await started(t);
  const status = await new Promise<number>((resolve, reject) => {
    const call = request(`${url}/v1/access`, { method: "POST" }, (reply) => {
      reply.resume();
      resolve(reply.statusCode ?? 0);
    });
    call.on("error", reject);
    for (let i = 0; i < 20; i++) call.write("x".repeat(1_000));
    call.end();
  });
  t.is(status, 413);
});

test("routes, methods, health and CORS are those of the Go service", async (t) => {
  const { url, running } = await started(t);
  const status = async (method: string, path: string) => (await fetch(url + path, { method })).status;
  t.is(await status("GET", "/v1/health/startup"), 200);
  t.is(await status("GET", "/v1/health/live"), 200);
  t.is(await status("GET", "/"), 404);
  t.is(await status("POST", "/v1/access/"), 405);
  t.is(await status("PUT", "/v1/access"), 405);
  const preflight = await fetch(`${url}/v1/access`, { method: "OPTIONS" });
  t.is(preflight.status, 200);
  t.is(preflight.headers.get("access-control-allow-methods"), "POST, OPTIONS");
  await running.stop({ graceMs: 0 });
  await t.throwsAsync(fetch(`${url}/v1/health/live`));
});
