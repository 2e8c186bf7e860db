import type { XmlWriter } from "./xml/write.js";

/**
 * Grants belong to nobody by name, but clients expect an owner with a canonical user id. It is the same for all, so
 * that listings by different keys agree.
 */
const owner = { id: "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a", displayName: "postern" };

export function writeOwner(xml: XmlWriter, element = "Owner"): void {
  xml.group(element, () => {
    xml.text("ID", owner.id);
    xml.text("DisplayName", owner.displayName);
  });
}
