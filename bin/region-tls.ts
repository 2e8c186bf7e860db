import { PosternError } from "../core/index.js";
import type { Logger } from "../frontends/frontend.js";
import { certifiedHost, urlHost } from "./certified-host.js";
import type { RegionsConfig } from "./regions-config.js";
import type { Stopper } from "./stopper.js";
import { openTls } from "./tls.js";

/** How regions are spoken to. */
export interface RegionTls {
  readonly scheme: "http" | "https";
  /** In URLs: what the gateways call their auth services, and clients both. */
  readonly host: string;
  /** What the processes of the regions are told. */
  readonly flags: readonly string[];
}

/**
 * Looks at the certificates before anything starts. Each process follows the files by itself; SIGHUP is handed on, so that
 * all look at once.
 */
export async function openRegionTls(
  { serve }: RegionsConfig,
  pids: () => readonly (number | undefined)[],
  stopper: Stopper,
  log: Logger,
): Promise<RegionTls> {
  const tls = await openTls(serve.tls, stopper, log);
  if (tls === undefined) return { scheme: "http", host: urlHost(serve.host), flags: [] };
  const name = certifiedHost(serve.host, tls);
  if (name === undefined) {
    throw new PosternError(
      "invalid-argument",
      "--tls-cert: the certificate has no name by which the gateways could ask their auth services",
    );
  }
  const handOn = (): void => {
    for (const pid of pids()) if (pid !== undefined) process.kill(pid, "SIGHUP");
  };
  process.on("SIGHUP", handOn);
  stopper.add("SIGHUP", async () => void process.off("SIGHUP", handOn));
  const certs = serve.tls.map(({ certFile }) => certFile);
  const keys = serve.tls.map(({ keyFile }) => keyFile);
  return { scheme: "https", host: urlHost(name), flags: ["--tls-cert", ...certs, "--tls-key", ...keys] };
}
