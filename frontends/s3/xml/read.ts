import { XMLParser } from "fast-xml-parser";
import { S3Error } from "../errors.js";

/** An element of a request document: text, or elements by name. */
export type XmlNode = string | { readonly [name: string]: XmlNode | readonly XmlNode[] };

// Entities are decoded here, not by the parser: it drops control characters without a word, and a key that lost a
// character is another key.
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  removeNSPrefix: true,
  processEntities: false,
  cdataPropName: "#cdata",
  maxNestedTags: 16,
});

/** Parses a document and returns its root element, which must have the name. Fails with MalformedXML. */
export function readXml(bytes: Uint8Array, root: string): XmlNode {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new S3Error("MalformedXML", { cause });
  }
  // No S3 document has a document type; one could only define entities.
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw new S3Error("MalformedXML");
  let document: XmlNode;
  try {
    document = parser.parse(text, true) as XmlNode;
  } catch (cause) {
    throw new S3Error("MalformedXML", { cause });
  }
  const element = typeof document === "string" ? undefined : document[root];
  if (element === undefined || Array.isArray(element)) throw new S3Error("MalformedXML");
  return element as XmlNode;
}

/** All children of that name. */
export function children(node: XmlNode, name: string): readonly XmlNode[] {
  if (typeof node === "string") return [];
  const value = Object.hasOwn(node, name) ? node[name] : undefined;
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as XmlNode];
}

/** Text of the only child of that name, undefined when there is none. Fails with MalformedXML for several or nested. */
export function childText(node: XmlNode, name: string): string | undefined {
  const all = children(node, name);
  if (all.length > 1) throw new S3Error("MalformedXML");
  return all[0] === undefined ? undefined : textOf(all[0]);
}

function textOf(node: XmlNode): string {
  if (typeof node === "string") return decodeEntities(node);
  const names = Object.keys(node);
  if (names.some((name) => name !== "#cdata" && name !== "#text")) throw new S3Error("MalformedXML");
  const cdata = node["#cdata"];
  const plain = node["#text"];
  // The parser does not keep the order of text and CDATA; only one of them can be taken.
  if (typeof cdata !== "string" || (plain !== undefined && plain !== "")) throw new S3Error("MalformedXML");
  return cdata;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-z]{2,4}));|&/g, (_, hex, decimal, name) => {
    if (name !== undefined) return entities[name] ?? malformed();
    const code = hex !== undefined ? Number.parseInt(hex, 16) : decimal !== undefined ? Number(decimal) : 0x110000;
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return malformed();
    return String.fromCodePoint(code);
  });
}

function malformed(): never {
  throw new S3Error("MalformedXML");
}
