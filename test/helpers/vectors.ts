import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { concatBytes, toHex, utf8 } from "../../core/bytes/bytes.js";
import { repositoryRoot } from "./root.js";

/** Bytes made by the real Go libraries; `T` describes the lists that the test uses. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(join(repositoryRoot, "test/vectors", `${name}.json`), "utf8")) as T;
}

/** The first bytes of SHA256(label + "/0") || SHA256(label + "/1") ..., which the vectors name instead of holding. */
export function pattern(label: string, length: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let i = 0; i * 32 < length; i++)
    parts.push(
      createHash("sha256")
        .update(utf8(`${label}/${i}`))
        .digest(),
    );
  return concatBytes(...parts).subarray(0, length);
}

/** Long byte strings of the vectors are summarised. */
export interface Summary {
  length: number;
  sha256: string;
  first32?: string;
  last32?: string;
}

/** What a vector would hold for these bytes: hex, or a summary with the fields of `like`. */
export function asVector(bytes: Uint8Array, like: string | Summary): string | Summary {
  if (typeof like === "string") return toHex(bytes);
  const summary: Summary = { length: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  if (like.first32 !== undefined) summary.first32 = toHex(bytes.subarray(0, 32));
  if (like.last32 !== undefined) summary.last32 = toHex(bytes.subarray(-32));
  return summary;
}
