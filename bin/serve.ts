import { createUplink } from "../core/uplink.js";
import { authFrontend } from "../frontends/auth/index.js";
import type { FrontendDeps, Logger, RunningFrontend } from "../frontends/frontend.js";
import { s3Frontend } from "../frontends/s3/index.js";
import { type NetworkProcess, startNetworkProcess } from "../network/index.js";
import { openGrantDatabase } from "../store/knex/open.js";
import { startAccessKeys } from "./access-keys.js";
import { banner } from "./banner.js";
import { openBucketSettings } from "./bucket-settings.js";
import type { ServeConfig } from "./config.js";
import { authTokenOf } from "./credentials.js";
import { type DataDir, openDataDir } from "./data-dir.js";
import { exitLine } from "./exit-line.js";
import { firstCredentials, projectCredentials } from "./first-credentials.js";
import { createLogger } from "./logger.js";
import { type ReadyFile, readyFileName } from "./ready-file.js";
import { satelliteOfGrant, satelliteOfNetwork } from "./satellite.js";
import { createStopper, type Stopper } from "./stopper.js";

const graceMs = 3_000;

/** Runs the gateway until it is told to stop. Rejects, with everything closed again, when it can not start. */
export async function serve(config: ServeConfig): Promise<void> {
  const stopper = createStopper();
  try {
    const ready = await start(config, stopper);
    process.stdout.write(banner(ready, { dataDir: config.dataDir, embedded: config.accessGrant === undefined }));
    await stopper.untilTold();
  } finally {
    await stopper.stop();
  }
}

async function start(config: ServeConfig, stopper: Stopper): Promise<ReadyFile> {
  const log = createLogger(config.logLevel);
  const { host, ports } = config;
  const givenSatellite = config.accessGrant === undefined ? undefined : satelliteOfGrant(config.accessGrant);
  const dir = await openDataDir(config.dataDir);
  stopper.add("data folder", () => dir.release());

  const network = givenSatellite === undefined ? await startNetwork(config, dir, stopper, log) : undefined;
  const satellite = givenSatellite ?? satelliteOfNetwork(network!.nodeUrl);
  const uplink = createUplink({ userAgent: "Postern-Gateway/0.1.0", satelliteAddresses: satellite.addresses });
  stopper.add("uplink", () => uplink.close());

  // The S3 address is handed out with new credentials, and known only when it listens.
  let endpoint = "";
  const db = await openGrantDatabase(config.databases.auth ?? dir.file("auth.db"));
  stopper.add("credentials database", () => db.destroy());
  const settings = await openBucketSettings(config, db, dir);
  const access = await startAccessKeys(config, { db, satellite, stopper, log, endpoint: () => endpoint });
  const deps: FrontendDeps = { openProject: (grant) => uplink.openProject(grant), access, settings, log };
  const s3 = running(stopper, await startS3(config, deps));
  endpoint = s3["http"]!;

  const authToken = config.fixedCredentials === undefined ? (config.authToken ?? (await authTokenOf(dir))) : undefined;
  const auth = authToken === undefined ? {} : running(stopper, await startAuth(config, authToken, deps));

  const parts = { dir, network, satellite, uplink, access };
  const credentials = await firstCredentials(config, parts);
  const ready: ReadyFile = {
    s3: endpoint,
    ...credentials,
    satellite: satellite.url,
    authHttp: auth["http"],
    authGrpc: auth["grpc"],
    authDrpc: auth["drpc"],
    authToken,
    projects: await projectCredentials(config.projects, parts),
    pids: { gateway: process.pid, network: network?.pid },
  };
  await dir.writeJson(readyFileName, ready);
  stopper.add("ready file", () => dir.remove(readyFileName));
  return ready;
}

async function startNetwork(config: ServeConfig, dir: DataDir, stopper: Stopper, log: Logger): Promise<NetworkProcess> {
  const { satellite, firstNode } = config.ports;
  const network = await startNetworkProcess({
    dir: dir.file("network"),
    database: config.databases.satellite,
    control: true,
    host: config.host,
    ports: { satellite, firstNode },
    onProblem: (message, error) => log.warn({ error: exitLine(error) }, message),
    onExit: (error) => stopper.fail(error),
  });
  stopper.add("embedded network", () => network.stop());
  return network;
}

function startS3({ host, ports, domains, websiteDomains }: ServeConfig, deps: FrontendDeps): Promise<RunningFrontend> {
  return s3Frontend({ host, port: ports.s3, baseDomains: domains, websiteDomains }).start(deps);
}

function startAuth(config: ServeConfig, token: string, deps: FrontendDeps): Promise<RunningFrontend> {
  const { authHttp: httpPort, authGrpc: grpcPort, authDrpc: drpcPort } = config.ports;
  return authFrontend({ host: config.host, httpPort, grpcPort, drpcPort, tokens: [token] }).start(deps);
}

function running(stopper: Stopper, frontend: RunningFrontend): Readonly<Record<string, string>> {
  stopper.add(`${frontend.name} frontend`, () => frontend.stop({ graceMs }));
  return frontend.addresses;
}
