import { toHex } from "../../../core/bytes/bytes.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { BucketTag } from "../../../proto/gen/metainfo.js";

const maxTags = 50;
const maxKeyCharacters = 128;
const maxValueCharacters = 256;

/** Letters, digits and white space of all scripts, and what else S3 allows. */
const allowed = /^[\p{L}\p{Nd}\p{White_Space}+\-./:=@_]*$/u;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Rules and their order as in storj/storj satellite/metainfo/validation.go validateSetBucketTaggingRequestSimple. */
export function checkTags(tags: readonly BucketTag[]): void {
  if (tags.length > maxTags) throw rpcError(RpcStatus.TooManyTags, "The tag set contains too many items");
  const seen = new Set<string>();
  for (const tag of tags) {
    const id = toHex(tag.key);
    if (seen.has(id)) throw rpcError(RpcStatus.TagKeyDuplicate, "A provided tag key is duplicated");
    seen.add(id);
    if (tag.key.length === 0) throw rpcError(RpcStatus.TagKeyInvalid, "A tag key was not provided");
    checkText(tag.key, "key", maxKeyCharacters, RpcStatus.TagKeyInvalid);
    checkText(tag.value, "value", maxValueCharacters, RpcStatus.TagValueInvalid);
  }
}

function checkText(bytes: Uint8Array, kind: string, most: number, status: number): void {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    throw rpcError(status, `A provided tag ${kind} is not a valid UTF-8 string`, cause);
  }
  // Characters are counted as Go's runes are: a pair of surrogates is one.
  if ([...text].length > most) throw rpcError(status, `A provided tag ${kind} is too long`);
  if (!allowed.test(text)) throw rpcError(status, `A provided tag ${kind} contains a disallowed character`);
}
