import { z } from "zod";
import type { BucketSettingsEntry } from "../../../core/index.js";
import { permissions } from "../access/acl.js";
import { S3Error } from "../errors.js";

/**
 * What is kept of a bucket's settings, by the name of the section. ACLs and policies are kept in text forms of their own
 * (access/acl.ts, access/policy.ts).
 */
const corsRule = z.object({
  id: z.string().optional(),
  origins: z.array(z.string()),
  methods: z.array(z.string()),
  headers: z.array(z.string()),
  expose: z.array(z.string()),
  maxAge: z.number().optional(),
});
export type CorsRule = z.infer<typeof corsRule>;

const lifecycleFilter = z.object({
  prefix: z.string().optional(),
  tags: z.array(z.object({ key: z.string(), value: z.string() })),
  sizeGreaterThan: z.number().optional(),
  sizeLessThan: z.number().optional(),
});
const lifecycleRule = z.object({
  id: z.string(),
  enabled: z.boolean(),
  /** How the filter was written, to be told in the same form: the old Prefix element, or Filter with one or several. */
  form: z.enum(["prefix", "filter", "and"]),
  filter: lifecycleFilter,
  expiration: z
    .object({ days: z.number().optional(), date: z.string().optional(), deleteMarkers: z.boolean().optional() })
    .optional(),
  noncurrent: z.object({ days: z.number(), newer: z.number().optional() }).optional(),
  abortUploadsAfterDays: z.number().optional(),
});
export type LifecycleFilter = z.infer<typeof lifecycleFilter>;
export type LifecycleRule = z.infer<typeof lifecycleRule>;

const logging = z.object({
  targetBucket: z.string(),
  targetPrefix: z.string(),
  /** Whose bucket the target is: others may have one of that name. */
  target: z.object({ satellite: z.string(), project: z.string() }).optional(),
  keyFormat: z.enum(["none", "simple", "event-time", "delivery-time"]),
  /** Who may do what with the logs, besides the target's owner. */
  grants: z
    .array(
      z.object({
        to: z.union([z.object({ id: z.string() }), z.object({ group: z.string() })]),
        permission: z.enum(permissions),
      }),
    )
    .optional(),
  /** Milliseconds since the epoch. */
  changedAt: z.number().optional(),
});
export type LoggingSettings = z.infer<typeof logging>;

const redirect = z.object({
  host: z.string().optional(),
  protocol: z.string().optional(),
  replaceKeyPrefix: z.string().optional(),
  replaceKey: z.string().optional(),
  status: z.number().optional(),
});
const website = z.object({
  index: z.string().optional(),
  error: z.string().optional(),
  redirectAll: redirect.optional(),
  rules: z.array(z.object({ prefix: z.string().optional(), errorCode: z.number().optional(), redirect })),
});
export type WebsiteSettings = z.infer<typeof website>;

const schemas = {
  acl: z.string(),
  policy: z.string(),
  publicAccessBlock: z.object({
    blockPublicAcls: z.boolean(),
    ignorePublicAcls: z.boolean(),
    blockPublicPolicy: z.boolean(),
    restrictPublicBuckets: z.boolean(),
  }),
  ownership: z.enum(["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]),
  cors: z.array(corsRule),
  lifecycle: z.array(lifecycleRule),
  /** When a gateway last began to apply the lifecycle rules, in ms since the epoch. */
  lifecycleRun: z.number(),
  logging,
  website,
  encryption: z.object({ algorithm: z.literal("AES256"), bucketKey: z.boolean() }),
  requestPayment: z.enum(["BucketOwner"]),
  /** Whether ACLs of objects in the bucket let others in. */
  sharedObjects: z.boolean(),
};

export type SectionName = keyof typeof schemas;
export type Section<K extends SectionName> = z.infer<(typeof schemas)[K]>;
export type PublicAccessBlock = Section<"publicAccessBlock">;

const parsedSections = new WeakMap<object, Map<string, unknown>>();

/** A section of an entry; undefined when there is none. Entries are parsed once. */
export function sectionOf<K extends SectionName>(
  entry: BucketSettingsEntry | undefined,
  name: K,
): Section<K> | undefined {
  const text = entry?.sections[name];
  if (entry === undefined || text === undefined) return undefined;
  let known = parsedSections.get(entry);
  if (known === undefined) {
    known = new Map();
    parsedSections.set(entry, known);
  }
  if (!known.has(name)) known.set(name, parseSection(name, text));
  return known.get(name) as Section<K>;
}

/** Reads a section's text. What a later version wrote and this one can not read is an error, not "nothing". */
function parseSection<K extends SectionName>(name: K, text: string): Section<K> {
  try {
    return schemas[name].parse(JSON.parse(text)) as Section<K>;
  } catch (cause) {
    throw new S3Error("InternalError", { cause });
  }
}

/** The sections with one replaced, or removed when the value is undefined. */
export function withSection<K extends SectionName>(
  sections: Readonly<Record<string, string>>,
  name: K,
  value: Section<K> | undefined,
): Readonly<Record<string, string>> {
  const { [name]: _, ...rest } = sections;
  // It is about the rules.
  if (name === "lifecycle" && value === undefined) return withSection(rest, "lifecycleRun", undefined);
  return value === undefined ? rest : { ...rest, [name]: JSON.stringify(value) };
}
