import type { CohortRequirements } from "../../proto/gen/metainfo.js";
import { toHex } from "../bytes/bytes.js";

/** Tags of the node that holds a piece. */
export type NodeTags = ReadonlyMap<string, string>;

/** Says whether pieces at these nodes are enough for a segment. */
export type Requirement = (pieces: readonly NodeTags[]) => boolean;

/**
 * What a segment needs to be committed: the satellite's requirements, else a number of pieces.
 * Source: storj/uplink private/storage/streams/segmentupload/cohorts/matcher.go.
 */
export function requirementOf(requirements: CohortRequirements | undefined, successThreshold: number): Requirement {
  if (requirements === undefined) return (pieces) => pieces.length >= successThreshold;
  return compile(requirements);
}

function compile({ requirement }: CohortRequirements): Requirement {
  switch (requirement?.$case) {
    case "literal": {
      const { value } = requirement.value;
      return (pieces) => pieces.length >= value;
    }
    case "and": {
      const all = requirement.value.requirements.map(compile);
      return (pieces) => all.every((one) => one(pieces));
    }
    case "withhold": {
      const { tagKey, amount, child } = requirement.value;
      const inner = child === undefined ? () => true : compile(child);
      return (pieces) => inner(withoutLargest(pieces, tagKey, amount));
    }
    default:
      return () => true;
  }
}

/** Takes the `amount` largest groups of pieces with one value of a tag away. Pieces without the tag are in no group. */
function withoutLargest(pieces: readonly NodeTags[], tagKey: string, amount: number): readonly NodeTags[] {
  const groups = new Map<string, number>();
  for (const tags of pieces) {
    const value = tags.get(tagKey) ?? "";
    if (value !== "") groups.set(value, (groups.get(value) ?? 0) + 1);
  }
  const largest = [...groups].sort((a, b) => b[1] - a[1]).slice(0, Math.max(amount, 0));
  const gone = new Set(largest.map(([value]) => value));
  return pieces.filter((tags) => !gone.has(tags.get(tagKey) ?? ""));
}

/** Tags as they come with an order limit. */
export function nodeTags(tags: { readonly [key: string]: Uint8Array }): NodeTags {
  return new Map(Object.entries(tags).map(([key, value]) => [key, toHex(value)]));
}
