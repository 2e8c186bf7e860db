import { createHash } from "node:crypto";
import type { XmlWriter } from "./xml/write.js";

/**
 * S3's canonical user id: 64 hexadecimal digits. A user is a project here: all its access keys are the same user, and
 * the id tells nothing that could be used.
 */
export function userIdOf(project: { readonly satellite: string; readonly project: string }): string {
  return createHash("sha256").update(`postern user\0${project.satellite}\0${project.project}`).digest("hex");
}

/** Nobody has a name here; clients expect one. */
export function displayNameOf(userId: string): string {
  return `project-${userId.slice(0, 8)}`;
}

export function writeOwner(xml: XmlWriter, userId: string, element = "Owner"): void {
  xml.group(element, () => {
    xml.text("ID", userId);
    xml.text("DisplayName", displayNameOf(userId));
  });
}
