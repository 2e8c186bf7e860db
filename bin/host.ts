import type { TlsSource } from "../core/index.js";
import type { FrontendDeps, RunningFrontend } from "../frontends/frontend.js";
import { type RunningHost, startHost } from "../frontends/host/index.js";
import type { ConfiguredFrontend } from "./frontends.js";
import type { Stopper } from "./stopper.js";

/** What a started frontend has to end its requests, in ms. */
const graceMs = 3_000;

export interface HostParts {
  readonly frontends: readonly ConfiguredFrontend[];
  readonly deps: Pick<FrontendDeps, "openProject" | "access" | "settings" | "log">;
  /** Where the gRPC server of all frontends listens, if one has a service for it. */
  readonly grpc: { readonly host: string; readonly port: number; readonly tls: TlsSource | undefined };
  /** Where health and metrics are; undefined does not listen. */
  readonly admin: { readonly host: string; readonly port: number } | undefined;
  readonly onStarted?: (frontend: RunningFrontend) => void;
}

/**
 * Starts frontends in their order; the stopper stops them in the reverse one. Without one of those that are built in the
 * program does not start; a plugin that does not start leaves the others alone.
 */
export async function hostFrontends(stopper: Stopper, parts: HostParts): Promise<RunningHost> {
  const { grpc } = parts;
  const host = await startHost({
    frontends: parts.frontends.map(({ frontend, file }) => ({ frontend, required: file === undefined })),
    deps: parts.deps,
    grpc: {
      listen: { host: grpc.host, port: grpc.port },
      tls: grpc.tls,
      maxConnections: 1_000,
      maxConnectionsPerClient: 500,
    },
    admin: parts.admin,
    isolate: true,
    onStarted: parts.onStarted,
  });
  stopper.add("frontends", () => host.stop({ graceMs }));
  return host;
}
