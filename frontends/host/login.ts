import { createHash, timingSafeEqual } from "node:crypto";
import { isPosternError, PosternError, refusedEvenly } from "../../core/index.js";
import type { AccessKeys, FrontendDeps } from "../frontend.js";

/** Opens projects by S3 credentials. Who guesses learns nothing, also not from the time that an answer takes. */
export function createLogin(
  access: Pick<AccessKeys, "resolve">,
  openProject: FrontendDeps["openProject"],
): FrontendDeps["openWithCredentials"] {
  const login = async (accessKeyId: string, secretKey: string) => {
    const refused = (cause?: unknown) => new PosternError("unauthenticated", "the credentials are wrong", { cause });
    try {
      const found = await access.resolve(accessKeyId);
      if (!timingSafeEqual(digest(found.secretKey), digest(secretKey))) throw refused();
      return await openProject(found.accessGrant);
    } catch (error) {
      if (isPosternError(error, "not-found", "permission-denied", "invalid-argument")) throw refused(error);
      throw error;
    }
  };
  return (accessKeyId, secretKey) =>
    refusedEvenly(refusalStepMs, () => login(accessKeyId, secretKey), ["unauthenticated"]);
}

/** Longer than the auth service takes to refuse a key, so that a wrong secret takes as long. */
const refusalStepMs = 25;

/** Of the same length for all texts. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
