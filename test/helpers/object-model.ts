import { compareBytes, startsWithBytes, toHex, utf8 } from "../../core/bytes/bytes.js";

/** What a bucket should hold, in memory and without any cleverness. */
export interface ModelVersion {
  /** Hex, as the satellite named it. */
  readonly id: string;
  readonly isDeleteMarker: boolean;
  /** Kept beside others; of those that are not, a key has one at most. */
  readonly versioned: boolean;
  readonly data: Buffer;
  readonly custom: Readonly<Record<string, string>>;
  readonly etag: string | undefined;
}

export interface ModelPart {
  readonly data: Buffer;
  readonly etag: string;
}

export interface ModelUpload {
  readonly key: Uint8Array;
  readonly uploadId: string;
  readonly custom: Readonly<Record<string, string>>;
  /** Decided when an upload begins. */
  readonly versioned: boolean;
  readonly parts: Map<number, ModelPart>;
}

export type ModelVersioning = "unversioned" | "enabled" | "suspended";

export interface ModelEntry {
  readonly key: Uint8Array;
  readonly isPrefix: boolean;
  readonly version?: ModelVersion;
  readonly isLatest?: boolean;
  readonly upload?: ModelUpload;
}

export class ModelBucket {
  versioning: ModelVersioning = "unversioned";
  /** By key in hex; the newest version first, never empty. */
  private readonly keys = new Map<string, ModelVersion[]>();
  /** The oldest first. */
  readonly uploads: ModelUpload[] = [];

  constructor(readonly name: string) {}

  versions(key: Uint8Array): readonly ModelVersion[] {
    return this.keys.get(toHex(key)) ?? [];
  }

  /** The object that a call without a version sees. */
  current(key: Uint8Array): ModelVersion | undefined {
    const [newest] = this.versions(key);
    return newest?.isDeleteMarker ? undefined : newest;
  }

  put(
    key: Uint8Array,
    version: Omit<ModelVersion, "versioned">,
    versioned: boolean = this.versioning === "enabled",
  ): void {
    const kept = this.versions(key).filter((other) => versioned || other.versioned);
    this.keys.set(toHex(key), [{ ...version, versioned }, ...kept]);
  }

  replace(key: Uint8Array, version: ModelVersion): void {
    this.keys.set(
      toHex(key),
      this.versions(key).map((other) => (other.id === version.id ? version : other)),
    );
  }

  remove(key: Uint8Array, id: string): ModelVersion | undefined {
    const gone = this.versions(key).find((version) => version.id === id);
    const kept = this.versions(key).filter((version) => version.id !== id);
    if (kept.length > 0) this.keys.set(toHex(key), kept);
    else this.keys.delete(toHex(key));
    return gone;
  }

  /** All keys with their versions, or with the object that is seen. */
  private entries(all: boolean): ModelEntry[] {
    const sorted = [...this.keys]
      .map(([hex, versions]) => [Uint8Array.from(Buffer.from(hex, "hex")), versions] as const)
      .sort(([a], [b]) => compareBytes(a, b));
    return sorted.flatMap(([key, versions]) => {
      const shown = all ? versions : versions.slice(0, 1).filter((version) => !version.isDeleteMarker);
      return shown.map((version) => ({ key, isPrefix: false, version, isLatest: version === versions[0] }));
    });
  }

  /** A whole listing from its definition: every key, grouped, and cut after the cursor. */
  list(options: { prefix: Uint8Array; delimiter: string; cursor: Uint8Array; all?: boolean }): ModelEntry[] {
    if (options.all || options.delimiter !== "/") return group(this.entries(options.all ?? false), options);
    // The satellite folds keys before it looks for what hides them: folders show also when nothing in them does.
    const entries = group(this.entries(true), options);
    return entries.filter(({ isPrefix, isLatest, version }) => isPrefix || (isLatest && !version?.isDeleteMarker));
  }

  listUploads(options: { prefix: Uint8Array; delimiter: string; cursor: Uint8Array }): ModelEntry[] {
    const sorted = this.uploads
      .map((upload, age) => ({ upload, key: upload.key, age }))
      .sort((a, b) => compareBytes(a.key, b.key) || a.age - b.age);
    return group(
      sorted.map(({ key, upload }) => ({ key, isPrefix: false, upload })),
      options,
    );
  }
}

function group(
  entries: readonly ModelEntry[],
  { prefix, delimiter, cursor }: { prefix: Uint8Array; delimiter: string; cursor: Uint8Array },
): ModelEntry[] {
  const found: ModelEntry[] = [];
  for (const entry of entries) {
    if (!startsWithBytes(entry.key, prefix)) continue;
    const at = delimiter === "" ? -1 : Buffer.from(entry.key).indexOf(utf8(delimiter), prefix.length);
    const key = at < 0 ? entry.key : entry.key.subarray(0, at + delimiter.length);
    if (compareBytes(key, cursor) <= 0) continue;
    if (at < 0) found.push(entry);
    else if (!(found.at(-1)?.isPrefix && compareBytes(found.at(-1)!.key, key) === 0))
      found.push({ key, isPrefix: true });
  }
  return found;
}
