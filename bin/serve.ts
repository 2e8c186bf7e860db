import type { Certificates, TlsSource } from "../core/index.js";
import { createUplink } from "../core/uplink.js";
import { auth } from "../frontends/auth/index.js";
import type { Logger } from "../frontends/frontend.js";
import type { RunningHost } from "../frontends/host/index.js";
import { linkshare } from "../frontends/linkshare/index.js";
import { s3 } from "../frontends/s3/index.js";
import type { EdgeUrls, NetworkProcess } from "../network/index.js";
import { startNetworkProcess } from "../network/process-client.js";
import { openGrantDatabase } from "../store/knex/open.js";
import { startAccessKeys } from "./access-keys.js";
import { banner } from "./banner.js";
import { openBucketSettings } from "./bucket-settings.js";
import { certifiedHost, urlHost } from "./certified-host.js";
import type { ServeConfig } from "./config.js";
import { authTokenOf } from "./credentials.js";
import { type DataDir, openDataDir } from "./data-dir.js";
import { exitLine } from "./exit-line.js";
import { firstCredentials, projectCredentials } from "./first-credentials.js";
import { type BuiltIn, type ConfiguredFrontend, configureFrontends } from "./frontends.js";
import { hostFrontends } from "./host.js";
import { frontendList } from "./list-frontends.js";
import { createLogger } from "./logger.js";
import { type ReadyFile, readyFileName } from "./ready-file.js";
import { runUntilTold } from "./run.js";
import { satelliteOfGrant, satelliteOfNetwork } from "./satellite.js";
import type { Stopper } from "./stopper.js";
import { openTls } from "./tls.js";

/** Runs the gateway until it is told to stop. Rejects, with everything closed again, when it can not start. */
export async function serve(config: ServeConfig): Promise<void> {
  // Once to see that all is right before anything is made; again when the token is known.
  await configured(config, undefined);
  await runUntilTold(async (stopper) => {
    const { ready, problems } = await start(config, stopper);
    process.stderr.write(problems);
    const { dataDir, accessGrant, fixedCredentials } = config;
    return banner(ready, { dataDir, embedded: accessGrant === undefined, fixed: fixedCredentials !== undefined });
  });
}

/** Says what would be served, and where. */
export async function listFrontends(config: ServeConfig): Promise<void> {
  process.stdout.write(frontendList(await configured(config, undefined), config));
}

/** In the order of their start. With fixed credentials there is nothing to register. */
function configured(
  config: ServeConfig,
  token: string | undefined,
  tls?: TlsSource,
): Promise<readonly ConfiguredFrontend[]> {
  const authDefaults = { httpPort: 9001, drpcPort: 9003, tokens: token === undefined ? undefined : [token] };
  const builtIns: BuiltIn[] = [{ plugin: s3 }];
  if (config.fixedCredentials === undefined) builtIns.push({ plugin: auth, defaults: authDefaults });
  builtIns.push({ plugin: linkshare });
  return configureFrontends(config.frontends, builtIns, tls);
}

async function start(config: ServeConfig, stopper: Stopper): Promise<{ ready: ReadyFile; problems: string }> {
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
  const db = await openGrantDatabase(config.databases.auth ?? dir.file("auth.db"), config.databases.authConnections);
  stopper.add("credentials database", () => db.destroy());
  const settings = await openBucketSettings(config, db, dir);
  const access = await startAccessKeys(config, { db, satellite, uplink, stopper, log, endpoint: () => endpoint });
  const authToken = config.fixedCredentials === undefined ? (config.authToken ?? (await authTokenOf(dir))) : undefined;
  const tls = await openTls(config.tls, stopper, log);
  const running = await hostFrontends(stopper, {
    frontends: await configured(config, authToken, tls),
    deps: { openProject: (grant) => uplink.openProject(grant), access, settings, log },
    grpc: { host, port: ports.authGrpc, tls },
    admin: ports.admin === undefined ? undefined : { host, port: ports.admin },
    onStarted({ name, addresses }) {
      if (name === "s3") endpoint = config.endpoint ?? addresses["http"]!;
    },
  });

  const parts = { dir, network, satellite, uplink, access };
  const credentials = await firstCredentials(config, parts);
  const frontends = addressesOf(running);
  const ready: ReadyFile = {
    s3: frontends["s3"]!["http"]!,
    linksharing: frontends["linkshare"]?.["public"] ?? frontends["linkshare"]?.["http"],
    ...credentials,
    satellite: satellite.url,
    authHttp: frontends["auth"]?.["http"],
    authGrpc: authToken === undefined ? undefined : (frontends["auth"]?.["grpc"] ?? running.grpcAddress),
    authDrpc: frontends["auth"]?.["drpc"],
    grpc: running.grpcAddress,
    admin: running.adminUrl,
    frontends,
    authToken,
    projects: await projectCredentials(config.projects, parts),
    pids: { gateway: process.pid, network: network?.pid },
  };
  await network?.setEdgeUrls(edgeUrls(config, ready, tls));
  await dir.writeJson(readyFileName, ready);
  stopper.add("ready file", () => dir.remove(readyFileName));
  return { ready, problems: problemsOf(running) };
}

/**
 * What the embedded satellite tells the uplink CLI, so that `uplink share --url` needs no address of ours. Addresses that
 * mean "all of this machine" would mean another machine to who is told them, and certificates are for names.
 */
function edgeUrls({ host, frontends }: ServeConfig, { authDrpc, linksharing }: ReadyFile, tls: Tls): EdgeUrls {
  const everywhere = host === "0.0.0.0" || host === "::";
  const shown = urlHost(host);
  const name = tls === undefined ? (everywhere ? undefined : host) : certifiedHost(host, tls);
  const called = name === host ? shown : name;
  const named = frontends.sources.flags["linkshare"]?.["publicUrls"] !== undefined;
  const at = (address: string | undefined) => (called === undefined ? undefined : address?.replace(shown, called));
  return {
    authService: tls === undefined ? at(authDrpc && `insecure://${authDrpc}`) : at(authDrpc),
    linksharing: named ? linksharing : at(linksharing),
  };
}

type Tls = Certificates | undefined;

/** Where the frontends listen that have started. */
function addressesOf(host: RunningHost): ReadyFile["frontends"] {
  const running = host.states().filter(({ state }) => state === "running");
  return Object.fromEntries(running.map(({ name, addresses }) => [name, addresses]));
}

function problemsOf(host: RunningHost): string {
  const failed = host.states().filter(({ state }) => state === "failed");
  return failed
    .map(({ name, error }) => `postern: frontend ${name} did not start, the others run: ${exitLine(error)}\n`)
    .join("");
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
