import { displayNameOf, writeOwner } from "../owner.js";
import { s3Namespace, type XmlWriter, xmlDocument } from "../xml/write.js";
import type { Acl, AclGrant } from "./acl.js";

const xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html */
export function aclDocument(acl: Acl): string {
  // Grants to groups first, as Amazon orders them.
  const grants = [...acl.grants].sort((a, b) => Number("id" in a.to) - Number("id" in b.to));
  return xmlDocument((xml) =>
    xml.group(
      "AccessControlPolicy",
      () => {
        writeOwner(xml, acl.owner);
        xml.group("AccessControlList", () => {
          for (const grant of grants) writeGrant(xml, grant);
        });
      },
      s3Namespace,
    ),
  );
}

export function writeGrant(xml: XmlWriter, { to, permission }: AclGrant): void {
  xml.group("Grant", () => {
    const type = "id" in to ? "CanonicalUser" : "Group";
    xml.group(
      "Grantee",
      () => {
        if ("id" in to) {
          xml.text("ID", to.id);
          xml.text("DisplayName", displayNameOf(to.id));
        } else xml.text("URI", to.group);
      },
      undefined,
      `${xsi} xsi:type="${type}"`,
    );
    xml.text("Permission", permission);
  });
}
