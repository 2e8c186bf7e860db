import { XMLParser } from "fast-xml-parser";
import { DavError } from "./errors.js";

export const dav = "DAV:";

/** An element with its namespace resolved. */
export interface Element {
  readonly namespace: string;
  readonly name: string;
  readonly children: readonly Element[];
  /** Of this element and all in it. */
  readonly text: string;
  /** Markup of what is inside, with namespaces declared where they are used. */
  readonly inner: string;
}

type Node = Readonly<Record<string, unknown>>;
type Scope = Readonly<Record<string, string>>;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  // Those of HTML and numbers are all or nothing there; `decode` does them.
  processEntities: false,
});
const deepest = 64;

/** The root element. Throws 400; documents with a DTD are refused: nothing here needs one, and entities are a danger. */
export function parseXml(text: string): Element {
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw new DavError(400);
  let nodes: Node[];
  try {
    nodes = parser.parse(text, true) as Node[];
  } catch (cause) {
    throw new DavError(400, undefined, cause);
  }
  const roots = nodes.filter((node) => nameOf(node) !== "#text");
  if (roots.length !== 1) throw new DavError(400);
  return elementOf(roots[0]!, { xml: "http://www.w3.org/XML/1998/namespace" }, 0);
}

export function escapeXml(text: string): string {
  return text.replace(
    /[&<>"]/g,
    (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[character]!,
  );
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Character and entity references (XML 1.0 clause 4.1), each once. Throws 400 for others. */
function decode(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\dA-Fa-f]{1,6})|(\w*))(;?)/g,
    (_, decimal?: string, hex?: string, name?: string, end?: string) => {
      const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
      const character = Number.isNaN(code)
        ? entities[name ?? ""]
        : code <= 0x10ffff
          ? String.fromCodePoint(code)
          : undefined;
      if (character === undefined || end === "") throw new DavError(400);
      return character;
    },
  );
}

/** The child of that name in "DAV:". */
export function child(element: Element, name: string): Element | undefined {
  return element.children.find((one) => one.namespace === dav && one.name === name);
}

function nameOf(node: Node): string {
  return Object.keys(node).find((key) => key !== ":@") ?? "#text";
}

function elementOf(node: Node, outer: Scope, depth: number): Element {
  if (depth > deepest) throw new DavError(400);
  const tag = nameOf(node);
  const scope: Record<string, string> = { ...outer };
  for (const [key, value] of Object.entries((node[":@"] ?? {}) as Record<string, string>)) {
    if (key === "xmlns") scope[""] = decode(value);
    else if (key.startsWith("xmlns:")) scope[key.slice(6)] = decode(value);
  }
  const [prefix, name] = tag.includes(":") ? (tag.split(":") as [string, string]) : ["", tag];
  const namespace = scope[prefix] ?? "";
  // Namespaces in XML 1.0: a prefix must be declared, and with something.
  if ((prefix !== "" && namespace === "") || name === "") throw new DavError(400);
  const children: Element[] = [];
  let text = "";
  let inner = "";
  for (const part of node[tag] as Node[]) {
    if (nameOf(part) === "#text") {
      const value = decode(String(part["#text"] ?? ""));
      text += value;
      inner += escapeXml(value);
      continue;
    }
    const element = elementOf(part, scope, depth + 1);
    children.push(element);
    text += element.text;
    inner += markup(element.namespace, element.name, element.inner);
  }
  return { namespace, name, children, text, inner };
}

/** An element that declares its own namespace. */
export function markup(namespace: string, name: string, inner: string): string {
  if (namespace === dav) return inner === "" ? `<D:${name}/>` : `<D:${name}>${inner}</D:${name}>`;
  const start = namespace === "" ? name : `x:${name}`;
  const declaration = namespace === "" ? ' xmlns=""' : ` xmlns:x="${escapeXml(namespace)}"`;
  return inner === "" ? `<${start}${declaration}/>` : `<${start}${declaration}>${inner}</${start}>`;
}
