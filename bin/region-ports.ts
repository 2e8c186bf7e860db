import { createServer, type Server } from "node:net";
import { z } from "zod";
import { PosternError } from "../core/errors.js";
import type { DataDir } from "./data-dir.js";

/** Ports of a region: S3, and the auth service's HTTP, gRPC and DRPC on the three after it. */
export const portsOfRegion = 4;

export interface RegionPorts {
  /** The first port of each region. */
  readonly regions: readonly number[];
  readonly satellite: number;
}

const file = "ports.json";
const shape = z.object({ regions: z.array(z.number()), satellite: z.number() });
/** Below those that the system gives to outgoing connections, or a process could not have its port again. */
const lowest = 10_000;
const highest = 32_000;
const tries = 1_000;

/** Free ports, and the same ones at the next start: grants name the satellite's, clients those of the regions. */
export async function freeRegionPorts(dir: DataDir, host: string, count: number): Promise<RegionPorts> {
  const kept = shape.safeParse(await dir.readJson(file)).data;
  const regions = (kept?.regions ?? []).slice(0, count);
  while (regions.length < count) regions.push(await freePorts(host, portsOfRegion));
  const ports = { regions, satellite: kept?.satellite ?? (await freePorts(host, 1)) };
  await dir.writeJson(file, ports);
  return ports;
}

/** The first of that many free ports in a row. */
async function freePorts(host: string, count: number): Promise<number> {
  for (let i = 0; i < tries; i++) {
    const first = lowest + Math.floor(Math.random() * (highest - lowest));
    const servers: Server[] = [];
    try {
      for (let port = first; port < first + count; port++) servers.push(await listening(host, port));
      return first;
    } catch {
      // One of them is in use: others may not be.
    } finally {
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    }
  }
  throw new PosternError("resource-exhausted", "there are no free ports");
}

function listening(host: string, port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve(server));
  });
}
