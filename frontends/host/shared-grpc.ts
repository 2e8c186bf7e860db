import { PosternError } from "../../core/index.js";
import { type BoundService, type RunningServer, type ServeGrpcOptions, serveGrpc } from "../../core/rpc/index.js";
import type { GrpcMount } from "../frontend.js";

/** Where the shared server listens, and its limits. */
export type SharedGrpcOptions = Pick<
  ServeGrpcOptions,
  "listen" | "tls" | "maxMessageBytes" | "maxConnections" | "maxConnectionsPerClient"
>;

export interface SharedGrpc {
  /** What one frontend is given. */
  mountOf(frontend: string): GrpcMount;
  /** Takes back what a frontend mounted that did not start. */
  unmount(frontend: string): void;
  /** Listens, unless nothing was mounted. Nothing can be mounted from then on. Health says what `ready` does. */
  open(watch: Pick<ServeGrpcOptions, "onDefect" | "ready">): Promise<RunningServer | undefined>;
  /** Full names, by frontend. */
  services(): ReadonlyMap<string, readonly string[]>;
}

export function createSharedGrpc(options: SharedGrpcOptions): SharedGrpc {
  interface Mounted {
    readonly frontend: string;
    readonly service: BoundService;
    readonly callTimeoutMs: number | undefined;
  }
  const mounted: Mounted[] = [];
  let open = false;
  return {
    mountOf: (frontend) => ({
      mount(service, { callTimeoutMs } = {}) {
        const { fullName } = service.definition;
        if (open) {
          const late = `frontend ${frontend} mounts ${fullName} too late: the gRPC server listens already; do it in start`;
          throw new PosternError("failed-precondition", late);
        }
        const other = mounted.find(({ service: { definition } }) => definition.fullName === fullName);
        if (other !== undefined) {
          throw new PosternError(
            "already-exists",
            `the gRPC service ${fullName} is there already, from ${other.frontend}`,
          );
        }
        mounted.push({ frontend, service, callTimeoutMs });
      },
    }),
    unmount(frontend) {
      for (let i = mounted.length - 1; i >= 0; i--) if (mounted[i]!.frontend === frontend) mounted.splice(i, 1);
    },
    async open(watch) {
      open = true;
      if (mounted.length === 0) return undefined;
      const services = mounted.map(({ service }) => service);
      const callTimeoutMs = new Map<string, number>();
      for (const one of mounted) {
        if (one.callTimeoutMs !== undefined) callTimeoutMs.set(one.service.definition.fullName, one.callTimeoutMs);
      }
      const own = { inactivityTimeoutMs: 60_000, ...options, callTimeoutMs };
      return await serveGrpc({ ...own, services, reflection: true, ...watch });
    },
    services() {
      const names = new Map<string, string[]>();
      for (const { frontend, service } of mounted) {
        names.set(frontend, [...(names.get(frontend) ?? []), service.definition.fullName]);
      }
      return names;
    },
  };
}
