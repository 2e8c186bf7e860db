import { createProjectLookup } from "../core/auth/project-lookup.js";
import type { AuthServiceDeps } from "../core/auth/service.js";
import type { Uplink } from "../core/uplink.js";

/** Asks the satellites of grants, as `--project-info` has it. */
export function projectLookup(uplink: Pick<Uplink, "openProject">): AuthServiceDeps["lookUpProject"] {
  return createProjectLookup(async (accessGrant, signal) => {
    const project = await uplink.openProject(accessGrant);
    try {
      const { publicId, createdAt } = await project.projectInfo({ signal });
      return { publicId, createdAt: createdAt?.getTime() };
    } finally {
      await project.close();
    }
  });
}
