import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { knexGrantStore } from "../../../store/knex/grant-store.js";
import { openSqlite } from "../../../store/knex/open.js";
import { tempDir } from "../../helpers/temp-dir.js";
import { grantStoreSuite } from "../../suites/grant-store-suite.js";

grantStoreSuite(test, async (now) => {
  const dir = await tempDir();
  const db = await openSqlite({ file: join(dir.path, "auth.db") });
  return { store: knexGrantStore(db, { now }), cleanup: dir.remove };
});

test("records outlive the process that wrote them", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const file = join(dir.path, "auth.db");
  const hash = new Uint8Array(32).fill(7);
  const first = knexGrantStore(await openSqlite({ file }));
  await first.put(hash, {
    satelliteAddress: "id@host:1",
    macaroonHead: new Uint8Array(32),
    encryptedSecretKey: new Uint8Array(48),
    encryptedAccessGrant: new Uint8Array(100),
    expiresAt: undefined,
    public: false,
    usageTags: [],
    publicProjectId: undefined,
    projectCreatedAt: undefined,
  });
  await first.close();
  const second = knexGrantStore(await openSqlite({ file }));
  t.teardown(() => second.close());
  t.is((await second.get(hash))?.satelliteAddress, "id@host:1");
});

test("a damaged file is refused and left as it is", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const file = join(dir.path, "auth.db");
  const garbage = Buffer.alloc(8192, "not a database ");
  await writeFile(file, garbage);
  await t.throwsAsync(openSqlite({ file }), { code: "corrupt-data" });
  t.deepEqual(await readFile(file), garbage);
  t.deepEqual(await readdir(dir.path), ["auth.db"]);
});
