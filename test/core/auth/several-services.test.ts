import test from "ava";
import type { AuthService, ResolvedGrant } from "../../../core/auth/service.js";
import { severalAuthServices } from "../../../core/auth/several-services.js";
import { type ErrorCode, PosternError } from "../../../core/errors.js";

const found = (secretKey: string): ResolvedGrant => ({
  ...{ accessGrant: "grant", secretKey, public: false, usageTags: [] },
  ...{ publicProjectId: undefined, projectCreatedAt: undefined },
});

/** Services that fail as they are told, and a note of who was asked. */
function services(count: number) {
  const fails: (ErrorCode | undefined)[] = [];
  const asked: string[] = [];
  const all = Array.from({ length: count }, (_, i): AuthService => {
    const answer = async <T>(what: string, value: T): Promise<T> => {
      asked.push(`${what} ${i}`);
      if (fails[i] !== undefined) throw new PosternError(fails[i], `service ${i}`);
      return value;
    };
    return {
      resolve: () => answer("resolve", found(String(i))),
      register: () => answer("register", { accessKeyId: "", secretKey: String(i), endpoint: "" }),
      ping: () => answer("ping", undefined),
    };
  });
  return { all, fails, asked: () => asked.splice(0) };
}

test("the nearest is asked; another where it is away, and then it is left alone for a while", async (t) => {
  let now = 0;
  const { all, fails, asked } = services(3);
  const access = severalAuthServices(all, { pauseMs: 10, backoffMs: 0, now: () => now });
  t.is((await access.resolve("id")).secretKey, "0");
  t.deepEqual(asked(), ["resolve 0"]);
  fails[0] = "unavailable";
  t.is((await access.resolve("id")).secretKey, "1");
  t.is((await access.resolve("id")).secretKey, "1");
  t.deepEqual(asked(), ["resolve 0", "resolve 1", "resolve 1"]);
  fails[0] = undefined;
  now = 10;
  t.is((await access.resolve("id")).secretKey, "0");
});

test("what a service answers is not asked of another", async (t) => {
  const { all, fails, asked } = services(2);
  const access = severalAuthServices(all, { backoffMs: 0 });
  for (const code of ["not-found", "permission-denied", "internal"] as const) {
    fails[0] = code;
    await t.throwsAsync(access.resolve("id"), { code });
    t.deepEqual(asked(), ["resolve 0"]);
  }
});

test("all are asked several times before a look-up fails; a registration is tried once", async (t) => {
  const { all, fails, asked } = services(2);
  fails.push("unavailable", "unavailable");
  const access = severalAuthServices(all, { rounds: 2, backoffMs: 0 });
  await t.throwsAsync(access.resolve("id"), { code: "unavailable" });
  t.is(asked().length, 4);
  await t.throwsAsync(access.register({ accessGrant: "", public: false }), { code: "unavailable" });
  t.is(asked().length, 1);
});
