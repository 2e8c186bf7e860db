import { isPosternError } from "../core/errors.js";
import type { Uplink } from "../core/uplink.js";
import type { AccessKeys } from "../frontends/frontend.js";
import type { NetworkProcess } from "../network/index.js";
import type { ServeConfig } from "./config.js";
import {
  type CredentialsFile,
  type KeptCredentials,
  keepCredentials,
  readCredentials,
  readGrant,
} from "./credentials.js";
import type { DataDir } from "./data-dir.js";
import { firstProject, newProjectGrant } from "./project-grant.js";
import type { ReadyFile } from "./ready-file.js";
import type { Satellite } from "./satellite.js";

interface Parts {
  readonly dir: DataDir;
  readonly network: NetworkProcess | undefined;
  readonly satellite: Satellite;
  readonly uplink: Uplink;
  readonly access: AccessKeys;
}

/**
 * The credentials that the server shows: the fixed ones, or those that its first run made and kept. They are made
 * again when the grant is another one, or when the credentials database no longer knows them.
 */
export async function firstCredentials(config: ServeConfig, parts: Parts): Promise<KeptCredentials> {
  if (config.fixedCredentials !== undefined) return { ...config.fixedCredentials, accessGrant: config.accessGrant! };
  if (config.accessGrant === undefined) return keptOrNew(parts, "credentials.json", undefined, firstProject);
  return keptOrNew(parts, "access-credentials.json", config.accessGrant, "");
}

/** Credentials of further projects of the embedded network, by name. */
export async function projectCredentials(names: readonly string[], parts: Parts): Promise<ReadyFile["projects"]> {
  const projects: Record<string, KeptCredentials> = {};
  for (const name of names) {
    projects[name] = await keptOrNew(parts, `credentials-${name}.json`, undefined, name);
  }
  return projects;
}

async function keptOrNew(
  parts: Parts,
  file: CredentialsFile,
  givenGrant: string | undefined,
  projectName: string,
): Promise<KeptCredentials> {
  const kept = await readCredentials(parts.dir, file);
  const sameGrant = kept !== undefined && (givenGrant ?? kept.accessGrant) === kept.accessGrant;
  if (sameGrant && (await isKnown(kept.accessKeyId, parts.access))) {
    return { ...kept, accessGrant: parts.satellite.current(kept.accessGrant) };
  }
  // A grant of the embedded network holds the only key to what is stored there: it is never thrown away.
  const before = kept?.accessGrant ?? (projectName === firstProject ? await readGrant(parts.dir) : undefined);
  const accessGrant = givenGrant ?? before ?? (await newGrant(parts, projectName));
  const { accessKeyId, secretKey } = await parts.access.register({ accessGrant, public: false });
  const credentials = { accessGrant, accessKeyId, secretKey };
  await keepCredentials(parts.dir, file, credentials);
  return { ...credentials, accessGrant: parts.satellite.current(accessGrant) };
}

async function newGrant({ network, satellite, uplink }: Parts, projectName: string): Promise<string> {
  return newProjectGrant(network!, projectName, { satellite: satellite.url, uplink });
}

async function isKnown(accessKeyId: string, access: AccessKeys): Promise<boolean> {
  try {
    await access.resolve(accessKeyId);
    return true;
  } catch (error) {
    if (isPosternError(error, "not-found", "permission-denied")) return false;
    throw error;
  }
}
