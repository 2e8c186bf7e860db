import { apiKeyBytes } from "./access/api-key.js";
import { type AccessGrant, parseGrant } from "./access/grant.js";
import type { CallSettings, ProjectInfo } from "./api.js";
import type { ProjectContext } from "./context.js";
import { dateOf } from "./object.js";

export async function projectInfo({ metainfo }: ProjectContext, { signal }: CallSettings = {}): Promise<ProjectInfo> {
  const { projectPublicId, projectCreatedAt } = await metainfo.call("projectInfo", {}, "project", { signal });
  return {
    publicId: projectPublicId.length === 0 ? undefined : projectPublicId,
    createdAt: dateOf(projectCreatedAt),
  };
}

export async function revokeAccess(
  { metainfo }: ProjectContext,
  grant: string | AccessGrant,
  { signal }: CallSettings = {},
): Promise<void> {
  const { apiKey } = typeof grant === "string" ? parseGrant(grant) : grant;
  await metainfo.call("revokeAPIKey", { apiKey: apiKeyBytes(apiKey) }, "project", { signal });
}
