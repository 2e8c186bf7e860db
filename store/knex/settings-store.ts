import type { Knex } from "knex";
import { PosternError } from "../../core/errors.js";
import type {
  BucketId,
  BucketSettingsRecord,
  BucketSettingsStore,
  StoredBucketSettings,
} from "../../core/settings/bucket-settings-store.js";
import { isTaken } from "./errors.js";
import { repeated } from "./repeat.js";
import { change, lookUp } from "./time-limits.js";

interface Row {
  satellite: string;
  project: string;
  bucket: string;
  version: number | string;
  sections: string;
  sealed_grant: Buffer | null;
  created_at: number | string;
}

interface NoteRow {
  upload_hash: Buffer;
  part_number: number;
  note: Buffer;
  expires_at: number | string;
}

const table = "bucket_settings";
const noteTable = "upload_notes";

/** Bucket settings on any database that Knex speaks to. The Knex instance stays its owner's. */
export function knexSettingsStore(db: Knex, options: { readonly now?: () => number } = {}): BucketSettingsStore {
  const now = options.now ?? Date.now;

  const update = async (id: BucketId, record: BucketSettingsRecord, expected: number): Promise<number> => {
    const fields = columnsOf(record, expected + 1);
    if (expected === 0) {
      await db<Row>(table)
        .insert({ ...id, ...fields, created_at: now() })
        .options(change);
      return 1;
    }
    const changed = await db<Row>(table)
      .where({ ...id, version: expected })
      .update(fields)
      .options(change);
    if (changed !== 1) throw overtaken();
    return expected + 1;
  };

  return {
    get: (id) =>
      repeated(async () => {
        const row = await db<Row>(table)
          .where({ ...id })
          .first()
          .options(lookUp);
        return row === undefined ? undefined : recordOf(row);
      }),
    findByName: (bucket, limit) =>
      repeated(async () => {
        const rows = await db<Row>(table)
          .where({ bucket })
          .orderByRaw("case when sealed_grant is null then 1 else 0 end")
          .orderBy("created_at")
          .orderBy("project")
          .limit(limit)
          .options(lookUp);
        return rows.map(recordOf);
      }),
    write: (id, record, expected) =>
      repeated(() =>
        update(id, record, expected).catch((error: unknown) => {
          throw isTaken(error) ? overtaken(error) : error;
        }),
      ),
    delete: (id) =>
      repeated(
        async () =>
          (await db<Row>(table)
            .where({ ...id })
            .delete()
            .options(change)) > 0,
      ),
    list: (after, limit) =>
      repeated(async () => {
        const rows = await db<Row>(table)
          .modify((query) => {
            if (after !== undefined) void whereAfter(query, after);
          })
          .orderBy(["satellite", "project", "bucket"])
          .limit(limit);
        return rows.map(recordOf);
      }),

    putNote: (uploadHash, partNumber, note, expiresAt) =>
      repeated(async () => {
        await db<NoteRow>(noteTable)
          .insert({
            upload_hash: Buffer.from(uploadHash),
            part_number: partNumber,
            note: Buffer.from(note),
            expires_at: expiresAt,
          })
          .onConflict(["upload_hash", "part_number"])
          .merge(["note", "expires_at"])
          .options(change);
      }),
    notes: (uploadHash) =>
      repeated(async () => {
        const rows = await db<NoteRow>(noteTable)
          .where("upload_hash", Buffer.from(uploadHash))
          .where("expires_at", ">", now())
          .options(lookUp);
        return new Map(rows.map((row) => [row.part_number, row.note]));
      }),
    deleteNotes: (uploadHash) =>
      repeated(async () => {
        await db<NoteRow>(noteTable).where("upload_hash", Buffer.from(uploadHash)).delete().options(change);
      }),
    deleteExpiredNotes: (limit) =>
      repeated(() =>
        db<NoteRow>(noteTable)
          .whereIn(
            "upload_hash",
            db<NoteRow>(noteTable).select("upload_hash").where("expires_at", "<=", now()).limit(limit),
          )
          .where("expires_at", "<=", now())
          .delete(),
      ),
    async close() {},
  };
}

/** Rows after an id, in a form that every database reads. */
function whereAfter(query: Knex.QueryBuilder, { satellite, project, bucket }: BucketId): Knex.QueryBuilder {
  return query.where((or) =>
    or
      .where("satellite", ">", satellite)
      .orWhere((same) => same.where({ satellite }).where("project", ">", project))
      .orWhere((same) => same.where({ satellite, project }).where("bucket", ">", bucket)),
  );
}

function overtaken(cause?: unknown): PosternError {
  return new PosternError("aborted", "the settings have changed", { cause });
}

function columnsOf(record: BucketSettingsRecord, version: number): Pick<Row, "version" | "sections" | "sealed_grant"> {
  return {
    version,
    sections: JSON.stringify(record.sections),
    sealed_grant: record.sealedGrant === undefined ? null : Buffer.from(record.sealedGrant),
  };
}

function recordOf(row: Row): StoredBucketSettings {
  return {
    id: { satellite: row.satellite, project: row.project, bucket: row.bucket },
    version: Number(row.version),
    sections: JSON.parse(row.sections) as Record<string, string>,
    sealedGrant: row.sealed_grant ?? undefined,
  };
}
