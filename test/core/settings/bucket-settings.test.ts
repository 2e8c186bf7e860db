import { randomBytes } from "node:crypto";
import test from "ava";
import { createBucketSettings } from "../../../core/settings/bucket-settings.js";
import type { BucketSettingsStore } from "../../../core/settings/bucket-settings-store.js";
import { memorySettingsStore } from "../../../store/memory-settings.js";

const id = { satellite: "s", project: "p", bucket: "b" };

test("grants are sealed: with the key, for their bucket, and never in the store", async (t) => {
  const written: Uint8Array[] = [];
  const inner = memorySettingsStore();
  const store: BucketSettingsStore = {
    ...inner,
    write(where, record, expected) {
      if (record.sealedGrant !== undefined) written.push(record.sealedGrant);
      return inner.write(where, record, expected);
    },
  };
  const settings = createBucketSettings({ store, key: randomBytes(32) });
  await settings.change(id, () => ({ sections: { policy: "{}" }, grant: "the grant" }));
  t.is((await settings.get(id))?.openGrant(), "the grant");
  t.false(Buffer.from(written[0]!).includes("grant"));
  await settings.change(id, (before) => ({ sections: { ...before!.sections, cors: "[]" } }));
  t.is((await settings.get(id))?.openGrant(), "the grant", "kept when nothing is said of it");
  const elsewhere = { ...id, bucket: "c" };
  await store.write(elsewhere, { sections: {}, sealedGrant: written[0] }, 0);
  const moved = await settings.get(elsewhere);
  t.throws(() => moved!.openGrant(), { code: "decryption-failed" });
  const stranger = createBucketSettings({ store, key: randomBytes(32) });
  const seen = await stranger.get(id);
  t.throws(() => seen!.openGrant(), { code: "decryption-failed" });
  await settings.change(id, () => ({ sections: {}, grant: "none" }));
  t.is(await settings.get(id), undefined, "nothing is kept of nothing");
});

test("changes at the same time are all kept", async (t) => {
  const store = memorySettingsStore();
  const settings = createBucketSettings({ store, key: randomBytes(32) });
  const names = ["a", "b", "c", "d"];
  await Promise.all(
    names.map((name) => settings.change(id, (before) => ({ sections: { ...before?.sections, [name]: "1" } }))),
  );
  t.deepEqual(Object.keys((await settings.get(id))!.sections).sort(), names);
});

test("notes are found with the upload id alone", async (t) => {
  const settings = createBucketSettings({ store: memorySettingsStore(), key: randomBytes(32) });
  await settings.notes.put("upload", 3, "SHA256 x");
  t.deepEqual([...(await settings.notes.all("upload"))], [[3, "SHA256 x"]]);
  t.is((await settings.notes.all("other")).size, 0);
  await settings.notes.delete("upload");
  t.is((await settings.notes.all("upload")).size, 0);
});
