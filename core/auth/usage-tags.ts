import { PosternError } from "../errors.js";

const knownTags: ReadonlySet<string> = new Set(["mcp"]);

/** Lower case, sorted, distinct, none empty. Throws `invalid-argument` with the text that the Go service gives. */
export function normalizeUsageTags(tags: readonly string[]): string[] {
  const distinct = [...new Set(tags.map((tag) => tag.toLowerCase()))].filter((tag) => tag !== "").sort();
  for (const lower of distinct) {
    if (lower.includes(",")) throw new PosternError("invalid-argument", "invalid tag: can't contain commas");
    if (!knownTags.has(lower))
      throw new PosternError("invalid-argument", `invalid tag: unknown tag ${JSON.stringify(lower)}`);
  }
  return distinct;
}
