import { ok, deepStrictEqual as same } from "node:assert/strict";
import type { CustomMetadata, ListEntry, ObjectInfo, Project } from "../../core/api.js";
import { toHex, utf8, utf8Text } from "../../core/bytes/bytes.js";
import { type ErrorCode, isPosternError } from "../../core/errors.js";
import type { ModelBucket, ModelEntry, ModelVersion } from "./object-model.js";
import { bodyOf, readAll } from "./project-lab.js";
import type { SeededRandom } from "./seeded-random.js";

export interface ModelLane {
  readonly project: Project;
  readonly random: SeededRandom;
  readonly buckets: readonly ModelBucket[];
  /** Few enough for collisions. */
  readonly keys: readonly Uint8Array[];
  /** Size of a new object. */
  size(): number;
}

/** One random operation, with the model and for real; throws where they differ. `tell` hears what it is before. */
export type ModelStep = (lane: ModelLane, tell: (what: string) => void) => Promise<void>;

const fromHex = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const shown = (key: Uint8Array) => JSON.stringify(Buffer.from(key).toString("latin1"));
const tagOf = (etag: Uint8Array | undefined) => (etag === undefined ? undefined : utf8Text(etag));

async function fails(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  try {
    await promise;
  } catch (error) {
    if (isPosternError(error, code)) return;
    throw error;
  }
  throw new Error(`succeeded, where ${code} was expected`);
}

function metadata({ random }: ModelLane): { custom: CustomMetadata; etag: string | undefined } {
  const custom: Record<string, string> = {};
  for (let count = random.below(3); count > 0; count--) custom[random.pick(["a", "b", "ü", "S3:x"])] = `${count} ☃`;
  return { custom, etag: random.chance(0.5) ? toHex(random.bytes(4)) : undefined };
}

/** Metadata as options of a call. */
const sent = ({ custom, etag }: ReturnType<typeof metadata>) => ({
  custom,
  ...(etag !== undefined && { etag: utf8(etag) }),
});

function checkInfo(info: ObjectInfo, key: Uint8Array, expected: ModelVersion): void {
  same(toHex(info.keyBytes), toHex(key));
  same(toHex(info.version), expected.id);
  same(
    { size: info.size, custom: info.custom, etag: tagOf(info.etag), versioned: info.versioned },
    {
      size: expected.data.length,
      custom: expected.custom,
      etag: expected.etag,
      versioned: expected.versioned,
    },
  );
}

/** A key, often one that has something. */
function anyKey({ random, keys }: ModelLane, bucket: ModelBucket): Uint8Array {
  const taken = keys.filter((key) => bucket.versions(key).length > 0);
  return taken.length > 0 && random.chance(0.7) ? random.pick(taken) : random.pick(keys);
}

/** A version of a key, or undefined for the newest. */
function anyVersion({ random }: ModelLane, bucket: ModelBucket, key: Uint8Array): ModelVersion | undefined {
  const versions = bucket.versions(key);
  return versions.length > 0 && random.chance(0.4) ? random.pick(versions) : undefined;
}

/** The version to read, or the error that reading has to end with. */
function readable(bucket: ModelBucket, key: Uint8Array, version: ModelVersion | undefined): ModelVersion | ErrorCode {
  if (version?.isDeleteMarker) return "method-not-allowed";
  return version ?? bucket.current(key) ?? "object-not-found";
}

const versionOf = (version: ModelVersion | undefined) =>
  version === undefined ? {} : { version: fromHex(version.id) };

const put: ModelStep = async (lane, tell) => {
  const { project, random } = lane;
  const bucket = random.pick(lane.buckets);
  const key = random.pick(lane.keys);
  const data = random.bytes(lane.size());
  const meta = metadata(lane);
  const ifNoneMatch = random.chance(0.1);
  tell(`put ${bucket.name} ${shown(key)} ${data.length} bytes${ifNoneMatch ? " if none" : ""}`);
  const putting = project.putObject(bucket.name, key, bodyOf(data), { ...sent(meta), ifNoneMatch });
  if (ifNoneMatch && bucket.current(key) !== undefined) return await fails("object-already-exists", putting);
  const info = await putting;
  bucket.put(key, { id: toHex(info.version), isDeleteMarker: false, data, ...meta });
  checkInfo(info, key, bucket.current(key)!);
};

