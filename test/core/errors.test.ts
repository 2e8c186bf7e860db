import { inspect } from "node:util";
import test from "ava";
import { isPosternError, PosternError, toPosternError } from "../../core/errors.js";

test("errors of another copy of the package are known, as a plugin may come with one", async (t) => {
  const specifier = new URL("../../core/errors.js?copy", import.meta.url).href;
  const copy = (await import(specifier)) as { PosternError: typeof PosternError };
  t.not(copy.PosternError, PosternError);
  const error: unknown = new copy.PosternError("object-not-found", "gone", { cause: 1, status: 5 });
  t.true(error instanceof PosternError);
  t.true(isPosternError(error, "object-not-found"));
  t.false(isPosternError(error, "internal"));
  t.is(toPosternError(error), error as PosternError);
});

test("nothing else is taken for one, and they look as before", (t) => {
  for (const other of [undefined, null, 1, "x", {}, new Error("x"), { code: "internal", name: "PosternError" }]) {
    t.false(other instanceof PosternError);
    t.false(isPosternError(other));
  }
  const error = new PosternError("internal", "text");
  t.true(error instanceof Error);
  t.deepEqual(Object.keys(error).sort(), ["code", "name", "status"]);
  t.false(inspect(error).includes("Symbol"));
});
