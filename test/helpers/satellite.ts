import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { parseApiKey } from "../../core/access/api-key.js";
import { type CaveatInit, encodeCaveat } from "../../core/access/caveat.js";
import { addCaveat, serializeMacaroon } from "../../core/access/macaroon.js";
import { utf8 } from "../../core/bytes/bytes.js";
import { PosternError } from "../../core/errors.js";
import { createIdentity, type Identity } from "../../core/identity/identity.js";
import { type Client, createClient } from "../../core/rpc/client.js";
import { createMemoryNetwork } from "../../core/rpc/memory/transport.js";
import { type RunningSatellite, type SatelliteOptions, startSatellite } from "../../network/satellite/index.js";
import { MetainfoDefinition, type RequestHeader } from "../../proto/gen/metainfo.js";
import { databaseOptions } from "./databases.js";
import { noUpkeep } from "./no-upkeep.js";
import { tempDir } from "./temp-dir.js";

export interface TestSatellite {
  readonly satellite: RunningSatellite;
  readonly identity: Identity;
  readonly dir: string;
  readonly client: Client<typeof MetainfoDefinition>;
  /** Raw bytes of an unrestricted key. */
  readonly apiKey: Uint8Array;
  readonly header: RequestHeader;
  /** Header of the same key with a caveat more. */
  restricted(caveat: CaveatInit): RequestHeader;
  /** Header of a key of another project. */
  stranger(): Promise<RequestHeader>;
  /** Milliseconds; the satellite's clock goes by it. */
  clock: { now: number };
}

/** A satellite in this process, with one project, reached over an in-memory network. Ends with the test. */
export async function testSatellite(
  t: ExecutionContext,
  options: Partial<SatelliteOptions> = {},
): Promise<TestSatellite> {
  const { path, remove } = await tempDir();
  const network = createMemoryNetwork();
  const database = await databaseOptions(t);
  const identity = await createIdentity();
  const clock = { now: Date.now() };
  const dir = join(path, "satellite");
  const satellite = await startSatellite({
    dir,
    identity,
    transport: network.transport,
    serve: (services) => network.serve("satellite", services, { peerChain: identity.chain }),
    now: () => clock.now,
    onProblem: (message, error) => t.log(message, error),
    ...database,
    ...options,
    times: { ...noUpkeep, ...options.times },
  });
  t.teardown(async () => {
    await satellite.stop({ graceMs: 0 });
    await remove();
  });
  const connection = await network.transport.dial({ address: "satellite" });
  const project = await satellite.createProject("test");
  const key = parseApiKey(await satellite.createApiKey(project.id));
  const headerOf = (apiKey: Uint8Array): RequestHeader => ({ apiKey, userAgent: utf8("test") });
  return {
    satellite,
    identity,
    dir,
    clock,
    client: createClient(MetainfoDefinition, connection),
    apiKey: serializeMacaroon(key),
    header: headerOf(serializeMacaroon(key)),
    restricted: (caveat) => headerOf(serializeMacaroon(addCaveat(key, encodeCaveat(caveat)))),
    async stranger() {
      const other = await satellite.createProject("other");
      return headerOf(serializeMacaroon(parseApiKey(await satellite.createApiKey(other.id))));
    },
  };
}

/** Checks that in; its pings are not answered by anyone, the satellite is just told so. */
export async function addNodes(satellite: RunningSatellite, count: number, nowMs: number): Promise<Identity[]> {
  const identities: Identity[] = [];
  for (let i = 0; i < count; i++) {
    const identity = await createIdentity();
    identities.push(identity);
    await satellite.nodes.checkIn(
      {
        id: identity.nodeId,
        address: `node-${i}:7777`,
        lastIpPort: `127.0.0.1:${7000 + i}`,
        lastNet: "127.0.0.0",
        debounceLimit: 0,
        features: 0,
        freeDisk: 1e12,
        version: "v1.0.0",
        email: "",
        wallet: "",
        createdAt: nowMs * 1000,
        lastContactSuccess: nowMs * 1000,
        lastContactFailure: 0,
        disqualified: null,
        exitFinishedAt: null,
      },
      identity.chain,
    );
  }
  return identities;
}

/** The error that a call ends with: its status and its text. */
export async function failure(call: Promise<unknown>): Promise<{ status: number | undefined; message: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof PosternError) return { status: error.status, message: error.message };
    throw error;
  }
  throw new Error("the call did not fail");
}

/** AES-256-GCM with blocks of 7 424 bytes. */
export const encryptionParameters = { cipherSuite: 2, blockSize: 7424 };

export const nonce = (): Uint8Array => randomBytes(24);
export const encryptedKey = (): Uint8Array => randomBytes(48);
