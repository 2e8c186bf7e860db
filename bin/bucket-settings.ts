import { randomBytes } from "node:crypto";
import { z } from "zod";
import { PosternError } from "../core/errors.js";
import { type BucketSettings, createBucketSettings } from "../core/settings/bucket-settings.js";
import { cachingSettingsStore } from "../core/settings/caching-settings-store.js";
import type { Knex } from "../store/knex/open.js";
import { knexSettingsStore } from "../store/knex/settings-store.js";
import type { ServeConfig } from "./config.js";
import type { DataDir } from "./data-dir.js";

const keyFile = "settings-key.json";
const keyShape = z.object({ settingsKey: z.string() });

/** Bucket settings on the database of the auth service. */
export async function openBucketSettings(
  config: Pick<ServeConfig, "settingsKey">,
  db: Knex,
  dir: DataDir,
): Promise<BucketSettings> {
  const store = cachingSettingsStore(knexSettingsStore(db));
  return createBucketSettings({ store, key: await settingsKeyOf(config, dir) });
}

export async function settingsKeyOf(config: Pick<ServeConfig, "settingsKey">, dir: DataDir): Promise<Uint8Array> {
  return config.settingsKey ?? (await keptKey(dir));
}

/** Gateways on one database must be given the same key; one on its own makes one and keeps it. */
async function keptKey(dir: DataDir): Promise<Uint8Array> {
  const kept = await dir.readJson(keyFile);
  if (kept !== undefined) {
    const parsed = keyShape.safeParse(kept);
    const key = Buffer.from(parsed.success ? parsed.data.settingsKey : "", "base64");
    if (key.length !== 32) throw new PosternError("corrupt-data", `${dir.file(keyFile)} is damaged: it has no key`);
    return key;
  }
  const key = randomBytes(32);
  await dir.writeJson(keyFile, { settingsKey: key.toString("base64") });
  return key;
}
