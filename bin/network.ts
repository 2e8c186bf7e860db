import { createUplink } from "../core/uplink.js";
import { type RunningNetwork, startNetwork } from "../network/index.js";
import { type NetworkConfig, networkFolder } from "./config.js";
import { keepGrant, readGrant } from "./credentials.js";
import { type DataDir, openDataDir } from "./data-dir.js";
import { exitLine } from "./exit-line.js";
import { createLogger } from "./logger.js";
import { firstProject, newProjectGrant } from "./project-grant.js";
import { runUntilTold } from "./run.js";
import { satelliteOfNetwork } from "./satellite.js";
import type { Stopper } from "./stopper.js";

/** DATA/network.json: written when everything listens, gone when it stops. Only its owner may read it. */
export interface NetworkReadyFile {
  /** Node URL: id@host:port. */
  readonly satellite: string;
  /** Text of an access grant for everything in the project. */
  readonly accessGrant: string;
  readonly pid: number;
}

const readyFileName = "network.json";

/** Runs a satellite and storage nodes, and nothing else, until it is told to stop. */
export function runNetwork(config: NetworkConfig): Promise<void> {
  return runUntilTold(async (stopper) => {
    const dir = await openDataDir(config.dataDir);
    stopper.add("data folder", () => dir.release());
    const network = await start(config, dir, stopper);
    const accessGrant = await grantOf(network, dir);
    const ready: NetworkReadyFile = { satellite: network.nodeUrl, accessGrant, pid: process.pid };
    await dir.writeJson(readyFileName, ready);
    stopper.add("ready file", () => dir.remove(readyFileName));
    return banner(ready, network.nodes().length, config.dataDir);
  });
}

async function start(config: NetworkConfig, dir: DataDir, stopper: Stopper): Promise<RunningNetwork> {
  const log = createLogger(config.logLevel);
  const network = await startNetwork({
    dir: dir.file(networkFolder),
    database: config.database,
    host: config.host,
    ports: config.ports,
    nodes: config.nodes,
    control: true,
    onProblem: (message, error) => log.warn({ error: exitLine(error) }, message),
  });
  stopper.add("network", () => network.stop());
  return network;
}

/** The same grant that `postern serve` on this folder has or will have. */
async function grantOf(network: RunningNetwork, dir: DataDir): Promise<string> {
  const satellite = satelliteOfNetwork(network.nodeUrl);
  const kept = await readGrant(dir);
  if (kept !== undefined) return satellite.current(kept);
  const uplink = createUplink({ userAgent: "Postern/0.1.0" });
  try {
    const grant = await newProjectGrant(network, firstProject, { satellite: network.nodeUrl, uplink });
    await keepGrant(dir, grant);
    return grant;
  } finally {
    await uplink.close();
  }
}

function banner({ satellite, accessGrant }: NetworkReadyFile, nodes: number, dataDir: string): string {
  return `
Postern's network is ready.

Satellite          ${satellite}
Storage nodes      ${nodes}
Data folder        ${dataDir}

Access grant for everything in its project, which is a secret:

${accessGrant}

Try it:

  uplink access import postern $(jq -r .accessGrant ${dataDir}/${readyFileName})
  uplink mb sj://hello
  postern network status --data-dir ${dataDir}

Ctrl-C stops the network; what it stored stays in ${dataDir}.
`;
}
