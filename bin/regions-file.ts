import type { KeptCredentials } from "./credentials.js";

/** DIR/regions.json: written when everything listens and whenever a process was started again, gone when it stops. */
export interface RegionsReadyFile extends KeptCredentials {
  readonly regions: readonly {
    /** URL of the S3 endpoint. */
    readonly s3: string;
    /** URL of the auth service's HTTP API. */
    readonly authHttp: string;
    /** host:port of the auth service's plaintext gRPC and DRPC. */
    readonly authGrpc: string;
    readonly authDrpc: string;
    /** Undefined while a process is not there. */
    readonly pids: { readonly gateway: number | undefined; readonly auth: number | undefined };
  }[];
  /** Node URL: id@host:port. */
  readonly satellite: string;
  /** Bearer token that opens GET /v1/access/:id. */
  readonly authToken: string;
  readonly pids: { readonly regions: number; readonly network: number | undefined };
}

export const regionsFileName = "regions.json";

/** What a person needs to use the regions. */
export function regionsBanner(ready: RegionsReadyFile, dataDir: string): string {
  const regions = ready.regions.map(({ s3, authHttp, authGrpc, authDrpc }, i) =>
    [
      `Region ${i + 1}           S3 ${s3}`,
      `                   auth ${authHttp}/v1/access (HTTP), ${authGrpc} (gRPC), ${authDrpc} (DRPC)`,
    ].join("\n"),
  );
  return `
Postern's regions are ready.

${regions.join("\n")}

Access key id      ${ready.accessKeyId}
Secret key         ${ready.secretKey}
Satellite          ${ready.satellite}

The keys are good in every region, and so are those that any of the auth services gives out. All of this, with the
access grant and the numbers of the processes, is in ${dataDir}/${regionsFileName}. A process that ends is started again.
Ctrl-C stops everything; what it stored stays.
`;
}