const get: ModelStep = async (lane, tell) => {
  const { project, random } = lane;
  const bucket = random.pick(lane.buckets);
  const key = anyKey(lane, bucket);
  const version = anyVersion(lane, bucket, key);
  tell(`get ${bucket.name} ${shown(key)} ${version?.id ?? ""}`);
  const expected = readable(bucket, key, version);
  const getting = project.getObject(bucket.name, key, versionOf(version));
  if (typeof expected === "string") return await fails(expected, getting);
  const { info, body } = await getting;
  checkInfo(info, key, expected);
  ok((await readAll(body)).equals(expected.data), "content differs");
};

const getRange: ModelStep = async (lane, tell) => {
  const { project, random } = lane;
  const bucket = random.pick(lane.buckets);
  const key = anyKey(lane, bucket);
  const expected = bucket.current(key);
  const size = expected?.data.length ?? 10;
  const start = random.below(size + 2);
  const suffix = random.chance(0.2);
  const end = random.chance(0.3) ? undefined : start + 1 + random.below(size + 2);
  const range = suffix ? { suffix: start } : { start, ...(end !== undefined && { end }) };
  tell(`get ${bucket.name} ${shown(key)} ${JSON.stringify(range)} of ${expected?.data.length}`);
  const getting = project.getObject(bucket.name, key, { range });
  if (expected === undefined) return await fails("object-not-found", getting);
  if (suffix ? start === 0 || size === 0 : start >= size) return await fails("range-not-satisfiable", getting);
  const { offset, length, body } = await getting;
  const wanted = suffix ? expected.data.subarray(Math.max(size - start, 0)) : expected.data.subarray(start, end);
  same([offset, length], [suffix ? Math.max(size - start, 0) : start, wanted.length]);
  ok((await readAll(body)).equals(wanted), "content differs");
};

const head: ModelStep = async (lane, tell) => {
  const bucket = lane.random.pick(lane.buckets);
  const key = anyKey(lane, bucket);
  const version = anyVersion(lane, bucket, key);
  tell(`head ${bucket.name} ${shown(key)} ${version?.id ?? ""}`);
  const expected = readable(bucket, key, version);
  const heading = lane.project.headObject(bucket.name, key, versionOf(version));
  if (typeof expected === "string") return await fails(expected, heading);
  checkInfo(await heading, key, expected);
};

/** What a deletion without a version does; `marker` is the one that was added. */
function hide(bucket: ModelBucket, key: Uint8Array, marker: Uint8Array | undefined): boolean {
  const versions = bucket.versions(key);
  if (bucket.versioning === "suspended" && versions.length === 0) return false;
  if (bucket.versioning === "unversioned") {
    for (const { id } of versions) bucket.remove(key, id);
    return versions.length > 0;
  }
  ok(marker, "no delete marker");
  bucket.put(key, { id: toHex(marker), isDeleteMarker: true, data: Buffer.alloc(0), custom: {}, etag: undefined });
  return true;
}

/** Version of the delete marker that hides a key. */
async function newestOf({ project }: ModelLane, bucket: ModelBucket, key: Uint8Array): Promise<Uint8Array> {
  const { entries } = await project.listVersions(bucket.name, { prefix: key, limit: 1 });
  const [newest] = entries;
  ok(newest?.kind === "object" && newest.object.isDeleteMarker && !newest.object.versioned);
  same(toHex(newest.object.keyBytes), toHex(key));
  return newest.object.version;
}

