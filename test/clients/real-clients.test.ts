import test, { type ExecutionContext } from "ava";
import { hasProgram } from "../helpers/run-program.js";
import { startTempServer } from "../helpers/server.js";
import { tempDir } from "../helpers/temp-dir.js";
import { awsCliRound } from "./aws-cli.js";
import { awsSdkRound } from "./aws-sdk.js";
import { boto3Round } from "./boto3.js";
import { rcloneRound } from "./rclone.js";
import { type ClientRound, KiB, MiB } from "./round.js";
import { s3cmdRound } from "./s3cmd.js";

/** One server for all rounds; they use different buckets and may run side by side. */
let server: Awaited<ReturnType<typeof startTempServer>>;

test.before(async () => {
  server = await startTempServer();
});
test.after.always(async () => {
  await server?.close();
});

type Round = (t: ExecutionContext, round: ClientRound) => Promise<void>;

const small = [0, 1, 4 * KiB, 4 * KiB + 1, 5 * MiB];
const all = [...small, 200 * MiB];

function client(name: string, present: boolean, sizes: readonly number[], round: Round): void {
  // CI installs every client, so there a missing one is a failure and not a skip.
  const run = present || process.env["CI"] !== undefined ? test : test.skip;
  run(`${name} does its whole round`, async (t) => {
    t.timeout(300_000);
    const dir = await tempDir();
    t.teardown(dir.remove);
    await round(t, { ready: server.ready, dir: dir.path, sizes });
  });
}

client("aws-cli", hasProgram("aws"), all, awsCliRound);
client("boto3", hasProgram("python3", ["-c", "import boto3"]), all, boto3Round);
client("@aws-sdk/client-s3", true, [...small, 20 * MiB], awsSdkRound);
client("rclone", hasProgram("rclone"), [...small, 20 * MiB], rcloneRound);
client("s3cmd", hasProgram("s3cmd"), [...small, 20 * MiB], s3cmdRound);
