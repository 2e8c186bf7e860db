import test from "ava";
import { exitLine } from "../../bin/exit-line.js";
import { PosternError } from "../../core/index.js";
import { storeError } from "../../store/knex/errors.js";

test("of a database that can not be used a person is told why, and never the driver's text", (t) => {
  const line = (code: string) => exitLine(storeError(Object.assign(new Error("secret"), { code })));
  t.is(line("3D000"), "the credentials database failed (3D000): the server has no database of that name");
  t.is(line("28P01"), "the credentials database failed (28P01): it refuses the password");
  t.is(line("ECONNREFUSED"), "the credentials database failed (ECONNREFUSED): nothing listens at that address");
  t.regex(line("DEPTH_ZERO_SELF_SIGNED_CERT"), /NODE_EXTRA_CA_CERTS=FILE/);
  t.is(line("XX000"), "the credentials database failed (XX000)");
  t.is(exitLine(new PosternError("not-found", "there is no bucket (A)")), "there is no bucket (A)");
});

test("so it is told of what could not be reached", (t) => {
  const cause = new TypeError("fetch failed", { cause: Object.assign(new Error("x"), { code: "ECONNREFUSED" }) });
  const error = new PosternError("unavailable", "the auth service can not be reached", { cause });
  t.is(exitLine(error), "the auth service can not be reached (ECONNREFUSED): nothing listens at that address");
});
