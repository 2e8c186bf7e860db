import { randomBytes } from "node:crypto";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { newApiKey } from "../../core/access/api-key.js";
import { newGrant, serializeGrant } from "../../core/access/grant.js";
import type { Project } from "../../core/index.js";
import { PosternError } from "../../core/index.js";
import { createBucketSettings } from "../../core/settings/bucket-settings.js";
import { type S3Deps, type S3Options, s3Frontend } from "../../frontends/s3/index.js";
import { memorySettingsStore } from "../../store/memory-settings.js";
import { createMemoryProject } from "./memory-project.js";

/** Credentials that the test server knows; in the form of real ones. */
export const testCredentials = {
  accessKeyId: "juaacaqdaqcqmbyibefawdanbyhq",
  secretAccessKey: "jzaecqsdircumr2ijffewtcnjzhvauksknkfkvsxlbmvuw24lvpf6",
};

/** A grant in the form of a real one, for a satellite that is not there. */
export function testGrant(): string {
  const satelliteAddress = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S@127.0.0.1:7777";
  return serializeGrant(newGrant({ satelliteAddress, apiKey: newApiKey(randomBytes(32)), rootKey: randomBytes(32) }));
}

export interface LogLine {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

export interface S3TestServer {
  readonly url: string;
  readonly project: Project;
  readonly log: readonly LogLine[];
  /** A client in the SDK's default configuration but for address and credentials. */
  client(config?: S3ClientConfig): S3Client;
  stop(graceMs?: number): Promise<void>;
}

/** An S3 frontend on a free port over a project in memory. Whoever started it stops it. */
export async function startS3TestServer(
  options: S3Options = {},
  deps: Partial<S3Deps> & { project?: Project } = {},
): Promise<S3TestServer> {
  const project = deps.project ?? createMemoryProject();
  const log: LogLine[] = [];
  const at = (level: string) => (fields: object, message: string) => {
    log.push({ level, fields: fields as Record<string, unknown>, message });
  };
  const accessGrant = testGrant();
  const running = await s3Frontend({ port: 0, ...options }).start({
    openProject: async () => project,
    access: {
      async resolve(accessKeyId) {
        if (accessKeyId !== testCredentials.accessKeyId) throw new PosternError("not-found", "not found");
        return {
          accessGrant,
          secretKey: testCredentials.secretAccessKey,
          public: false,
          usageTags: [],
          publicProjectId: undefined,
          projectCreatedAt: undefined,
        };
      },
      register: () => Promise.reject(new PosternError("unimplemented", "no registration here")),
      ping: async () => {},
    },
    settings: createBucketSettings({ store: memorySettingsStore(), key: randomBytes(32) }),
    log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
    ...deps,
  });
  const url = running.addresses["http"]!;
  const clients: S3Client[] = [];
  return {
    url,
    project,
    log,
    client(config = {}) {
      const client = new S3Client({
        endpoint: url,
        region: "us-east-1",
        credentials: testCredentials,
        forcePathStyle: true,
        maxAttempts: 1,
        ...config,
      });
      clients.push(client);
      return client;
    },
    async stop(graceMs = 1000) {
      for (const client of clients) client.destroy();
      await running.stop({ graceMs });
    },
  };
}
