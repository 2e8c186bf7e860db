import type { Call } from "../call.js";
import { S3Error } from "../errors.js";
import { children, childText, type XmlNode } from "../xml/read.js";

/** Larger than any configuration that Amazon takes. */
const maxBytes = 256 * 1024;

/** A configuration that must be there. */
export async function configuration(call: Call, root: string): Promise<XmlNode> {
  const document = await call.xml(root, maxBytes);
  if (document === undefined) throw new S3Error("MissingRequestBodyError");
  return document;
}

/** The only child of that name, as an element; undefined when there is none. */
export function child(node: XmlNode, name: string): XmlNode | undefined {
  const all = children(node, name);
  if (all.length > 1) throw new S3Error("MalformedXML");
  return all[0];
}

/** Texts of all children of that name. */
export function texts(node: XmlNode, name: string): string[] {
  return children(node, name).map((each) => childText({ [name]: each }, name) ?? "");
}

/** A whole number in a document; undefined when there is none. */
export function wholeOf(node: XmlNode, name: string, least = 0): number | undefined {
  const text = childText(node, name)?.trim();
  if (text === undefined) return undefined;
  const value = /^-?\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw new S3Error("MalformedXML");
  if (value < least) {
    throw new S3Error("InvalidArgument", { message: `'${name}' must be at least ${least}` });
  }
  return value;
}

/** One of the allowed texts. */
export function oneOf<T extends string>(node: XmlNode, name: string, allowed: readonly T[]): T {
  const text = childText(node, name)?.trim();
  const found = allowed.find((each) => each === text);
  if (found === undefined) throw new S3Error("MalformedXML");
  return found;
}

export function booleanOf(node: XmlNode, name: string): boolean {
  const text = childText(node, name)?.trim().toLowerCase();
  if (text === undefined || text === "false") return false;
  if (text === "true") return true;
  throw new S3Error("MalformedXML");
}
