import { randomBytes } from "node:crypto";
import { z } from "zod";
import { PosternError } from "../core/errors.js";
import type { DataDir } from "./data-dir.js";

/** What a server must remember to be the same server after a restart. Kept in a file that its owner alone may read. */
export interface KeptCredentials {
  /** Text of the grant that `accessKeyId` opens; its satellite address is the one of the day it was made. */
  readonly accessGrant: string;
  readonly accessKeyId: string;
  readonly secretKey: string;
}

/** Kept apart from the credentials: it is made before there are any. */
export interface KeptToken {
  readonly authToken: string;
}

/** One file for each project of the embedded network and one for `--access`: no run may overwrite another's. */
export type CredentialsFile = "credentials.json" | "access-credentials.json" | `credentials-${string}.json`;

/** The grant of a network that was started without a gateway: there is nothing else to keep then. */
const grantFile = "grant.json";
const grantShape = z.object({ accessGrant: z.string() });

/** The grant of the embedded network's first project, if one was made. It holds the only key to what is stored there. */
export async function readGrant(dir: DataDir): Promise<string | undefined> {
  return ((await readCredentials(dir, "credentials.json")) ?? (await read(dir, grantFile, grantShape)))?.accessGrant;
}

export async function keepGrant(dir: DataDir, accessGrant: string): Promise<void> {
  await dir.writeJson(grantFile, { accessGrant });
}

const tokenFile = "auth-token.json";
const credentialsShape = z.object({ accessGrant: z.string(), accessKeyId: z.string(), secretKey: z.string() });
const tokenShape = z.object({ authToken: z.string().min(1) });

export async function readCredentials(dir: DataDir, file: CredentialsFile): Promise<KeptCredentials | undefined> {
  return read(dir, file, credentialsShape);
}

export async function keepCredentials(
  dir: DataDir,
  file: CredentialsFile,
  credentials: KeptCredentials,
): Promise<void> {
  await dir.writeJson(file, credentials);
}

/** The token that gateways show to this auth service; made on the first start. */
export async function authTokenOf(dir: DataDir): Promise<string> {
  const kept = await read(dir, tokenFile, tokenShape);
  if (kept !== undefined) return kept.authToken;
  const authToken = randomBytes(24).toString("base64url");
  await dir.writeJson(tokenFile, { authToken });
  return authToken;
}

async function read<T>(dir: DataDir, name: string, shape: z.ZodType<T>): Promise<T | undefined> {
  const value = await dir.readJson(name);
  if (value === undefined) return undefined;
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new PosternError("corrupt-data", `${dir.file(name)} is damaged: it lacks what it should hold`);
}
