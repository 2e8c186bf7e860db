import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { PosternError } from "../errors.js";
import {
  type CreateIdentityOptions,
  createAuthority,
  type Identity,
  identityPem,
  issueIdentity,
  loadIdentity,
} from "./identity.js";
import { certificatesToPem, privateKeyToPem } from "./pem.js";

/** Reads identity.cert and identity.key of a folder, made by us or by the `identity` tool. `not-found` without them. */
export async function readIdentity(dir: string): Promise<Identity> {
  try {
    const [cert, key] = await Promise.all([
      readFile(join(dir, "identity.cert"), "utf8"),
      readFile(join(dir, "identity.key"), "utf8"),
    ]);
    return loadIdentity(cert, key);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    throw new PosternError("not-found", `no identity in ${dir}`, { cause });
  }
}

/** Writes identity.cert and identity.key (readable by the owner only); the folder is made if it is not there. */
export async function writeIdentity(dir: string, identity: Identity): Promise<void> {
  const { cert, key } = identityPem(identity);
  await writeFiles(dir, [
    ["identity.cert", cert, 0o644],
    ["identity.key", key, 0o600],
  ]);
}

/** The identity of a folder; when there is none a new one is made and kept there, with its CA in ca.cert and ca.key. */
export async function readOrCreateIdentity(dir: string, options: CreateIdentityOptions = {}): Promise<Identity> {
  try {
    return await readIdentity(dir);
  } catch (error) {
    if (!(error instanceof PosternError && error.code === "not-found")) throw error;
  }
  const authority = await createAuthority(options);
  const identity = issueIdentity(authority);
  await writeFiles(dir, [
    ["ca.cert", certificatesToPem([authority.certificate]), 0o644],
    ["ca.key", privateKeyToPem(authority.privateKey), 0o600],
  ]);
  await writeIdentity(dir, identity);
  return identity;
}

/** All contents are on disk before the first name appears, so that a crash leaves no half of an identity's files. */
async function writeFiles(dir: string, files: readonly (readonly [string, string, number])[]): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const [name, text, mode] of files) {
    const file = await open(join(dir, `${name}.new`), "w", mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  }
  for (const [name] of files) await rename(join(dir, `${name}.new`), join(dir, name));
}