const remove: ModelStep = async (lane, tell) => {
  const { random, project } = lane;
  const bucket = random.pick(lane.buckets);
  const key = anyKey(lane, bucket);
  const version = anyVersion(lane, bucket, key);
  tell(`delete ${bucket.name} ${shown(key)} ${version?.id ?? ""}`);
  const result = await project.deleteObject(bucket.name, key, versionOf(version));
  if (version === undefined) {
    // Where both happened, the satellite tells of what was removed rather than of the marker that was added.
    const suspended = bucket.versioning === "suspended" && result.deleted;
    const marker = suspended ? await newestOf(lane, bucket, key) : result.version;
    if (bucket.versioning === "enabled") same(result.isDeleteMarker, true);
    same(result.deleted, hide(bucket, key, marker));
    return;
  }
  bucket.remove(key, version.id);
  same([result.deleted, result.isDeleteMarker], [true, version.isDeleteMarker]);
  // Once more: it is gone.
  same((await project.deleteObject(bucket.name, key, versionOf(version))).deleted, false);
};

const removeMany: ModelStep = async (lane, tell) => {
  const { random } = lane;
  const bucket = random.pick(lane.buckets);
  const chosen = new Map<string, { key: Uint8Array; version: ModelVersion | undefined }>();
  for (let count = 1 + random.below(4); count > 0; count--) {
    const key = anyKey(lane, bucket);
    chosen.set(toHex(key), { key, version: anyVersion(lane, bucket, key) });
  }
  const items = [...chosen.values()];
  tell(`delete ${bucket.name} ${items.map(({ key, version }) => `${shown(key)} ${version?.id ?? ""}`).join(", ")}`);
  const results = await lane.project.deleteObjects(
    bucket.name,
    items.map(({ key, version }) => ({ key, ...versionOf(version) })),
  );
  same(results.length, items.length);
  for (const [index, { key, version }] of items.entries()) {
    const { status, keyBytes, removed, marker } = results[index]!;
    same(toHex(keyBytes), toHex(key));
    if (version !== undefined) {
      bucket.remove(key, version.id);
      same([status, toHex(removed!.version)], ["ok", version.id]);
    } else same(status, hide(bucket, key, marker?.version) ? "ok" : "not-found");
  }
};

const copy: ModelStep = async (lane, tell) => {
  const { random, project } = lane;
  const [from, to] = [random.pick(lane.buckets), random.pick(lane.buckets)];
  const key = anyKey(lane, from);
  const version = anyVersion(lane, from, key);
  const target = random.chance(0.1) ? key : random.pick(lane.keys);
  const replace = random.chance(0.3) ? metadata(lane) : undefined;
  const ifNoneMatch = random.chance(0.1);
  tell(`copy ${from.name} ${shown(key)} ${version?.id ?? ""} to ${to.name} ${shown(target)}`);
  // To a copy a delete marker is no object, even when its version is named.
  const expected = version?.isDeleteMarker ? "object-not-found" : readable(from, key, version);
  const copying = project.copyObject(
    { bucket: from.name, key, ...versionOf(version) },
    { bucket: to.name, key: target },
    { ifNoneMatch, ...(replace && { replace: sent(replace) }) },
  );
  if (typeof expected === "string") return await fails(expected, copying);
  if (ifNoneMatch && to.current(target) !== undefined) return await fails("object-already-exists", copying);
  const info = await copying;
  to.put(target, { ...expected, ...replace, id: toHex(info.version) });
  checkInfo(info, target, to.current(target)!);
};

const move: ModelStep = async (lane, tell) => {
  const { random, project } = lane;
  const [from, to] = [random.pick(lane.buckets), random.pick(lane.buckets)];
  const key = anyKey(lane, from);
  const target = random.pick(lane.keys.filter((other) => other !== key));
  tell(`move ${from.name} ${shown(key)} to ${to.name} ${shown(target)}`);
  const source = from.current(key);
  const moving = project.moveObject({ bucket: from.name, key }, { bucket: to.name, key: target });
  if (source === undefined) return await fails("object-not-found", moving);
  await moving;
  from.remove(key, source.id);
  const info = await project.headObject(to.name, target);
  to.put(target, { ...source, id: toHex(info.version) });
  checkInfo(info, target, to.current(target)!);
};

