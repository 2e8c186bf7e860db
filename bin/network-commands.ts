import { join } from "node:path";
import type { Command } from "commander";
import { controlNetwork } from "../network/control-client.js";
import type { ControlCommand, ControlCommands } from "../network/index.js";
import { dataDir, type NetworkFlags, networkConfig, networkFolder, wholeNumber } from "./config.js";
import { readEnvironment } from "./env.js";
import { statusText } from "./network-status.js";

/** `postern network`, and the commands to a network that runs, also to that of `postern serve`. */
export function addNetworkCommands(program: Command): void {
  const network = program
    .command("network")
    .description("run a satellite and storage nodes without a gateway, or tell a running network what to do")
    .option("--data-dir <dir>", "folder for everything that is kept (default: .postern; env: POSTERN_DATA_DIR)")
    .option("--ephemeral", "take free ports for everything")
    .option("--host <address>", "address to listen on (default: 127.0.0.1)")
    .option("--satellite-port <port>", "satellite; storage nodes take the ports after it (default: 9010)")
    .option("--nodes <count>", "storage nodes at least (default: 10)")
    .option("--satellite-database <url>", "PostgreSQL for the satellite (env: POSTERN_SATELLITE_DATABASE)")
    .option("--log-level <level>", "debug, info, warn, error or silent (default: warn; env: POSTERN_LOG_LEVEL)")
    .action(async (flags: NetworkFlags) => {
      const { runNetwork } = await import("./network.js");
      return runNetwork(networkConfig(flags, readEnvironment()));
    });

  const showDataDir = "--data-dir says which network, as above.";
  network
    .command("status")
    .description("show nodes, their space, and the health of the segments")
    .option("--json", "for programs")
    .addHelpText("after", `\n${showDataDir}`)
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const status = await tell(command, "status", {});
      say(json === true ? `${JSON.stringify(status, null, 2)}\n` : statusText(status));
    });

  network
    .command("repair")
    .description("repair now the segments that have too few pieces")
    .action(async (_: unknown, command: Command) => {
      const { checked, repaired, lost, failed } = await tell(command, "repair", {});
      say(`segments: ${checked} looked at, ${repaired} repaired, ${failed} failed, ${lost} lost\n`);
    });

  network
    .command("audit")
    .description("ask nodes now for random stripes of random segments, and check what they send")
    .option("--segments <count>", "segments to look at (default: 3)")
    .action(async ({ segments }: { segments?: string }, command: Command) => {
      const args = segments === undefined ? {} : { segments: wholeNumber("--segments", segments) };
      const round = await tell(command, "audit", args);
      const { success, failure, offline, unknown } = round;
      say(
        `segments: ${round.segments} looked at; pieces: ${success} right, ${failure} wrong, ${offline} offline, ${unknown} unknown\n`,
      );
    });

  network
    .command("gc")
    .description("tell the nodes now which pieces to keep; the others go to their trash")
    .action(async (_: unknown, command: Command) => {
      const { sent, failed } = await tell(command, "gc", {});
      say(`filters: ${sent} taken by their nodes, ${failed} not\n`);
    });

  const node = network.command("node").description("stop, start, add or remove a storage node");
  node
    .command("add")
    .description("add an empty storage node")
    .action(async (_: unknown, command: Command) => {
      say(`node ${(await tell(command, "node-add", {})).index} added\n`);
    });
  const nodeCommands = [
    ["stop", "node-stop", "stopped", "stop a storage node, as if its machine went away"],
    ["start", "node-start", "started", "start a stopped storage node, with its pieces"],
    ["remove", "node-remove", "removed", "end a storage node for good and delete all it holds"],
  ] as const;
  for (const [name, command, done, description] of nodeCommands) {
    node
      .command(`${name} <number>`)
      .description(description)
      .action(async (text: string, _: unknown, self: Command) => {
        const { index } = await tell(self, command, { index: wholeNumber("the number of a node", text) });
        say(`node ${index} ${done}\n`);
      });
  }
}

function tell<C extends ControlCommand>(
  command: Command,
  name: C,
  args: ControlCommands[C]["args"],
): Promise<ControlCommands[C]["answer"]> {
  const dir = dataDir(command.optsWithGlobals<NetworkFlags>(), readEnvironment());
  return controlNetwork(join(dir, networkFolder), name, args);
}

function say(text: string): void {
  process.stdout.write(text);
}
