import type { ProjectInfoRequest, ProjectInfoResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { timestampOfMicros } from "../data/times.js";
import type { Handler } from "./handler.js";

export const projectInfo: Handler<ProjectInfoRequest, ProjectInfoResponse> = async (satellite, request) => {
  const caller = await satellite.access.caller(request.header);
  await caller.require({ op: Action.ProjectInfo });
  return {
    projectSalt: caller.project.salt,
    projectPublicId: caller.project.publicId,
    edgeUrlOverrides: undefined,
    projectCreatedAt: timestampOfMicros(caller.project.createdAt),
  };
};