const update: ModelStep = async (lane, tell) => {
  const bucket = lane.random.pick(lane.buckets);
  const key = anyKey(lane, bucket);
  const meta = metadata(lane);
  tell(`update ${bucket.name} ${shown(key)}`);
  const expected = bucket.current(key);
  const updating = lane.project.updateMetadata(bucket.name, key, sent(meta));
  if (expected === undefined) return await fails("object-not-found", updating);
  await updating;
  bucket.replace(key, { ...expected, custom: meta.custom, etag: meta.etag ?? expected.etag });
  checkInfo(await lane.project.headObject(bucket.name, key), key, bucket.current(key)!);
};

const setVersioning: ModelStep = async ({ random, project, buckets }, tell) => {
  // The first bucket keeps no versions.
  const bucket = random.pick(buckets.slice(1));
  // What never kept versions cannot stop it.
  const enabled = bucket.versioning === "unversioned" || random.chance(0.6);
  tell(`versioning of ${bucket.name}: ${enabled}`);
  await project.setBucketVersioning(bucket.name, enabled);
  bucket.versioning = enabled ? "enabled" : "suspended";
  same(await project.getBucketVersioning(bucket.name), bucket.versioning);
};

function listing(lane: ModelLane) {
  const { random, keys } = lane;
  const key = random.pick(keys);
  const prefix = random.chance(0.4) ? key.subarray(0, random.below(key.length + 1)) : new Uint8Array(0);
  const delimiter = random.pick(["", "", "/", "/", "/", "b"]);
  const cursor = random.chance(0.4) ? random.pick(keys) : new Uint8Array(0);
  return { prefix, delimiter, cursor, limit: random.pick([1, 2, 3, 7, 1000]) };
}

const told = ({ prefix, delimiter, cursor, limit }: ReturnType<typeof listing>) =>
  `prefix ${shown(prefix)} delimiter "${delimiter}" cursor ${shown(cursor)} limit ${limit}`;

function checkEntry(entry: ListEntry, expected: ModelEntry, custom: boolean, all: boolean): void {
  if (entry.kind === "prefix") {
    same([true, toHex(entry.prefixBytes)], [expected.isPrefix, toHex(expected.key)]);
    return;
  }
  const { object } = entry;
  const { data, etag, custom: wanted, isDeleteMarker, id } = expected.version!;
  same(
    [toHex(object.keyBytes), object.size, tagOf(object.etag), object.isDeleteMarker],
    [toHex(expected.key), data.length, etag, isDeleteMarker],
  );
  if (custom || (etag === undefined && !isDeleteMarker)) same(object.custom, wanted);
  if (all) same([toHex(object.version), object.isLatest], [id, expected.isLatest]);
}

const list: ModelStep = async (lane, tell) => {
  const { project, random } = lane;
  const bucket = random.pick(lane.buckets);
  const options = listing(lane);
  const custom = random.chance(0.5);
  tell(`list ${bucket.name} ${told(options)}`);
  const expected = bucket.list(options);
  const page = await project.listObjects(bucket.name, { ...options, custom });
  same(page.entries.length, Math.min(expected.length, options.limit));
  for (const [index, entry] of page.entries.entries()) checkEntry(entry, expected[index]!, custom, false);
  same(
    page.next && toHex(page.next),
    expected.length > options.limit ? toHex(expected[options.limit - 1]!.key) : undefined,
  );
};

