import { randomBytes } from "node:crypto";
import type { Uplink } from "../core/uplink.js";
import type { NetworkProcess } from "../network/index.js";

/** The project of the embedded network that is there without being asked for. */
export const firstProject = "postern";

/** A grant for everything in a project, which is made if it is not there. */
export async function newProjectGrant(
  network: Pick<NetworkProcess, "listProjects" | "createProject" | "createApiKey">,
  projectName: string,
  { satellite, uplink }: { readonly satellite: string; readonly uplink: Uplink },
): Promise<string> {
  const known = await network.listProjects();
  const project = known.find(({ name }) => name === projectName) ?? (await network.createProject(projectName));
  const apiKey = await network.createApiKey(project.id);
  // The passphrase is random and forgotten: the grant holds the key that is made of it.
  return uplink.requestAccess({ satellite, apiKey, passphrase: randomBytes(24).toString("base64url") });
}
