/** Writes the few XML forms that S3 replies have: nested elements with text, no attributes but the namespace. */
export interface XmlWriter {
  /** An element with text; nothing at all when the value is undefined. */
  text(name: string, value: string | number | boolean | undefined): void;
  /** An element with others inside. `attributes` are written as they are. */
  group(name: string, content: () => void, namespace?: string, attributes?: string): void;
}

export const s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** A document with one root element. */
export function xmlDocument(content: (xml: XmlWriter) => void): string {
  let out = xmlDeclaration;
  content({
    text(name, value) {
      if (value === undefined) return;
      out += `<${name}>${typeof value === "string" ? escapeXml(value) : value}</${name}>`;
    },
    group(name, inner, namespace, attributes) {
      out += `<${name}`;
      if (namespace !== undefined) out += ` xmlns="${namespace}"`;
      if (attributes !== undefined) out += ` ${attributes}`;
      out += ">";
      inner();
      out += `</${name}>`;
    },
  });
  return out;
}

const special = /[&<>"'\x00-\x1f\x7f\ufffe\uffff]/g;
const names: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/**
 * Control characters become references, as Amazon writes them, though XML 1.0 forbids most: a key that has them can
 * only be listed safely with encoding-type=url.
 */
export function escapeXml(text: string): string {
  return text.replace(special, (char) => names[char] ?? `&#x${char.charCodeAt(0).toString(16)};`);
}
