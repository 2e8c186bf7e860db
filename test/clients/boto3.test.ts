import { join } from "node:path";
import { repositoryRoot } from "../helpers/root.js";
import { mustRun } from "../helpers/run-program.js";
import { awsEnvironment, clientTest, MiB, usualSizes } from "./round.js";

const program = ["python3", "-c", "import boto3"] as const;

/** In their default configuration; the scripts assert, and print what they checked. */
function boto3Test(script: string, args: readonly string[], says: string): void {
  clientTest({ title: `boto3 does its round: ${says}`, program }, async (t, { ready, dir }) => {
    const path = join(repositoryRoot, "test", "clients", script);
    const env = { ...awsEnvironment(ready), ENDPOINT: ready.s3 };
    const { stdout } = await mustRun("python3", [path, ...args], { env, cwd: dir, timeoutMs: 280_000 });
    t.is(stdout.trim(), says);
  });
}

const sizes = [...usualSizes, 20 * MiB];
boto3Test("boto3_round.py", sizes.map(String), `${sizes.length} files, all equal`);
boto3Test("boto3_resources.py", [], "resources, transfers, forms, versions");
