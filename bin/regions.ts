import type { Command } from "commander";
import { PosternError } from "../core/errors.js";
import { createUplink } from "../core/uplink.js";
import type { Logger } from "../frontends/frontend.js";
import type { NetworkProcess } from "../network/index.js";
import { startNetworkProcess } from "../network/process-client.js";
import { openGrantDatabase } from "../store/knex/open.js";
import { settingsKeyOf } from "./bucket-settings.js";
import { authTokenOf } from "./credentials.js";
import { type DataDir, openDataDir } from "./data-dir.js";
import { readEnvironment } from "./env.js";
import { exitLine } from "./exit-line.js";
import { firstCredentials } from "./first-credentials.js";
import { type KeptRunning, keepRunning } from "./kept-running.js";
import { createLogger } from "./logger.js";
import { startPostern } from "./postern-process.js";
import { freeRegionPorts, type RegionPorts } from "./region-ports.js";
import { openRegionTls, type RegionTls } from "./region-tls.js";
import { type RegionsConfig, type RegionsFlags, regionStep, regionsConfig } from "./regions-config.js";
import { type RegionsReadyFile, regionsBanner, regionsFileName } from "./regions-file.js";
import { remoteAccess } from "./remote-access.js";
import { runUntilTold } from "./run.js";
import { type Satellite, satelliteOfGrant, satelliteOfNetwork } from "./satellite.js";
import type { Stopper } from "./stopper.js";
import { addTlsOptions } from "./tls.js";

/** `postern regions`: several gateways with auth services of their own on one database, on one machine. */
export function addRegionsCommand(program: Command): void {
  addTlsOptions(program.command("regions"))
    .description("run several gateways, each with an auth service, on one PostgreSQL; what ends is started again")
    .option("--count <regions>", "how many (default: 3)")
    .option("--auth-database <url>", "PostgreSQL that all share (env: POSTERN_AUTH_DATABASE)")
    .option("--data-dir <dir>", "folder for everything that is kept (default: .postern; env: POSTERN_DATA_DIR)")
    .option("--ephemeral", "take free ports for everything, and the same ones at the next start")
    .option("--host <address>", "address to listen on (default: 127.0.0.1)")
    .option("--port <port>", "S3 of the first region; auth on the three after it, the next 100 on (default: 9000)")
    .option("--satellite-port <port>", "embedded satellite; storage nodes take the ports after it (default: 9010)")
    .option(
      "--access <grant>",
      "access grant for any satellite, in place of the embedded network (env: POSTERN_ACCESS)",
    )
    .option("--auth-token <token>", "token of the gateways (env: POSTERN_AUTH_TOKEN)")
    .option("--requests-per-minute <count>", "of one client's address at each auth service (default: 600)")
    .option("--log-level <level>", "debug, info, warn, error or silent (default: warn; env: POSTERN_LOG_LEVEL)")
    .action((flags: RegionsFlags) =>
      runUntilTold(async (stopper) => {
        const config = regionsConfig(flags, readEnvironment());
        return regionsBanner(await start(config, stopper), config.serve.dataDir);
      }),
    );
}

interface Region {
  readonly s3: string;
  readonly authHttp: string;
  readonly authGrpc: string;
  readonly authDrpc: string;
  readonly auth: KeptRunning;
  gateway: KeptRunning | undefined;
}

