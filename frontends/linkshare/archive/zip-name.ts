import { type Entry, getFileNameLowLevel } from "yauzl";

/** Characters that names of files do not have, or that let them pass for another when shown. */
const hostile = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/**
 * The path of an entry with "/" between its parts, or undefined for one that must not be shown or used: absolute, with
 * ".." or empty parts, or with control characters. Backslashes are what old programs on Windows wrote for "/".
 */
export function entryName(entry: Entry): string | undefined {
  const name = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false);
  const path = name.endsWith("/") ? name.slice(0, -1) : name;
  if (hostile.test(name) || /^[a-zA-Z]:/.test(name)) return undefined;
  return path.split("/").some((part) => part === "" || part === "." || part === "..") ? undefined : name;
}
