import test, { type ExecutionContext } from "ava";
import type { ReadyFile } from "../../bin/ready-file.js";
import { hasProgram } from "../helpers/run-program.js";
import { startTempServer } from "../helpers/server.js";
import { tempDir } from "../helpers/temp-dir.js";

/** What a client's round works with. */
export interface ClientRound {
  readonly ready: ReadyFile;
  /** A folder of the round's own. */
  readonly dir: string;
}

export const KiB = 1024;
export const MiB = 1024 * KiB;

/** Sizes of the files that go up and down in every round, in bytes: around what is kept inline, and one whole part. */
export const usualSizes: readonly number[] = [0, 1, 4 * KiB, 4 * KiB + 1, 5 * MiB];

export interface ClientTest {
  /** The client's name and what is done with it. */
  readonly title: string;
  /** A command that succeeds where the client is installed; without it, it always is. */
  readonly program?: readonly [command: string, ...args: string[]];
  /** Why it can not run on this machine, whatever is installed. */
  readonly unfit?: string | undefined;
  /** Options of the server; none when absent. */
  readonly args?: readonly string[];
}

type Server = Awaited<ReturnType<typeof startTempServer>>;

/** One for all tests of a file that want the same: a whole network is slow to start. */
const servers = new Map<string, Promise<Server>>();

test.after.always(async () => {
  for (const server of await Promise.allSettled(servers.values())) {
    if (server.status === "fulfilled") await server.value.close();
  }
});

/**
 * One test of a real client against a server, which it shares with the others of its file. CI installs every client, so there a missing one is a failure
 * and not a skip.
 */
export function clientTest(
  { title, program, unfit, args }: ClientTest,
  round: (t: ExecutionContext, round: ClientRound) => Promise<void>,
): void {
  if (unfit !== undefined) {
    test.skip(`${title} (${unfit})`, () => {});
    return;
  }
  const [command, ...flags] = program ?? [];
  if (command !== undefined && process.env["CI"] === undefined && !hasProgram(command, flags)) {
    test.skip(`${title} (${command} is not installed)`, () => {});
    return;
  }
  test(title, async (t) => {
    t.timeout(300_000);
    const dir = await tempDir();
    t.teardown(dir.remove);
    const key = JSON.stringify(args ?? []);
    if (!servers.has(key)) servers.set(key, startTempServer(args));
    const { ready } = await servers.get(key)!;
    await round(t, { ready, dir: dir.path });
  });
}

/** The environment of clients that read Amazon's variables, with no settings of the machine's. */
export function awsEnvironment(ready: ReadyFile): Readonly<Record<string, string>> {
  return {
    AWS_ACCESS_KEY_ID: ready.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ready.secretKey,
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
  };
}
