import { readdirSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { repositoryRoot } from "../../../helpers/root.js";

test("every test of the satellite has a file here that runs it on PostgreSQL", (t) => {
  const folder = join(repositoryRoot, "test", "network", "satellite");
  const testsIn = (dir: string) => readdirSync(dir).filter((name) => name.endsWith(".test.ts"));
  const here = new Set(testsIn(join(folder, "postgres")));
  t.deepEqual(
    testsIn(folder).filter((name) => !here.has(name)),
    [],
  );
});
