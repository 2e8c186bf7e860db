import { once } from "node:events";
import { connect } from "node:net";
import test from "ava";
import { authFrontend, listenMetrics } from "../../../frontends/auth/index.js";
import { createAuthMetrics } from "../../../frontends/auth/metrics.js";
import { createMetricsRegistry } from "../../../frontends/host/index.js";
import { authDeps } from "../../helpers/auth-deps.js";
import { closed } from "../../helpers/closed.js";

test("what is counted has names of one form, labels of closed sets, and is told in both places", async (t) => {
  const { deps, grant } = authDeps();
  const registry = createMetricsRegistry();
  const metrics = registry.metricsOf("auth");
  const options = { httpPort: 0, metricsPort: 0, tokens: ["token"], requestsPerMinute: 4 };
  const running = await authFrontend(options).start({ ...deps, metrics });
  t.teardown(() => running.stop({ graceMs: 0 }));
  const url = running.addresses["http"]!;
  const post = (access_grant: string) =>
    fetch(`${url}/v1/access`, { method: "POST", body: JSON.stringify({ access_grant }) });
  const { access_key_id: id } = (await (await post(grant)).json()) as { access_key_id: string };
  await post("nonsense");
  const lookUp = (which: string, token: string) =>
    fetch(`${url}/v1/access/${which}`, { headers: { Authorization: `Bearer ${token}` } });
  t.is((await lookUp(id, "token")).status, 200);
  for (const which of ["a", "b", "c", `${id}x`]) await lookUp(which, "wrong");

  const reply = await fetch(`${running.addresses["metrics"]}/metrics`);
  t.regex(reply.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  const own = await reply.text();
  for (const text of [own, await registry.text()]) {
    const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    for (const sample of samples) {
      t.regex(sample, /^postern_auth_(?:[a-z]+_)*(?:total|seconds(?:_bucket|_sum|_count)?)(?:\{[^{}]*\})? [0-9.e+-]+$/);
      t.false(sample.includes(id) || sample.includes(grant));
    }
    for (const expected of [
      'postern_auth_requests_total{operation="register",protocol="http",result="ok"} 1',
      'postern_auth_requests_total{operation="register",protocol="http",result="invalid-grant"} 1',
      'postern_auth_requests_total{operation="resolve",protocol="http",result="ok"} 1',
      'postern_auth_limited_total{protocol="http"} 2',
      'postern_auth_request_seconds_count{operation="register"} 2',
    ]) {
      t.true(samples.includes(expected), `${expected}\n${text}`);
    }
    for (const name of ["requests_total", "request_seconds", "limited_total"]) {
      t.true(text.includes(`# HELP postern_auth_${name} `) && text.includes(`# TYPE postern_auth_${name} `), name);
    }
  }
  t.is((await fetch(`${running.addresses["metrics"]}/metrics`, { method: "POST" })).status, 405);
  t.is((await fetch(`${running.addresses["metrics"]}/`)).status, 404);
});

test("one scraper that forgets its connections does not keep out the others", async (t) => {
  const metrics = createAuthMetrics();
  const listening = await listenMetrics(metrics, { host: "127.0.0.1", port: 0 });
  t.teardown(() => listening.stop(0));
  const port = Number(new URL(listening.url).port);
  const open = async () => {
    const socket = connect(port, "127.0.0.1");
    t.teardown(() => socket.destroy());
    await once(socket, "connect");
    return socket;
  };
  for (let i = 0; i < 50; i++) await open();
  await closed(await open());
  const other = connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" });
  t.teardown(() => other.destroy());
  other.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  const [data] = (await once(other, "data")) as [Buffer];
  t.regex(data.toString(), /^HTTP\/1\.1 200 /);
});
