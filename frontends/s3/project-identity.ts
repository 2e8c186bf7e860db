import { createHash } from "node:crypto";
import { type Project, parseGrant } from "../../core/index.js";

/** What names a project for the settings of its buckets. */
export interface ProjectIdentity {
  readonly satellite: string;
  /** Hexadecimal. */
  readonly project: string;
}

/**
 * The project of a grant: its public id, if the satellite tells. Else the key of the grant stands for the project, and
 * settings made with one key of a project are not those of another.
 */
export async function identityOf(project: Project, accessGrant: string): Promise<ProjectIdentity> {
  const { satelliteAddress, apiKey } = parseGrant(accessGrant);
  // The node id names a satellite, whatever its address.
  const satellite = satelliteAddress.split("@", 1)[0]!;
  const publicId = await publicIdOf(project);
  const id =
    publicId ?? createHash("sha256").update("postern project of key\0").update(apiKey.head).digest().subarray(0, 16);
  return { satellite, project: Buffer.from(id).toString("hex") };
}

async function publicIdOf(project: Project): Promise<Uint8Array | undefined> {
  const { publicId } = await project.projectInfo();
  return publicId?.length === 16 ? publicId : undefined;
}
