import { clientKey, createRateLimiter } from "../../core/index.js";
import { createKeyedGate } from "../http/index.js";
import { S3Error } from "./errors.js";
import type { CompleteS3Options } from "./options.js";

type Numbers = Pick<
  CompleteS3Options,
  "maxRequestsPerClient" | "maxRequestsPerProject" | "requestsPerMinutePerClient" | "requestsPerMinutePerProject"
>;

/** What one client, and one project, may ask of this process: at a time, and a minute. */
export interface Limits {
  /** Takes a place for a request of the client at this IP address; returns how to give it back. Throws SlowDown. */
  enterClient(address: string): () => void;
  /** The same for a project, whoever asks. */
  enterProject(project: string): () => void;
}

export function createLimits(numbers: Numbers, now: () => number): Limits {
  const clients = createLimit(numbers.maxRequestsPerClient, numbers.requestsPerMinutePerClient, now);
  const projects = createLimit(numbers.maxRequestsPerProject, numbers.requestsPerMinutePerProject, now);
  return {
    enterClient: (address) => clients(clientKey(address)),
    enterProject: projects,
  };
}

function createLimit(atATime: number, perMinute: number, now: () => number): (key: string) => () => void {
  const gate = createKeyedGate(atATime);
  const limiter = perMinute === 0 ? undefined : createRateLimiter({ perMinute, now });
  return (key) => {
    const leave = gate.enter(key);
    if (leave === undefined) throw new S3Error("SlowDown");
    const wait = limiter?.take(key) ?? 0;
    if (wait === 0) return leave;
    leave();
    throw new S3Error("SlowDown", { headers: { "Retry-After": String(Math.ceil(wait / 1_000)) } });
  };
}