async function start(config: RegionsConfig, stopper: Stopper): Promise<RegionsReadyFile> {
  const { serve } = config;
  const log = createLogger(serve.logLevel);
  const given = serve.accessGrant === undefined ? undefined : satelliteOfGrant(serve.accessGrant);
  const dir = await openDataDir(serve.dataDir);
  stopper.add("data folder", () => dir.release());
  const regions: Region[] = [];
  const pids = () => regions.flatMap(({ auth, gateway }) => [auth.pid, gateway?.pid]);
  const tls = await openRegionTls(config, pids, stopper, log);
  // What is wrong with it is told once, before anything runs; and the tables are made.
  await (await openGrantDatabase(config.database)).destroy();
  const ports = await portsOf(config, dir);
  const network = given === undefined ? await startNetwork(config, ports, dir, stopper, log) : undefined;
  const satellite = given ?? satelliteOfNetwork(network!.nodeUrl);
  const token = serve.authToken ?? (await authTokenOf(dir));
  const secrets = {
    POSTERN_AUTH_TOKEN: token,
    POSTERN_AUTH_DATABASE: config.database,
    POSTERN_SETTINGS_KEY: Buffer.from(await settingsKeyOf(serve, dir)).toString("base64"),
  };

  stopper.add("regions", () =>
    Promise.all(regions.flatMap(({ auth, gateway }) => [auth.stop(), gateway?.stop() ?? Promise.resolve()])),
  );
  /** Written again whenever a process has another number; undefined until all of them run. */
  let ready: (() => RegionsReadyFile) | undefined;
  let writing: Promise<void> = Promise.resolve();
  const tellReady = (): Promise<void> => {
    writing = writing.then(async () => {
      if (ready !== undefined) await dir.writeJson(regionsFileName, ready());
    });
    return writing;
  };
  const common = ["--host", serve.host, "--log-level", serve.logLevel];
  const run = (name: string, args: readonly string[], folder: string): Promise<KeptRunning> =>
    keepRunning({
      name,
      start: () => startPostern([...args, ...tls.flags, ...common, "--data-dir", dir.file(folder)], secrets),
      onEnd: (text) => log.warn({}, text),
      onReady: () => {
        tellReady().catch((error: unknown) => log.warn({ error: exitLine(error) }, "writing the ready file failed"));
      },
    });

  // Side by side, so that all are up after the time that one needs.
  await all(
    ports.regions.map(async (port, i) => {
      regions[i] = await startAuth(config, run, { port, number: i + 1, satellite, tls });
    }),
  );
  await all(
    regions.map(async (region, i) => {
      const others = regions.filter((other) => other !== region).map(({ authHttp }) => authHttp);
      const flags = ["--s3-port", String(ports.regions[i]), "--auth-url", region.authHttp, ...others];
      region.gateway = await run(`the gateway of region ${i + 1}`, ["gateway", ...flags], `region-${i + 1}/gateway`);
    }),
  );

  const uplink = createUplink({ userAgent: "Postern-Gateway/0.1.0", satelliteAddresses: satellite.addresses });
  const access = remoteAccess(
    regions.map(({ authHttp }) => authHttp),
    token,
  );
  const credentials = await firstCredentials(serve, { dir, network, satellite, uplink, access }).finally(() =>
    uplink.close(),
  );
  ready = () => ({
    regions: regions.map(({ s3, authHttp, authGrpc, authDrpc, auth, gateway }) => ({
      ...{ s3, authHttp, authGrpc, authDrpc },
      pids: { gateway: gateway?.pid, auth: auth.pid },
    })),
    ...credentials,
    satellite: satellite.url,
    authToken: token,
    pids: { regions: process.pid, network: network?.pid },
  });
  await tellReady();
  stopper.add("ready file", async () => {
    ready = undefined;
    await writing;
    await dir.remove(regionsFileName);
  });
  return ready();
}

interface AuthOfRegion {
  readonly port: number;
  readonly number: number;
  readonly satellite: Satellite;
  readonly tls: RegionTls;
}

async function startAuth(
  config: RegionsConfig,
  run: (name: string, args: readonly string[], folder: string) => Promise<KeptRunning>,
  { port, number, satellite, tls }: AuthOfRegion,
): Promise<Region> {
  const { scheme, host } = tls;
  const s3 = `${scheme}://${host}:${port}`;
  const flags = [
    // As many processes as there are regions are enough for one machine.
    ...["--satellite", satellite.url, "--endpoint", s3, "--processes", "1"],
    ...["--auth-port", String(port + 1), "--auth-grpc-port", String(port + 2), "--auth-drpc-port", String(port + 3)],
    ...(config.requestsPerMinute === undefined ? [] : ["--requests-per-minute", config.requestsPerMinute]),
  ];
  return {
    s3,
    authHttp: `${scheme}://${host}:${port + 1}`,
    authGrpc: `${host}:${port + 2}`,
    authDrpc: `${host}:${port + 3}`,
    auth: await run(`the auth service of region ${number}`, ["auth", ...flags], `region-${number}/auth`),
    gateway: undefined,
  };
}

async function startNetwork(
  { serve }: RegionsConfig,
  { satellite }: RegionPorts,
  dir: DataDir,
  stopper: Stopper,
  log: Logger,
): Promise<NetworkProcess> {
  const network = await startNetworkProcess({
    dir: dir.file("network"),
    control: true,
    host: serve.host,
    ports: { satellite, firstNode: serve.ports.firstNode },
    onProblem: (message, error) => log.warn({ error: exitLine(error) }, message),
    onExit: (error) => stopper.fail(error),
  });
  stopper.add("embedded network", () => network.stop());
  return network;
}

async function portsOf({ serve, count, firstPort }: RegionsConfig, dir: DataDir): Promise<RegionPorts> {
  if (firstPort === undefined) return freeRegionPorts(dir, serve.host, count);
  const regions = Array.from({ length: count }, (_, i) => firstPort + i * regionStep);
  if (regions.at(-1)! + regionStep > 65_535)
    throw new PosternError("invalid-argument", "--port is too high for so many");
  return { regions, satellite: serve.ports.satellite };
}

/** Waits for all of them, also when one fails: whoever stops must know what runs. */
async function all(starts: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(starts)) if (result.status === "rejected") throw result.reason;
}
