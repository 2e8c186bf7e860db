import { createConnection } from "node:net";
import type { ExecutionContext, TestFn } from "ava";
import { createRateLimiter } from "../../core/auth/rate-limit.js";
import { PosternError } from "../../core/errors.js";
import { type AuthOptions, authFrontend } from "../../frontends/auth/index.js";
import { memoryGrantStore } from "../../store/memory.js";
import { authDeps } from "../helpers/auth-deps.js";
import { closed } from "../helpers/closed.js";

/** What a client gets, in words that all protocols share. */
export type RegisterOutcome =
  | { readonly kind: "ok"; readonly accessKeyId: string; readonly secretKey: string; readonly endpoint: string }
  | { readonly kind: "refused" | "limited" | "unavailable" | "internal"; readonly text: string };

export interface AuthClient {
  register(accessGrant: string, isPublic: boolean): Promise<RegisterOutcome>;
  close(): Promise<void> | void;
}

/** What registration must do over every protocol. */
export function authFrontendSuite(
  test: TestFn,
  protocol: "http" | "grpc" | "drpc",
  connect: (address: string) => Promise<AuthClient>,
): void {
  const port = { http: "httpPort", grpc: "grpcPort", drpc: "drpcPort" }[protocol];

  const started = async (t: ExecutionContext, options: AuthOptions = {}, made = authDeps()) => {
    const running = await authFrontend({ [port]: 0, metricsPort: 0, ...options }).start(made.deps);
    t.teardown(() => running.stop({ graceMs: 0 }));
    const client = await connect(running.addresses[protocol]!);
    t.teardown(() => client.close());
    return { ...made, client, running };
  };

  for (const isPublic of [true, false]) {
    test(`${protocol}: a grant becomes credentials that open it, public: ${isPublic}`, async (t) => {
      const { client, deps, grant, logged } = await started(t);
      const issued = await client.register(grant, isPublic);
      if (issued.kind !== "ok") return t.fail(issued.text);
      t.is(issued.endpoint, "https://gateway.example");
      const resolved = await deps.access.resolve(issued.accessKeyId);
      t.like(resolved, { accessGrant: grant, secretKey: issued.secretKey, public: isPublic });
      for (const secret of [grant, issued.accessKeyId, issued.secretKey]) {
        t.false(logged.join("\n").includes(secret));
      }
    });
  }

  test(`${protocol}: grants that are refused are told why`, async (t) => {
    const { client, foreignGrant, expiredGrant, logged } = await started(t);
    const refused = async (grant: string, text: RegExp) => {
      const outcome = await client.register(grant, false);
      if (outcome.kind !== "refused") return t.fail(outcome.kind);
      t.regex(outcome.text, text);
      t.false(`${outcome.text} ${logged.join("\n")}`.includes(grant));
    };
    await refused(foreignGrant, /^access grant: disallowed satellite: /);
    await refused(expiredGrant, /^access grant: expiration cannot be shorter than a minute/);
    await refused("nonsense", /^access grant: /);
  });

  test(`${protocol}: a project that registers too often has to wait, others need not`, async (t) => {
    const made = authDeps({ projectLimit: createRateLimiter({ perMinute: 1, now: () => 0 }) });
    const { client } = await started(t, {}, made);
    const kinds: string[] = [];
    for (const grant of [made.grant, made.grant, made.otherGrant])
      kinds.push((await client.register(grant, false)).kind);
    t.deepEqual(kinds, ["ok", "limited", "ok"]);
  });

  test(`${protocol}: a grant may have 4 KiB`, async (t) => {
    const { client } = await started(t);
    const longest = await client.register("1".repeat(4_000), false);
    if (longest.kind !== "refused") return t.fail(longest.kind);
    t.regex(longest.text, /^access grant: invalid/, "read, and found to be none");
    const longer = await client.register("1".repeat(4_097), false);
    if (longer.kind !== "refused") return t.fail(longer.kind);
    t.regex(longer.text, /larger than 4096 bytes|too large/);
    // However long it is, it is not taken in.
    t.not((await client.register("1".repeat(1_000_000), false)).kind, "ok");
  });

  test(`${protocol}: one client has so many connections and no more`, async (t) => {
    const { running, client, grant } = await started(t, { maxConnectionsPerClient: 1 });
    t.is((await client.register(grant, false)).kind, "ok");
    const { hostname, port } = new URL(running.addresses[protocol]!.replace(/^(?!http)/, "tcp://"));
    const further = createConnection({ host: hostname, port: Number(port) });
    await closed(further);
    t.is((await client.register(grant, false)).kind, "ok", "the first one stays");
  });

  test(`${protocol}: a client that asks too often has to wait`, async (t) => {
    const { client, running, grant } = await started(t, { requestsPerMinute: 2 });
    const kinds: string[] = [];
    for (let i = 0; i < 3; i++) kinds.push((await client.register(grant, false)).kind);
    t.deepEqual(kinds, ["ok", "ok", "limited"]);
    const metrics = await (await fetch(`${running.addresses["metrics"]}/metrics`)).text();
    t.true(metrics.includes(`postern_auth_limited_total{protocol="${protocol}"} 1`), metrics);
    t.true(
      metrics.includes(`postern_auth_requests_total{operation="register",protocol="${protocol}",result="ok"} 2`),
      metrics,
    );
  });

  for (const [code, kind] of [
    ["internal", "internal"],
    ["unavailable", "unavailable"],
  ] as const) {
    test(`${protocol}: what fails inside stays inside: ${code}`, async (t) => {
      const secret = "hunter2";
      const store = {
        ...memoryGrantStore(),
        put: () => Promise.reject(new PosternError(code, `password ${secret}`)),
      };
      const { client, grant, logged } = await started(t, {}, authDeps({ store }));
      const outcome = await client.register(grant, false);
      if (outcome.kind !== kind) return t.fail(outcome.kind);
      t.is(logged.filter((line) => line.includes(" failed ")).length, 1);
      for (const text of [outcome.text, ...logged]) t.false(text.includes(secret) || text.includes(grant));
    });
  }
}
