import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import type { GrantStore } from "../core/auth/grant-store.js";
import { createRecordsAdmin, type RecordsAdmin } from "../core/auth/records-admin.js";
import { PosternError } from "../core/errors.js";
import { knexGrantStore } from "../store/knex/grant-store.js";
import { openGrantDatabase } from "../store/knex/open.js";
import { authDatabase } from "./auth-config.js";
import { dataDir } from "./config.js";
import { readEnvironment } from "./env.js";
import { loadGrantStore } from "./grant-store.js";

interface RecordsFlags {
  readonly dataDir?: string;
  readonly authDatabase?: string;
  readonly authStore?: string;
  readonly reason?: string;
}

/** `postern auth records …`, on the database itself: also while services that use it run, or none does. */
export function addRecordsCommands(auth: Command): void {
  const records = auth
    .command("records")
    .description("records by access key id, or by macaroon head (64 hex digits): all of one API key")
    // The parent's options, of which help tells nothing here.
    .addHelpText(
      "afterAll",
      "\nWhere the records are is said as to postern auth: --auth-database <url> (env: POSTERN_AUTH_DATABASE),\n" +
        "--data-dir <dir> (env: POSTERN_DATA_DIR), --auth-store <path-or-package>.",
    );
  const add = (name: string, description: string, run: (admin: RecordsAdmin, which: string) => Promise<string>) =>
    records
      .command(`${name} <which>`)
      .description(description)
      .action((which: string, _: unknown, command: Command) => withAdmin(command, (admin) => run(admin, which)));

  add("show", "print the records as JSON; nothing in them is secret", async (admin, which) => {
    return JSON.stringify(await admin.show(which), null, 2);
  });
  add("unpublish", "make the records private", async (admin, which) => {
    return `unpublished: ${await admin.unpublish(which)}`;
  });
  add("delete", "remove the records for good", async (admin, which) => `deleted: ${await admin.delete(which)}`);
  records
    .command("invalidate <which>")
    .description("refuse the records from now on, and keep why")
    .requiredOption("--reason <text>", "told to gateways that ask for the key")
    .action((which: string, { reason }: { reason: string }, command: Command) =>
      withAdmin(command, async (admin) => `invalidated: ${await admin.invalidate(which, reason)}`),
    );
}

async function withAdmin(command: Command, run: (admin: RecordsAdmin) => Promise<string>): Promise<void> {
  const flags = command.optsWithGlobals<RecordsFlags>();
  const store = await openStore(flags);
  try {
    process.stdout.write(`${await run(createRecordsAdmin(store))}\n`);
  } finally {
    await store.close();
  }
}

async function openStore(flags: RecordsFlags): Promise<GrantStore> {
  const env = readEnvironment();
  if (flags.authStore !== undefined) return loadGrantStore(flags.authStore, { dataDir: dataDir(flags, env) });
  const database = authDatabase(flags, env) ?? (await existing(join(dataDir(flags, env), "auth.db")));
  return knexGrantStore(await openGrantDatabase(database));
}

/** Opening would make a new file where a path is mistyped. */
async function existing(file: string): Promise<string> {
  try {
    await access(file);
    return file;
  } catch (error) {
    throw new PosternError("not-found", `there is no credentials database ${file}; see --data-dir`, { cause: error });
  }
}
