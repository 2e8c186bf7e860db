import type { ExecutionContext, TestFn } from "ava";
import { isPosternError } from "../../core/errors.js";
import type { BucketSettingsStore } from "../../core/settings/bucket-settings-store.js";

const id = (bucket: string, project = "p1") => ({ satellite: "s", project, bucket });
const record = (text: string) => ({ sections: { cors: text }, sealedGrant: Buffer.from(text) });

async function aborted(t: ExecutionContext, work: Promise<unknown>): Promise<void> {
  const error = await t.throwsAsync(work);
  t.true(isPosternError(error, "aborted"));
}

/** What every store of bucket settings does. `open` gives a fresh one, on the clock that it is given. */
export function settingsStoreSuite(
  test: TestFn,
  name: string,
  open: (t: ExecutionContext, now: () => number) => Promise<BucketSettingsStore>,
): void {
  test(`${name}: writes only over what was read`, async (t) => {
    const store = await open(t, Date.now);
    t.is(await store.get(id("a")), undefined);
    t.is(await store.write(id("a"), record("1"), 0), 1);
    await aborted(t, store.write(id("a"), record("2"), 0));
    t.is(await store.write(id("a"), record("2"), 1), 2);
    await aborted(t, store.write(id("a"), record("3"), 1));
    const stored = await store.get(id("a"));
    t.like(stored, { id: id("a"), version: 2, sections: { cors: "2" } });
    t.is(Buffer.from(stored!.sealedGrant!).toString(), "2");
    await store.write(id("a"), { sections: {}, sealedGrant: undefined }, 2);
    t.is((await store.get(id("a")))?.sealedGrant, undefined);
    t.true(await store.delete(id("a")));
    t.false(await store.delete(id("a")));
    await aborted(t, store.write(id("a"), record("4"), 3));
  });

  test(`${name}: finds a name in all projects, and lists all`, async (t) => {
    const store = await open(t, Date.now);
    await store.write(id("x", "p2"), record("second project"), 0);
    await store.write(id("x", "p1"), record("first project"), 0);
    await store.write(id("y", "p1"), record("other"), 0);
    const found = await store.findByName("x", 10);
    t.deepEqual(found.map((each) => each.id.project).sort(), ["p1", "p2"]);
    t.is((await store.findByName("x", 1)).length, 1);
    for (const project of ["p3", "p4", "p5"]) {
      await store.write(id("crowd", project), { sections: { cors: "" }, sealedGrant: undefined }, 0);
    }
    await store.write(id("crowd", "open"), record("open"), 0);
    t.is((await store.findByName("crowd", 2))[0]?.id.project, "open", "what is open to others is not crowded out");
    for (const project of ["p3", "p4", "p5", "open"]) await store.delete(id("crowd", project));
    const first = await store.list(undefined, 2);
    t.deepEqual(
      first.map((each) => `${each.id.project}/${each.id.bucket}`),
      ["p1/x", "p1/y"],
    );
    const rest = await store.list(first.at(-1)!.id, 2);
    t.deepEqual(
      rest.map((each) => `${each.id.project}/${each.id.bucket}`),
      ["p2/x"],
    );
  });

  test(`${name}: notes of uploads end by themselves`, async (t) => {
    let now = 1000;
    const store = await open(t, () => now);
    const upload = Buffer.alloc(32, 1);
    await store.putNote(upload, 1, Buffer.from("a"), 2000);
    await store.putNote(upload, 1, Buffer.from("b"), 2000);
    await store.putNote(upload, 2, Buffer.from("c"), 3000);
    const notes = await store.notes(upload);
    t.deepEqual([...notes].map(([part, note]) => `${part}${Buffer.from(note)}`).sort(), ["1b", "2c"]);
    t.is((await store.notes(Buffer.alloc(32, 2))).size, 0);
    now = 2500;
    t.deepEqual([...(await store.notes(upload)).keys()], [2]);
    t.is(await store.deleteExpiredNotes(10), 1);
    await store.deleteNotes(upload);
    t.is((await store.notes(upload)).size, 0);
  });
}
