import { randomBytes } from "node:crypto";
import { newApiKey } from "../../core/access/api-key.js";
import { newGrant, PosternError, type Project, serializeGrant } from "../../core/index.js";
import { createBucketSettings } from "../../core/settings/bucket-settings.js";
import type { AccessKeys, FrontendPlugin, OptionFields, OptionsInput } from "../../frontends/frontend.js";
import { type RunningHost, startHost } from "../../frontends/host/index.js";
import { memorySettingsStore } from "../../store/memory-settings.js";
import { createMemoryProject } from "../helpers/memory-project.js";

/** A frontend that runs for a test, over a project in memory. Whoever started it stops it. */
export interface SuiteServer {
  readonly addresses: Readonly<Record<string, string>>;
  /** "host:port" of the shared gRPC server, where the frontend has a service there. */
  readonly grpcAddress: string | undefined;
  /** Open `project`, as S3 credentials do. */
  readonly credentials: { readonly accessKeyId: string; readonly secretKey: string };
  /** The same project as the frontend has; it has an empty bucket "suite". */
  readonly project: Project;
  readonly accessGrant: string;
  /** Every line that the frontend logged. */
  readonly logged: readonly string[];
  /** What must never be told, by name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Downloads that are neither read to their end nor closed. */
  openDownloads(): number;
  /** Resolves when the frontend has asked the project for something since its start. */
  asked(): Promise<void>;
  stop(options?: { graceMs?: number }): Promise<void>;
}

const satellite = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S@127.0.0.1:7777";

export interface StartForTest {
  /** Replaces methods of the project in memory, which it gets. */
  readonly project?: (memory: Project) => Partial<Project>;
  /** The access key id alone opens the project for reading, as for link sharing; false when absent. */
  readonly publicKey?: boolean;
}

/** Starts a frontend as `postern serve` does. */
export async function startForTest<Fields extends OptionFields>(
  plugin: FrontendPlugin<Fields>,
  options: OptionsInput<Fields>,
  init: StartForTest = {},
): Promise<SuiteServer> {
  const logged: string[] = [];
  const log = (fields: object, message: string): void => {
    logged.push(`${message} ${JSON.stringify(fields)}`);
  };
  const project = createMemoryProject();
  await project.createBucket("suite");
  const credentials = {
    accessKeyId: `k${randomBytes(13).toString("hex")}`,
    secretKey: randomBytes(26).toString("hex"),
  };
  const accessGrant = serializeGrant(
    newGrant({ satelliteAddress: satellite, apiKey: newApiKey(randomBytes(32)), rootKey: randomBytes(32) }),
  );
  const watched = watch({ ...project, ...init.project?.(project) });
  const host: RunningHost = await startHost({
    frontends: [{ frontend: plugin.create(options), required: true }],
    deps: {
      openProject(grant) {
        if (grant === accessGrant) return Promise.resolve(watched.project);
        return Promise.reject(new PosternError("invalid-grant", "this grant opens nothing here"));
      },
      access: accessOf(credentials, accessGrant, init.publicKey === true),
      settings: createBucketSettings({ store: memorySettingsStore(), key: randomBytes(32) }),
      log: { debug: log, info: log, warn: log, error: log },
    },
    grpc: { listen: { host: "127.0.0.1", port: 0 } },
  });
  return {
    addresses: host.states()[0]!.addresses,
    grpcAddress: host.grpcAddress,
    credentials,
    project,
    accessGrant,
    logged,
    secrets: {
      "access grant": accessGrant,
      "secret key": credentials.secretKey,
      ...(init.publicKey === true ? {} : { "access key id": credentials.accessKeyId }),
    },
    openDownloads: watched.openDownloads,
    asked: () => watched.asked,
    stop: (options) => host.stop({ graceMs: 1_000, ...options }),
  };
}

function accessOf(credentials: SuiteServer["credentials"], accessGrant: string, isPublic: boolean): AccessKeys {
  return {
    async resolve(accessKeyId) {
      if (accessKeyId !== credentials.accessKeyId) throw new PosternError("not-found", "not found");
      return {
        accessGrant,
        secretKey: credentials.secretKey,
        public: isPublic,
        usageTags: [],
        publicProjectId: undefined,
        projectCreatedAt: undefined,
      };
    },
    register: async () => ({ ...credentials, endpoint: "http://127.0.0.1:9000" }),
    ping: async () => {},
  };
}

/** The project with its downloads counted. */
function watch(project: Project) {
  let open = 0;
  let tell = () => {};
  const asked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const told = Object.fromEntries(
    Object.entries(project).map(([name, method]) => [
      name,
      (...args: unknown[]) => {
        if (name !== "close") tell();
        return (method as (...args: unknown[]) => unknown).apply(project, args);
      },
    ]),
  ) as unknown as Project;
  const watched: Project = {
    ...told,
    async getObject(bucket, key, options) {
      const download = await told.getObject(bucket, key, options);
      let ended = false;
      open++;
      const end = () => {
        if (!ended) open--;
        ended = true;
      };
      return {
        ...download,
        body: (async function* body() {
          try {
            yield* download.body;
          } finally {
            end();
          }
        })(),
        close() {
          end();
          download.close();
        },
      };
    },
  };
  return { project: watched, openDownloads: () => open, asked };
}
