import { createHash, randomBytes } from "node:crypto";
import { isPosternError, PosternError, type Project } from "postern";

/** A project that a client has opened with its credentials. */
export interface Session {
  readonly project: Project;
  /** Whose locks these are: clients of one project see each other's. */
  readonly space: string;
}

export interface Sessions {
  /** `authorization` is that header. Rejects with `unauthenticated`. */
  open(authorization: string | undefined): Promise<Session>;
  close(): Promise<void>;
}

const mostSessions = 1_000;

/** Remembers credentials that were right, so that not each of many small requests looks them up. */
export function createSessions(
  openWithCredentials: (accessKeyId: string, secretKey: string) => Promise<Project>,
  keepMs: number,
): Sessions {
  // Found by a hash with a key of this process: what is kept tells no secret.
  const salt = randomBytes(32);
  const kept = new Map<string, { readonly session: Promise<Session>; readonly until: number }>();

  async function openNew(accessKeyId: string, secretKey: string): Promise<Session> {
    const project = await openWithCredentials(accessKeyId, secretKey);
    try {
      const { publicId } = await project.projectInfo();
      return { project, space: publicId === undefined ? accessKeyId : Buffer.from(publicId).toString("hex") };
    } catch (error) {
      // A grant may be good and not allow this.
      if (!isPosternError(error, "permission-denied", "unimplemented")) throw error;
      return { project, space: accessKeyId };
    }
  }

  async function drop(id: string): Promise<void> {
    const found = kept.get(id);
    kept.delete(id);
    await found?.session.then(({ project }) => project.close()).catch(() => {}); // it failed to open: nothing to close
  }

  return {
    async open(authorization = "") {
      const { user, password } = parseBasic(authorization);
      const id = createHash("sha256")
        .update(salt)
        .update(JSON.stringify([user, password]))
        .digest("base64");
      const known = kept.get(id);
      if (known !== undefined && known.until > Date.now()) return await known.session;
      kept.delete(id);
      const session = openNew(user, password);
      kept.set(id, { session, until: Date.now() + keepMs });
      const oldest = kept.size > mostSessions ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
      session.catch(() => kept.delete(id));
      return await session;
    },
    async close() {
      await Promise.all([...kept.keys()].map(drop));
    },
  };
}

/** RFC 7617 clause 2. */
function parseBasic(header: string): { readonly user: string; readonly password: string } {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header) ?? [];
  const text = Buffer.from(encoded ?? "", "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 1) throw new PosternError("unauthenticated", "credentials are needed");
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
