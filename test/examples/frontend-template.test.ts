import { join } from "node:path";
import test from "ava";
import { outside } from "../helpers/outside.js";
import { repositoryRoot } from "../helpers/root.js";
import { mustRun, runProgram } from "../helpers/run-program.js";

test("the template and the packed tarball make a package elsewhere that passes the suite", async (t) => {
  t.timeout(240_000);
  const place = await outside();
  t.teardown(place.remove);
  const folder = await place.copyExample("frontend-template", "my-frontend");
  await place.install(folder);

  const tests = await runProgram("npm", ["test"], { cwd: folder });
  t.is(tests.code, 0, tests.stdout);
  t.regex(tests.stdout, /pass 1[0-9]/);
  const listed = await mustRun("npx", ["postern", "serve", "--list", "--frontend", "./frontend.js"], { cwd: folder });
  t.regex(listed.stdout, /hello {2}\(.*frontend\.js\)\n {2}would listen {2}port: 127\.0\.0\.1:9100/);

  const tsc = join(repositoryRoot, "node_modules/.bin/tsc");
  const flags = ["--noEmit", "--checkJs", "--strict", "--module", "nodenext", "--skipLibCheck", "--types", "node"];
  const types = await runProgram(tsc, [...flags, "--target", "es2023", "frontend.js", "test/frontend.test.js"], {
    cwd: folder,
  });
  t.is(types.code, 0, types.stdout);
});
