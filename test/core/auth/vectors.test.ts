import test from "ava";
import {
  accessKeyIdLength,
  accessKeyIdText,
  keyHashOf,
  parseAccessKeyId,
  secretKeyText,
} from "../../../core/auth/access-key.js";
import { decryptSecrets, encryptSecrets } from "../../../core/auth/record-cipher.js";
import { createAuthService } from "../../../core/auth/service.js";
import { fromHex, toHex } from "../../../core/bytes/bytes.js";
import { memoryGrantStore } from "../../../store/memory.js";
import { readVectors } from "../../helpers/vectors.js";

interface Vectors {
  accessKeyIdLength: number;
  accessKeyIdParse: { why: string; text: string; error: string | null; encryptionKey?: string }[];
  keys: { encryptionKey: string; accessKeyId: string; keyHash: string }[];
  secretKeys: { secretKey: string; text: string }[];
  records: {
    why: string;
    encryptionKey: string;
    accessGrant: string;
    public: boolean;
    usageTags: string[];
    secretKey?: string;
    class?: string;
    record?: {
      encryptedAccessGrant: string;
      encryptedSecretKey: string;
      macaroonHead: string;
      satelliteAddress: string;
      public: boolean;
      usageTags: string[];
      expiresAt: { seconds: number; nanos: number } | null;
    };
  }[];
}

const vectors = readVectors<Vectors>("authservice");

test("access key ids are read as the Go service reads them", (t) => {
  t.is(accessKeyIdLength, vectors.accessKeyIdLength);
  for (const { why, text, error, encryptionKey } of vectors.accessKeyIdParse) {
    if (error === null) t.is(toHex(parseAccessKeyId(text)), encryptionKey!, why);
    else t.throws(() => parseAccessKeyId(text), { code: "invalid-argument" }, why);
  }
});

test("keys and their hashes are written as the Go service writes them", (t) => {
  for (const { encryptionKey, accessKeyId, keyHash } of vectors.keys) {
    t.is(accessKeyIdText(fromHex(encryptionKey)), accessKeyId);
    t.is(toHex(keyHashOf(fromHex(encryptionKey))), keyHash);
  }
  for (const { secretKey, text } of vectors.secretKeys) t.is(secretKeyText(fromHex(secretKey)), text);
});

test("records are encrypted byte for byte as in Go, and back", (t) => {
  let compared = 0;
  for (const { why, encryptionKey, accessGrant, secretKey, record } of vectors.records) {
    if (record === undefined || secretKey === undefined) continue;
    const key = fromHex(encryptionKey);
    const secrets = encryptSecrets(key, fromHex(secretKey), accessGrant);
    t.is(toHex(secrets.encryptedAccessGrant), record.encryptedAccessGrant, why);
    t.is(toHex(secrets.encryptedSecretKey), record.encryptedSecretKey, why);
    const opened = decryptSecrets(key, secrets);
    t.is(opened.accessGrant, accessGrant);
    t.is(toHex(opened.secretKey), secretKey);
    compared++;
  }
  t.true(compared >= 5);
});

test("registration keeps and refuses what the Go service does", async (t) => {
  const accepted = vectors.records.find((entry) => entry.record !== undefined)?.record?.satelliteAddress;
  const store = memoryGrantStore();
  const service = createAuthService({
    store,
    allowSatellite: (address) => address === accepted,
    endpoint: "https://gateway.example",
  });
  const codes: Record<string, string> = { accessGrant: "invalid-grant", invalidTag: "invalid-argument" };
  for (const vector of vectors.records) {
    const registered = service.register({
      accessGrant: vector.accessGrant,
      public: vector.public,
      usageTags: vector.usageTags,
    });
    if (vector.record === undefined) {
      await t.throwsAsync(registered, { code: codes[vector.class ?? ""] }, vector.why);
      continue;
    }
    const { accessKeyId, secretKey, endpoint } = await registered;
    t.is(endpoint, "https://gateway.example");
    const stored = await store.get(keyHashOf(parseAccessKeyId(accessKeyId)));
    t.is(toHex(stored!.macaroonHead), vector.record.macaroonHead, vector.why);
    t.is(stored!.satelliteAddress, vector.record.satelliteAddress);
    t.deepEqual(stored!.usageTags, vector.record.usageTags, vector.why);
    const expiresAt = vector.record.expiresAt;
    // Records keep whole milliseconds: a key must not outlive its caveat.
    t.is(
      stored!.expiresAt,
      expiresAt === null ? undefined : Math.floor(expiresAt.seconds * 1000 + expiresAt.nanos / 1e6),
    );
    const resolved = await service.resolve(accessKeyId.toUpperCase());
    t.is(resolved.accessGrant, vector.accessGrant);
    t.is(resolved.secretKey, secretKey);
    t.is(resolved.public, vector.public);
  }
});
