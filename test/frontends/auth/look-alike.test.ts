import { createHmac } from "node:crypto";
import test from "ava";
import { accessKeyIdText, keyHashOf, newAccessKey } from "../../../core/auth/access-key.js";
import { cachingGrantStore } from "../../../core/auth/caching-store.js";
import type { GrantStore, StoredGrantRecord } from "../../../core/auth/grant-store.js";
import { authFrontend } from "../../../frontends/auth/index.js";
import { memoryGrantStore } from "../../../store/memory.js";
import { authDeps } from "../../helpers/auth-deps.js";
import { plainRequest, signedRequest } from "../../helpers/s3-request.js";
import { startS3TestServer, testCredentials } from "../../helpers/s3-server.js";
import { grantRecord } from "../../suites/grant-store-suite.js";

/** Writes down what is asked of a store, and which secrets of its records are touched. */
function watched(inner: GrantStore): { store: GrantStore; seen: string[] } {
  const seen: string[] = [];
  const store = new Proxy(inner, {
    get:
      (target, name: keyof GrantStore) =>
      async (...args: unknown[]) => {
        seen.push(name);
        const result = await (target[name] as (...given: unknown[]) => Promise<unknown>)(...args);
        return name === "get" && result !== undefined ? watchedRecord(result as StoredGrantRecord) : result;
      },
  });
  const watchedRecord = (record: StoredGrantRecord) =>
    new Proxy(record, {
      get(target, name: keyof StoredGrantRecord) {
        if (name.startsWith("encrypted")) seen.push(name);
        return target[name];
      },
    });
  return { store, seen };
}

async function keys() {
  const inner = memoryGrantStore();
  const { store, seen } = watched(inner);
  const made = authDeps({ store: cachingGrantStore(store) });
  const put = async (fields: Parameters<typeof grantRecord>[0]) => {
    const key = newAccessKey();
    await inner.put(keyHashOf(key), grantRecord(fields));
    return key;
  };
  const invalidated = await put({});
  const publicOne = await put({ public: true });
  const both = await put({ expiresAt: 1 });
  const deleted = await put({});
  for (const key of [invalidated, publicOne, both]) await inner.invalidate({ keyHash: keyHashOf(key) }, "leaked");
  await inner.delete({ keyHash: keyHashOf(deleted) });
  const expired = await put({ expiresAt: 1 });
  const unknown = newAccessKey();
  const all = { unknown, expired, invalidated, publicOne, both, deleted };
  const { accessKeyId: good } = await made.deps.access.register({ accessGrant: made.grant, public: false });
  return {
    ...made,
    seen,
    good,
    kinds: Object.entries(all).map(([kind, key]) => ({ kind, id: accessKeyIdText(key) })),
  };
}

/** One answer and one list of work for all kinds, the second time, too. */
async function alike(
  t: { is(a: unknown, b: unknown, message: string): void },
  made: Awaited<ReturnType<typeof keys>>,
  ask: (id: string) => Promise<string>,
): Promise<{ answer: string; work: string[] }> {
  let first: { answer: string; work: string[] } | undefined;
  for (const round of [1, 2]) {
    for (const { kind, id } of made.kinds) {
      made.seen.length = 0;
      const answer = await ask(id);
      const work = [...made.seen];
      first ??= { answer, work };
      t.is(answer, first.answer, `${kind}, ${round}`);
      t.is(work.join(" "), first.work.join(" "), `${kind}, ${round}`);
    }
  }
  return first!;
}

test("over HTTP no stranger can tell what was wrong with a key, nor does it cost more or less", async (t) => {
  const made = await keys();
  const running = await authFrontend({ httpPort: 0, requestsPerMinute: 0 }).start(made.deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  const ask = async (id: string) => {
    const reply = await fetch(`${running.addresses["http"]}/v1/access/${id}`);
    const headers = [...reply.headers].filter(([name]) => name !== "date");
    return JSON.stringify([reply.status, headers, await reply.text()]);
  };
  const { answer, work } = await alike(t, made, ask);
  t.regex(answer, /^\[401,.*"unauthorized\\n"\]$/);
  t.deepEqual(work, ["get"], "one look-up, and nothing decrypted");
  made.seen.length = 0;
  t.regex(await ask(made.good), /^\[200,/);
  t.true(made.seen.length > 1, "what is good is decrypted, so the watch works");
});

test("over HTTP with tokens a stranger learns the same of all keys, without any look-up", async (t) => {
  const made = await keys();
  const running = await authFrontend({ httpPort: 0, requestsPerMinute: 0, tokens: ["t"] }).start(made.deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  const ask = async (id: string) => {
    const reply = await fetch(`${running.addresses["http"]}/v1/access/${id}`);
    return `${reply.status} ${await reply.text()}`;
  };
  const { answer, work } = await alike(t, made, ask);
  t.is(answer, "401 unauthorized\n");
  t.is(await ask(made.good), answer, "those that are good, too");
  t.is(await ask("nonsense"), answer);
  t.deepEqual(work, []);
});

test("over S3 no stranger can tell what was wrong with a key, with any kind of signature", async (t) => {
  const made = await keys();
  const server = await startS3TestServer({}, { access: made.deps.access });
  t.teardown(() => server.stop());
  const told = ({ status, headers, body }: Awaited<ReturnType<typeof plainRequest>>) => {
    const { date: _, "x-amz-request-id": requestId, ...others } = headers;
    return JSON.stringify([status, others, body.replaceAll(String(requestId), "")]);
  };
  const credentials = (accessKeyId: string) => ({ ...testCredentials, accessKeyId });
  const date = new Date().toUTCString();
  const asks: Record<string, (id: string) => Promise<string>> = {
    v4: async (id) => told(await signedRequest(server.url, { target: "/bucket/key", credentials: credentials(id) })),
    v2: async (id) => {
      const signature = createHmac("sha1", "any").update(`GET\n\n\n${date}\n/bucket/key`).digest("base64");
      const headers = { Date: date, Authorization: `AWS ${id}:${signature}` };
      return told(await plainRequest(server.url, { target: "/bucket/key", headers }));
    },
  };
  for (const [kind, ask] of Object.entries(asks)) {
    const { answer, work } = await alike(t, made, ask);
    t.regex(answer, /^\[403,.*<Code>InvalidAccessKeyId<\/Code>/, kind);
    t.deepEqual(work, ["get"], kind);
    made.seen.length = 0;
    t.regex(await ask(made.good), /<Code>SignatureDoesNotMatch<\/Code>/, kind);
    if (kind === "v4") t.true(made.seen.length > 1);
  }
});
