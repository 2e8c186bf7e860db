import type { KeptCredentials } from "./credentials.js";

/** DIR/ready.json: written when everything listens, gone when it stops. Only its owner may read it. */
export interface ReadyFile {
  /** URL of the S3 endpoint. */
  readonly s3: string;
  /** URL of link sharing, where it started: what `uplink share --url --base-url` takes. */
  readonly linksharing: string | undefined;
  readonly accessKeyId: string;
  readonly secretKey: string;
  /** Text of an access grant for everything in the project. */
  readonly accessGrant: string;
  /** Node URL: id@host:port. */
  readonly satellite: string;
  /** URL of the auth service's HTTP API. */
  readonly authHttp: string | undefined;
  /** host:port of the auth service's gRPC. */
  readonly authGrpc: string | undefined;
  /** host:port of the auth service's DRPC. */
  readonly authDrpc: string | undefined;
  /** host:port of the gRPC server that frontends share; undefined when none has a service there. */
  readonly grpc: string | undefined;
  /** URL of health and metrics. */
  readonly admin: string | undefined;
  /** Where each frontend listens, by purpose; those that did not start are left out. */
  readonly frontends: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Bearer token that opens GET /v1/access/:id. */
  readonly authToken: string | undefined;
  /** Credentials of the projects that `--project` named. */
  readonly projects: Readonly<Record<string, KeptCredentials>>;
  /** Process ids, for those who want to watch or kill them. */
  readonly pids: { readonly gateway: number; readonly network: number | undefined };
}

export const readyFileName = "ready.json";
