import { utf8 } from "../../../core/bytes/bytes.js";
import type { EdgeUrlOverrides, ProjectInfoRequest, ProjectInfoResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { timestampOfMicros } from "../data/times.js";
import type { EdgeUrls } from "../edge-urls.js";
import type { Handler } from "./handler.js";

/** The uplink CLI takes these in place of Storj's own services (storj/storj cmd/uplink/cmd_share.go). */
function overridesOf(urls: EdgeUrls | undefined): EdgeUrlOverrides | undefined {
  if (urls === undefined) return undefined;
  const { authService = "", linksharing = "" } = urls;
  return {
    authService: utf8(authService),
    publicLinksharing: utf8(linksharing),
    privateLinksharing: utf8(linksharing),
  };
}

export const projectInfo: Handler<ProjectInfoRequest, ProjectInfoResponse> = async (satellite, request) => {
  const caller = await satellite.access.caller(request.header);
  await caller.require({ op: Action.ProjectInfo });
  return {
    projectSalt: caller.project.salt,
    projectPublicId: caller.project.publicId,
    edgeUrlOverrides: overridesOf(satellite.edgeUrls.current),
    projectCreatedAt: timestampOfMicros(caller.project.createdAt),
  };
};
