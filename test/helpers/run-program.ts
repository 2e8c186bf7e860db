import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

export interface ProgramResult {
  /** Null when it was killed, because its time was over or by somebody else. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Milliseconds until it is killed; 120 000 when absent. */
  readonly timeoutMs?: number;
}

/** Until what a program wrote is read after its end: programs that it left behind may hold its output open for ever. */
const outputMs = 5_000;

/** Runs a program to its end and gives what it said. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
    timeout: options.timeoutMs ?? 120_000,
    killSignal: "SIGKILL",
    stdio: ["pipe", "pipe", "pipe"],
  });
  const exited = once(child, "exit") as Promise<[number | null]>;
  child.stdin.on("error", () => {}); // it need not read what it is given
  child.stdin.end(options.input ?? "");
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await exited;
  const timer = setTimeout(() => {
    child.stdout.destroy();
    child.stderr.destroy();
  }, outputMs);
  const [stdout, stderr] = await output;
  clearTimeout(timer);
  return { code, stdout, stderr };
}

/** As `runProgram`, but fails the test with what the program said when it exits with anything but 0. */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const result = await runProgram(command, args, options);
  if (result.code !== 0) {
    const how = result.code === null ? "was killed (its time was over)" : `exited with ${result.code}`;
    throw new Error(`${command} ${args.join(" ")} ${how}\n${result.stdout}\n${result.stderr}`);
  }
  return result;
}

export function hasProgram(command: string, args: readonly string[] = ["--version"]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** What comes until the end, or until the stream is given up. */
async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    all += chunk;
  });
  await new Promise<void>((resolve) => stream.on("close", () => resolve()));
  return all;
}
