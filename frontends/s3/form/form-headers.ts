import { S3Error } from "../errors.js";
import type { RequestHeaders } from "../headers.js";
import { tagsOfDocument } from "../tagging.js";
import { bytesOfText } from "../uri.js";
import { readXml } from "../xml/read.js";
import type { UploadForm } from "./multipart-reader.js";

/** Fields that stand for the header of the same name. */
const sameName =
  /^(content-type|cache-control|content-disposition|content-encoding|expires|x-amz-(meta-.+|checksum-.+|sdk-checksum-algorithm|storage-class|server-side-encryption.*|website-redirect-location|object-lock-.+))$/;

/** What a PUT of the same object would have as headers. */
export function headersOfForm(form: UploadForm, request: RequestHeaders): RequestHeaders {
  const values = new Map<string, string>();
  for (const name of ["host", "user-agent", "referer"]) {
    const value = request.get(name);
    if (value !== undefined) values.set(name, value);
  }
  for (const [name, value] of form.fields) {
    if (sameName.test(name)) values.set(name, bytesOfText(value.replace(/[\r\n]+/g, " ").trim()));
  }
  const acl = form.fields.get("acl") ?? form.fields.get("x-amz-acl");
  if (acl !== undefined) values.set("x-amz-acl", acl);
  const tagging = form.fields.get("tagging");
  if (tagging !== undefined && tagging !== "") {
    values.set("x-amz-tagging", tagsOfDocument(readXml(Buffer.from(tagging), "Tagging")));
  }
  return { get: (name) => values.get(name), has: (name) => values.has(name), names: [...values.keys()] };
}

/** The key that a form names. */
export function keyOfForm(form: UploadForm): string {
  const key = form.fields.get("key");
  if (key === undefined || key === "") {
    throw new S3Error("InvalidArgument", {
      message:
        "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
      extra: { ArgumentName: "key", ArgumentValue: "" },
    });
  }
  if (Buffer.byteLength(key) > 1024) throw new S3Error("KeyTooLongError");
  return key;
}
