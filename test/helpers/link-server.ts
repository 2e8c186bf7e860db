import { type IncomingHttpHeaders, request } from "node:http";
import { newApiKey } from "../../core/access/api-key.js";
import { type AccessGrant, newGrant, serializeGrant } from "../../core/access/grant.js";
import { PosternError, type Project } from "../../core/index.js";
import type { AccessKeys, Metrics } from "../../frontends/frontend.js";
import { type LinkShareOptions, linkShareFrontend } from "../../frontends/linkshare/index.js";
import { createMemoryProject } from "./memory-project.js";
import type { LogLine } from "./s3-server.js";

/** Access key ids that the test server knows, in the form of real ones. */
export const linkKeys = {
  public: "jwaacaqdaqcqmbyibefawdanbypa",
  private: "jwaacaqdaqcqmbyibefawdanbypb",
  revoked: "jwaacaqdaqcqmbyibefawdanbypc",
  unknown: "jwaacaqdaqcqmbyibefawdanbypd",
  /** Registered with a text that is no grant. */
  broken: "jwaacaqdaqcqmbyibefawdanbype",
} as const;

export const linkSecret = "jzaecqsdircumr2ijffewtcnjzhvauksknkfkvsxlbmvuw24lvpf6";

const satelliteAddress = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S@127.0.0.1:7777";

export function linkGrant(seed = 1): AccessGrant {
  const rootKey = new Uint8Array(32).fill(seed);
  return newGrant({ satelliteAddress, apiKey: newApiKey(new Uint8Array(32).fill(seed)), rootKey });
}

/** Counts nothing. */
export const noMetrics: Metrics = {
  counter: () => ({ add() {} }),
  gauge: () => ({ set() {} }),
  histogram: () => ({ observe() {} }),
};

export interface LinkReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

export interface LinkRequestInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Host header; that of the address when absent. */
  readonly host?: string;
}

export interface LinkTestServer {
  readonly url: string;
  readonly project: Project;
  readonly grant: string;
  readonly log: readonly LogLine[];
  /** Sends a target exactly as it is written. Follows no redirects. */
  get(target: string, init?: LinkRequestInit): Promise<LinkReply>;
  stop(): Promise<void>;
}

/** A link sharing frontend on a free port over a project in memory. Whoever started it stops it. */
export async function startLinkTestServer(
  options: LinkShareOptions = {},
  init: { project?: Project; grant?: string; access?: Partial<AccessKeys> } = {},
): Promise<LinkTestServer> {
  const project = init.project ?? createMemoryProject();
  const grant = init.grant ?? serializeGrant(linkGrant());
  const log: LogLine[] = [];
  const at = (level: string) => (fields: object, message: string) => {
    log.push({ level, fields: fields as Record<string, unknown>, message });
  };
  const running = await linkShareFrontend({ port: 0, ...options }).start({
    openProject: async () => project,
    access: {
      async resolve(accessKeyId) {
        if (accessKeyId === linkKeys.revoked) throw new PosternError("permission-denied", "invalid: because");
        const { public: open, private: closed, broken } = linkKeys;
        if (![open, closed, broken].some((known) => known === accessKeyId)) {
          throw new PosternError("not-found", "not found");
        }
        return {
          accessGrant: accessKeyId === broken ? "broken" : grant,
          secretKey: linkSecret,
          public: accessKeyId !== closed,
          usageTags: [],
          publicProjectId: undefined,
          projectCreatedAt: undefined,
        };
      },
      register: () => Promise.reject(new PosternError("unimplemented", "no registration here")),
      ping: async () => {},
      ...init.access,
    },
    metrics: noMetrics,
    log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
  });
  const url = running.addresses["http"]!;
  return {
    url,
    project,
    grant,
    log,
    get: (target, request) => linkRequest(url, target, request),
    stop: () => running.stop({ graceMs: 1000 }),
  };
}

export function linkRequest(
  url: string,
  target: string,
  { method = "GET", headers = {}, host }: LinkRequestInit = {},
): Promise<LinkReply> {
  const { hostname, port } = new URL(url);
  const all = host === undefined ? headers : { ...headers, Host: host };
  return new Promise((resolve, reject) => {
    const req = request({ hostname, port, path: target, method, headers: all, agent: false }, (res) => {
      const parts: Buffer[] = [];
      res.on("data", (part: Buffer) => parts.push(part));
      res.on("error", reject);
      res.on("end", () => {
        const body = Buffer.concat(parts);
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body, text: body.toString() });
      });
    });
    req.on("error", reject);
    req.end();
  });
}