const listVersions: ModelStep = async (lane, tell) => {
  const { project, random } = lane;
  const bucket = random.pick(lane.buckets);
  const options = listing(lane);
  tell(`list versions ${bucket.name} ${told(options)}`);
  const expected = bucket.list({ ...options, all: true });
  // Three pages, or what there is.
  let cursor: Uint8Array | undefined = options.cursor;
  let versionCursor: Uint8Array | undefined;
  let at = 0;
  for (let pages = 0; pages < 3; pages++) {
    const page = await project.listVersions(bucket.name, { ...options, cursor, versionCursor, custom: true });
    same(page.entries.length, Math.min(expected.length - at, options.limit));
    for (const entry of page.entries) checkEntry(entry, expected[at++]!, true, true);
    same(page.next !== undefined, at < expected.length);
    if (page.next === undefined) return;
    cursor = page.next;
    versionCursor = page.nextVersion;
  }
};

const listUploads: ModelStep = async (lane, tell) => {
  const { project, random } = lane;
  const bucket = random.pick(lane.buckets);
  const options = { ...listing(lane), limit: 1000 };
  tell(`list uploads ${bucket.name} ${told(options)}`);
  const { entries, next } = await project.listUploads(bucket.name, options);
  same(next, undefined);
  const expected = bucket.listUploads(options);
  same(
    entries.map((entry) => toHex(entry.kind === "prefix" ? entry.prefixBytes : entry.upload.keyBytes)),
    expected.map(({ key }) => toHex(key)),
  );
  for (const [index, entry] of entries.entries()) {
    const { upload } = expected[index]!;
    same(entry.kind === "upload", upload !== undefined);
    if (entry.kind === "prefix" || upload === undefined) continue;
    same(entry.upload.custom, upload.custom);
    // Ids tell whether the bucket keeps versions now, so a listing may name another one.
    if (upload.versioned === (bucket.versioning === "enabled")) same(entry.upload.uploadId, upload.uploadId);
  }
};

const begin: ModelStep = async (lane, tell) => {
  const { project, random } = lane;
  const bucket = random.pick(lane.buckets);
  if (bucket.uploads.length >= 6) return await finish(lane, tell);
  const key = random.pick(lane.keys);
  const { custom } = metadata(lane);
  tell(`begin ${bucket.name} ${shown(key)}`);
  const { uploadId } = await project.beginUpload(bucket.name, key, { custom });
  bucket.uploads.push({ key, uploadId, custom, versioned: bucket.versioning === "enabled", parts: new Map() });
};

/** An upload under way, after one was begun if need be. */
async function anyUpload(lane: ModelLane, tell: (what: string) => void) {
  const busy = () => lane.buckets.filter(({ uploads }) => uploads.length > 0);
  if (busy().length === 0) await begin(lane, tell);
  const bucket = lane.random.pick(busy());
  return { bucket, upload: lane.random.pick(bucket.uploads) };
}

const part: ModelStep = async (lane, tell) => {
  const { project, random } = lane;
  const { bucket, upload } = await anyUpload(lane, tell);
  const number = 1 + random.below(5);
  const etag = toHex(random.bytes(4));
  const options = { etag: utf8(etag) };
  const place = [bucket.name, upload.key, upload.uploadId, number] as const;
  const source = anyKey(lane, bucket);
  const object = bucket.current(source);
  if (object !== undefined && object.data.length > 0 && random.chance(0.3)) {
    const start = random.below(object.data.length);
    const end = start + 1 + random.below(object.data.length - start);
    tell(`part ${number} of ${bucket.name} ${shown(upload.key)}: ${shown(source)} ${start}-${end}`);
    await project.copyPart(...place, { bucket: bucket.name, key: source }, { ...options, range: { start, end } });
    upload.parts.set(number, { data: object.data.subarray(start, end), etag });
    return;
  }
  const data = random.bytes(lane.size());
  tell(`part ${number} of ${bucket.name} ${shown(upload.key)}: ${data.length} bytes`);
  same((await project.uploadPart(...place, bodyOf(data), options)).size, data.length);
  upload.parts.set(number, { data, etag });
};

