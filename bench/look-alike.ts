/**
 * What the time of an answer tells a stranger of an access key that opens nothing: whether it was ever there.
 * Run: node dist/bench/look-alike.js [--requests 2000] [--database postgres://… (else SQLite)]
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { accessKeyIdText, keyHashOf, newAccessKey } from "../core/auth/access-key.js";
import { cachingGrantStore } from "../core/auth/caching-store.js";
import { createAuthService } from "../core/auth/service.js";
import { createBucketSettings } from "../core/settings/bucket-settings.js";
import { authFrontend } from "../frontends/auth/index.js";
import { s3Frontend } from "../frontends/s3/index.js";
import { knexGrantStore } from "../store/knex/grant-store.js";
import { openGrantDatabase } from "../store/knex/open.js";
import { memorySettingsStore } from "../store/memory-settings.js";

const { values } = parseArgs({
  options: { requests: { type: "string", default: "2000" }, database: { type: "string" } },
});
const requests = Number(values.requests);
const keysOfKind = 200;
const kinds = ["unknown", "expired", "invalidated"] as const;
type Kind = (typeof kinds)[number];

const dir = await mkdtemp(join(tmpdir(), "postern-look-alike-"));
const store = knexGrantStore(await openGrantDatabase(values.database ?? join(dir, "auth.db")));
const access = createAuthService({ store: cachingGrantStore(store), allowSatellite: () => true, endpoint: "" });
const ignore = () => {};
const deps = {
  access,
  openProject: () => Promise.reject(new Error("no project here")),
  settings: createBucketSettings({ store: memorySettingsStore(), key: randomBytes(32) }),
  log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
};
const auth = await authFrontend({ httpPort: 0, requestsPerMinute: 0 }).start(deps);
const s3 = await s3Frontend({ port: 0 }).start(deps);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const ids = new Map<Kind, string[]>();
for (const kind of kinds) {
  const keys = Array.from({ length: keysOfKind }, newAccessKey);
  for (const key of kind === "unknown" ? [] : keys) {
    const keyHash = keyHashOf(key);
    await store.put(keyHash, {
      satelliteAddress: "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S@127.0.0.1:7777",
      macaroonHead: randomBytes(32),
      encryptedSecretKey: randomBytes(48),
      encryptedAccessGrant: randomBytes(300),
      expiresAt: kind === "expired" ? 1 : undefined,
      public: false,
      usageTags: [],
      publicProjectId: undefined,
      projectCreatedAt: undefined,
    });
    if (kind === "invalidated") await store.invalidate({ keyHash }, "leaked");
  }
  ids.set(kind, keys.map(accessKeyIdText));
}

/** Microseconds until the whole answer is there. */
function ask(url: string, headers: Record<string, string>, status: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const call = request(url, { agent, headers }, (reply) => {
      if (reply.statusCode !== status) reject(new Error(`answered ${reply.statusCode}`));
      reply.resume().once("end", () => resolve((performance.now() - began) * 1_000));
    });
    call.once("error", reject).end();
  });
}

function s3Headers(id: string): Record<string, string> {
  const timestamp = `${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}`;
  const scope = `${id}/${timestamp.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const signed = "host;x-amz-content-sha256;x-amz-date";
  return {
    "x-amz-date": timestamp,
    "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=${signed}, Signature=${"0".repeat(64)}`,
  };
}

/** How often a guess from one time is right, were it the best possible threshold-free guess: 0.5 is no better than a coin. */
function auc(one: readonly number[], other: readonly number[]): number {
  const all = [...one.map((us) => ({ us, first: true })), ...other.map((us) => ({ us, first: false }))];
  all.sort((a, b) => a.us - b.us);
  let rankSum = 0;
  for (const [i, { first }] of all.entries()) if (first) rankSum += i + 1;
  const larger = (rankSum - (one.length * (one.length + 1)) / 2) / (one.length * other.length);
  return Math.max(larger, 1 - larger);
}

const at = (sorted: readonly number[], share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))]!);

console.log(`${values.database === undefined ? "SQLite" : "PostgreSQL"}, ${requests} requests of each kind, µs`);
for (const [name, run] of Object.entries({
  HTTP: (id: string) => ask(`${auth.addresses["http"]}/v1/access/${id}`, {}, 401),
  S3: (id: string) => ask(`${s3.addresses["http"]}/bucket/key`, s3Headers(id), 403),
})) {
  const times = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]));
  for (let i = -300; i < requests; i++) {
    // Another order each time, so that no kind always comes after the same one.
    for (const kind of [...kinds].sort(() => Math.random() - 0.5)) {
      const us = await run(ids.get(kind)![Math.abs(i) % keysOfKind]!);
      if (i >= 0) times.get(kind)!.push(us);
    }
  }
  for (const kind of kinds) {
    const sorted = [...times.get(kind)!].sort((a, b) => a - b);
    const guess = kind === "unknown" ? "" : `  told from unknown: ${auc(times.get("unknown")!, sorted).toFixed(3)}`;
    const quantiles = [0.1, 0.5, 0.9].map((share) => `${share * 100}% ${at(sorted, share)}`).join("  ");
    console.log(`${name.padEnd(5)}${kind.padEnd(12)}${quantiles}${guess}`);
  }
}

agent.destroy();
await auth.stop({ graceMs: 0 });
await s3.stop({ graceMs: 0 });
await store.close();
await rm(dir, { recursive: true });
