import { createRemoteAccess } from "../core/auth/remote-access.js";
import type { AuthService } from "../core/auth/service.js";
import { severalAuthServices } from "../core/auth/several-services.js";

/** Access keys of the auth services at these URLs, the nearest first; they share one database. */
export function remoteAccess(urls: readonly string[], token: string): AuthService {
  if (urls.length === 1) return createRemoteAccess({ url: urls[0]!, token });
  // Where there is another to ask, one that does not answer is not waited for as long.
  return severalAuthServices(urls.map((url) => createRemoteAccess({ url, token, retries: 0, timeoutMs: 3_000 })));
}
