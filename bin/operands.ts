import type { Command } from "commander";

/** For commands that have subcommands, or are what runs without one: a word they do not know is a command mistyped. */
export function refuseOperands(command: Command): Command {
  return command.allowExcessArguments().hook("preAction", (_, acting) => {
    const [word] = acting === command ? command.args : [];
    if (word !== undefined) command.error(`error: unknown command '${word}'; see --help`);
  });
}
