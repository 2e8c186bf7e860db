import { randomBytes } from "node:crypto";
import test from "ava";
import { newApiKey } from "../../../core/access/api-key.js";
import { newGrant, parseGrant, serializeGrant } from "../../../core/access/grant.js";
import { shareGrant } from "../../../core/access/share.js";
import { accessKeyIdText, keyHashOf, newAccessKey, parseAccessKeyId } from "../../../core/auth/access-key.js";
import { createAuthService } from "../../../core/auth/service.js";
import { PosternError } from "../../../core/errors.js";
import { memoryGrantStore } from "../../../store/memory.js";

const satelliteAddress = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S@127.0.0.1:7777";

function fixture(maxGrantSize?: number) {
  const clock = { now: 1_800_000_000_000 };
  const now = () => clock.now;
  const store = memoryGrantStore({ now });
  const service = createAuthService({
    store,
    allowSatellite: (address) => address === satelliteAddress,
    endpoint: "https://gateway.example",
    maxGrantSize,
    now,
  });
  const grant = newGrant({ satelliteAddress, apiKey: newApiKey(randomBytes(32)), rootKey: randomBytes(32) });
  return { clock, store, service, grant };
}

test("each registration makes keys of its own", async (t) => {
  const { service, grant } = fixture();
  const accessGrant = serializeGrant(grant);
  const first = await service.register({ accessGrant, public: false });
  const second = await service.register({ accessGrant, public: true });
  t.not(first.accessKeyId, second.accessKeyId);
  t.not(first.secretKey, second.secretKey);
  t.like(await service.resolve(first.accessKeyId), { accessGrant, public: false, secretKey: first.secretKey });
  t.like(await service.resolve(second.accessKeyId), { accessGrant, public: true, secretKey: second.secretKey });
});

test("a key lives as long as the grant's caveats say", async (t) => {
  const { service, grant, clock } = fixture();
  const permission = { allowDownload: true };
  const until = (ms: number) => shareGrant(grant, { ...permission, notAfter: new Date(clock.now + ms) }, []);
  const short = serializeGrant(until(59_999));
  await t.throwsAsync(service.register({ accessGrant: short, public: false }), {
    code: "invalid-grant",
    message: "access grant: expiration cannot be shorter than a minute",
  });
  const { accessKeyId } = await service.register({ accessGrant: serializeGrant(until(60_000)), public: false });
  clock.now += 59_999;
  await t.notThrowsAsync(service.resolve(accessKeyId));
  clock.now += 1;
  await t.throwsAsync(service.resolve(accessKeyId), { code: "not-found" });
});

test("unknown keys are not found, other text is no key", async (t) => {
  const { service } = fixture();
  await t.throwsAsync(service.resolve(accessKeyIdText(newAccessKey())), { code: "not-found" });
  await t.throwsAsync(service.resolve("AKIAIOSFODNN7EXAMPLE"), { code: "invalid-argument" });
});

test("an invalidated key is refused with its reason", async (t) => {
  const { service, grant, store } = fixture();
  const { accessKeyId } = await service.register({ accessGrant: serializeGrant(grant), public: false });
  await store.invalidate({ keyHash: keyHashOf(parseAccessKeyId(accessKeyId)) }, "leaked");
  await t.throwsAsync(service.resolve(accessKeyId), { code: "permission-denied", message: "invalid: leaked" });
});

test("grants that are too long, of other satellites, or none at all are refused without quoting them", async (t) => {
  const { service, grant } = fixture(300);
  const other = { ...grant, satelliteAddress: satelliteAddress.replace("7777", "7778") };
  const long = "1".repeat(301);
  for (const accessGrant of [serializeGrant(other), long, "hello", "", serializeGrant(grant).slice(1)]) {
    const error = await t.throwsAsync(service.register({ accessGrant, public: false }), { instanceOf: PosternError });
    t.true(["invalid-grant", "invalid-argument"].includes((error as PosternError).code), error?.message);
    if (accessGrant.length > 5) t.false(error?.message.includes(accessGrant));
  }
});

test("what the store is given does not reveal the grant or the keys", async (t) => {
  const { grant } = fixture();
  const puts: string[] = [];
  const inner = memoryGrantStore();
  const service = createAuthService({
    store: {
      ...inner,
      put: (hash, record) => {
        const bytes = Object.values(record).filter((value) => value instanceof Uint8Array);
        puts.push(Buffer.concat([hash, ...bytes]).toString("latin1") + JSON.stringify(record));
        return inner.put(hash, record);
      },
    },
    allowSatellite: () => true,
    endpoint: "",
  });
  const accessGrant = serializeGrant(grant);
  const { accessKeyId, secretKey } = await service.register({ accessGrant, public: false });
  t.is(puts.length, 1);
  const parsed = parseGrant(accessGrant);
  const secrets = [
    accessGrant,
    accessKeyId,
    secretKey,
    Buffer.from(parseAccessKeyId(accessKeyId)).toString("latin1"),
    Buffer.from(parsed.encryption.defaultKey!).toString("latin1"),
    Buffer.from(parsed.apiKey.tail).toString("latin1"),
  ];
  for (const secret of secrets) t.false(puts[0]!.includes(secret));
  t.true(puts[0]!.includes(Buffer.from(parsed.apiKey.head).toString("latin1")));
});
