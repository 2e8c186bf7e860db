import type { ObjectInfo } from "../../../core/index.js";
import type { RequestHeaders } from "../headers.js";
import { tagsKey } from "../metadata.js";
import type { Query } from "../query.js";
import type { Policy } from "./policy.js";
import type { ConditionContext } from "./policy-conditions.js";

export interface ContextInit {
  readonly headers: RequestHeaders;
  readonly query: Query;
  /** In place of the query's, if given. */
  readonly prefix: string | undefined;
  /** The client's address. */
  readonly address: string;
  readonly secure: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether the request is signed. */
  readonly signed: boolean;
  /** The form of x-amz-tagging: what the request would have as tags. */
  readonly requestTags: () => string | undefined;
  /** Tags of the object as it is; undefined when nothing asks for them. */
  readonly existingTags: string | undefined;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html */
export function conditionContext(init: ContextInit): ConditionContext {
  const { headers, query } = init;
  const one = (value: string | undefined): readonly string[] | undefined => (value === undefined ? undefined : [value]);
  return (key) => {
    const existing = /^s3:existingobjecttag\/(.+)$/.exec(key)?.[1];
    if (existing !== undefined) return one(tagOf(init.existingTags, existing));
    const requested = /^s3:requestobjecttag\/(.+)$/.exec(key)?.[1];
    if (requested !== undefined) return one(tagOf(init.requestTags(), requested));
    switch (key) {
      case "aws:referer":
        return one(headers.get("referer"));
      case "aws:useragent":
        return one(headers.get("user-agent"));
      case "aws:sourceip":
        return [init.address];
      case "aws:securetransport":
        return [String(init.secure)];
      case "aws:currenttime":
        return [new Date(init.now).toISOString()];
      case "aws:epochtime":
        return [String(Math.floor(init.now / 1000))];
      case "aws:principaltype":
        return [init.signed ? "Account" : "Anonymous"];
      case "s3:prefix":
        return one(init.prefix ?? query.get("prefix"));
      case "s3:delimiter":
      case "s3:max-keys":
        return one(query.get(key.slice(3)));
      case "s3:versionid":
        return one(query.get("versionId"));
      case "s3:x-amz-copy-source":
        return one(headers.get("x-amz-copy-source")?.replace(/^\//, ""));
      case "s3:object-lock-mode":
        return one(headers.get("x-amz-object-lock-mode"));
      case "s3:object-lock-legal-hold":
        return one(headers.get("x-amz-object-lock-legal-hold"));
      case "s3:signatureversion":
        return init.signed ? [query.has("Signature") ? "AWS" : "AWS4-HMAC-SHA256"] : undefined;
      case "s3:authtype":
        return init.signed ? [headers.has("authorization") ? "REST-HEADER" : "REST-QUERY-STRING"] : undefined;
      case "s3:requestobjecttagkeys": {
        const tags = init.requestTags();
        return tags === undefined ? undefined : [...new URLSearchParams(tags).keys()];
      }
      default:
        return key.startsWith("s3:x-amz-") ? one(headers.get(key.slice(3))) : undefined;
    }
  };
}

/** Keys of conditions were lowered in case, those of tags were not. */
function tagOf(tags: string | undefined, lowerKey: string): string | undefined {
  if (tags === undefined) return undefined;
  for (const [key, value] of new URLSearchParams(tags)) if (key.toLowerCase() === lowerKey) return value;
  return undefined;
}

/** Whether a policy asks for the tags of the object as it is, which costs a look at it. */
export function needsExistingTags(policy: Policy | undefined): boolean {
  return (
    policy?.statements.some(({ conditions }) =>
      conditions.some(({ key }) => key.startsWith("s3:existingobjecttag/")),
    ) ?? false
  );
}

export function tagsOf(info: ObjectInfo): string {
  return info.custom[tagsKey] ?? "";
}
