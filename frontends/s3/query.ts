import { decodeBytes, textOfBytes } from "./uri.js";

/** A parameter as it came: bytes-as-characters, decoded, "+" as space. */
export interface RawParameter {
  readonly name: string;
  readonly value: string;
}

/** The query of a request. Names are case-sensitive. */
export interface Query {
  /** In the order sent, for signatures. */
  readonly raw: readonly RawParameter[];
  has(name: string): boolean;
  /** The first value as text; "" for a parameter without "=". */
  get(name: string): string | undefined;
  readonly names: readonly string[];
}

/** More parameters than any S3 request has; the rest of the bound is the header size. */
const mostParameters = 256;

/** Parses what follows "?"; undefined when it is not well-formed UTF-8 in percent encoding, or too long. */
export function parseQuery(text: string): Query | undefined {
  const raw: RawParameter[] = [];
  const values = new Map<string, string>();
  if (text !== "") {
    const pieces = text.split("&", mostParameters + 1);
    if (pieces.length > mostParameters) return undefined;
    for (const piece of pieces) {
      if (piece === "") continue;
      const equals = piece.indexOf("=");
      const name = decodeBytes((equals < 0 ? piece : piece.slice(0, equals)).replaceAll("+", " "));
      const value = decodeBytes(equals < 0 ? "" : piece.slice(equals + 1).replaceAll("+", " "));
      if (name === undefined || value === undefined) return undefined;
      const nameText = textOfBytes(name);
      const valueText = textOfBytes(value);
      if (nameText === undefined || valueText === undefined) return undefined;
      raw.push({ name, value });
      if (!values.has(nameText)) values.set(nameText, valueText);
    }
  }
  return {
    raw,
    has: (name) => values.has(name),
    get: (name) => values.get(name),
    names: [...values.keys()],
  };
}
