import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ServeConfig } from "./config.js";
import type { ConfiguredFrontend } from "./frontends.js";
import { type ReadyFile, readyFileName } from "./ready-file.js";

/** What `postern serve --list` says: frontends, where they listen, or would, and their options. */
export function frontendList(frontends: readonly ConfiguredFrontend[], config: ServeConfig): string {
  const ready = readyOf(config.dataDir);
  const head =
    ready === undefined
      ? `Not running on ${config.dataDir}; this is what would be started.`
      : `Running on ${config.dataDir}, process ${ready.pids.gateway}; options are those of this command line.`;
  const texts = frontends.map((one) => [titleOf(one), ...placesOf(one, ready), ...optionsOf(one)].join("\n"));
  const shared = ready?.grpc ?? `${config.host}:${config.ports.authGrpc}`;
  return `${head}\n\n${texts.join("\n\n")}\n\nshared gRPC server, where a frontend has a service for it: ${shared}\n`;
}

function titleOf({ name, file }: ConfiguredFrontend): string {
  return `${name}  (${file ?? "built in"})`;
}

function placesOf({ name, plugin, options }: ConfiguredFrontend, ready: ReadyFile | undefined): string[] {
  if (ready !== undefined) {
    const addresses = ready.frontends?.[name];
    if (addresses === undefined) return ["  not among those that run"];
    return Object.entries(addresses).map(([purpose, address]) => `  listens    ${purpose}: ${address}`);
  }
  const host = Object.entries(plugin.options).find(([, field]) => field.kind === "host")?.[0];
  const address = String(host === undefined ? "127.0.0.1" : options[host]?.value);
  return Object.entries(plugin.options).flatMap(([key, field]) => {
    const port = options[key]?.value;
    if (field.kind !== "port" || port === undefined) return [];
    return [`  would listen  ${key}: ${address}:${port === 0 ? "(a free port)" : String(port)}`];
  });
}

function optionsOf({ plugin, options }: ConfiguredFrontend): string[] {
  return Object.entries(plugin.options).map(([key, field]) => {
    const set = options[key];
    const value = set === undefined ? "not set" : field.secret ? "(secret)" : JSON.stringify(set.value);
    const from = set === undefined || set.from === "default" ? "" : `  from ${set.from}`;
    return `  ${key} = ${value}${from}\n      ${field.about}`;
  });
}

/** The file is there while a server runs, and after one that was killed: then its process is not. */
function readyOf(dataDir: string): ReadyFile | undefined {
  try {
    const ready = JSON.parse(readFileSync(join(dataDir, readyFileName), "utf8")) as ReadyFile;
    process.kill(ready.pids.gateway, 0);
    return ready;
  } catch {
    // No file, or no such process: nothing runs there.
    return undefined;
  }
}