const listParts: ModelStep = async (lane, tell) => {
  const { bucket, upload } = await anyUpload(lane, tell);
  const after = lane.random.below(3);
  const limit = lane.random.pick([1, 2, 1000]);
  tell(`list parts ${bucket.name} ${shown(upload.key)} after ${after} limit ${limit}`);
  const wanted = [...upload.parts].sort(([a], [b]) => a - b).filter(([number]) => number > after);
  const { parts, more } = await lane.project.listParts(bucket.name, upload.key, upload.uploadId, { after, limit });
  same(
    parts.map(({ partNumber, size, etag }) => [partNumber, size, tagOf(etag)]),
    wanted.slice(0, limit).map(([number, { data, etag }]) => [number, data.length, etag]),
  );
  same(more, wanted.length > limit);
};

const finish: ModelStep = async (lane, tell) => {
  const { project, random } = lane;
  const { bucket, upload } = await anyUpload(lane, tell);
  const { key, uploadId } = upload;
  const done = () => bucket.uploads.splice(bucket.uploads.indexOf(upload), 1);
  if (random.chance(0.2)) {
    tell(`abort ${bucket.name} ${shown(key)}`);
    await project.abortUpload(bucket.name, key, uploadId);
    done();
    return await fails("upload-not-found", project.listParts(bucket.name, key, uploadId));
  }
  const meta = random.chance(0.5) ? metadata(lane) : undefined;
  const ifNoneMatch = random.chance(0.1);
  tell(`commit ${bucket.name} ${shown(key)} parts ${[...upload.parts.keys()]}`);
  const committing = project.commitUpload(bucket.name, key, uploadId, { ...(meta && sent(meta)), ifNoneMatch });
  if (ifNoneMatch && bucket.current(key) !== undefined) return await fails("object-already-exists", committing);
  const info = await committing;
  done();
  const parts = [...upload.parts].sort(([a], [b]) => a - b).map(([, { data }]) => data);
  const version = { id: toHex(info.version), isDeleteMarker: false, data: Buffer.concat(parts) };
  // Metadata without anything is none, which keeps what the upload was begun with.
  const replaces = meta !== undefined && (meta.etag !== undefined || Object.keys(meta.custom).length > 0);
  const begun = { custom: upload.custom, etag: undefined };
  bucket.put(key, { ...version, ...(replaces ? meta : begun) }, upload.versioned);
  checkInfo(info, key, bucket.current(key)!);
};

/** Steps with how often they come. */
const weights: readonly (readonly [number, ModelStep])[] = [
  [18, put],
  [8, get],
  [10, getRange],
  [6, head],
  [6, remove],
  [2, removeMany],
  [7, copy],
  [5, move],
  [4, update],
  [1, setVersioning],
  [10, list],
  [6, listVersions],
  [2, listUploads],
  [3, begin],
  [9, part],
  [3, listParts],
  [4, finish],
];

const steps = weights.flatMap(([weight, step]) => Array.from({ length: weight }, () => step));

export const randomStep: ModelStep = (lane, tell) => lane.random.pick(steps)(lane, tell);

/** Reads everything that the model holds. */
export async function checkAll({ project, buckets, keys }: ModelLane): Promise<void> {
  for (const bucket of buckets) {
    const everything = { prefix: new Uint8Array(0), delimiter: "", cursor: new Uint8Array(0) };
    const expected = bucket.list({ ...everything, all: true });
    const { entries } = await project.listVersions(bucket.name, { custom: true });
    same(entries.length, expected.length);
    for (const [index, entry] of entries.entries()) checkEntry(entry, expected[index]!, true, true);
    for (const key of keys) {
      for (const version of bucket.versions(key)) {
        if (version.isDeleteMarker) continue;
        const { info, body } = await project.getObject(bucket.name, key, versionOf(version));
        checkInfo(info, key, version);
        ok((await readAll(body)).equals(version.data), `content of ${shown(key)} differs`);
      }
    }
  }
}
