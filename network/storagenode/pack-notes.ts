import { type FileHandle, open, readFile } from "node:fs/promises";

/*
 * What became of pieces after they were packed: NUMBER.dead, a run of notes of 8 bytes each.
 *
 *   kind (1) | day (2, since 1970) | place of the piece in the pack (5)
 */

export const NoteKind = { Forgotten: 0, Trashed: 1, Restored: 2 } as const;
export type NoteKind = (typeof NoteKind)[keyof typeof NoteKind];

export interface PackNote {
  readonly kind: NoteKind;
  /** When it was trashed, in days since 1970; 0 otherwise. */
  readonly day: number;
  /** Where what follows its header begins. */
  readonly offset: number;
}

const noteSize = 8;

export function encodeNote({ kind, day, offset }: PackNote): Uint8Array {
  const bytes = Buffer.alloc(noteSize);
  bytes.writeUInt8(kind);
  bytes.writeUInt16BE(day, 1);
  bytes.writeUIntBE(offset, 3, 5);
  return bytes;
}

/** The last note about each place; none when there is no such file. */
export async function readNotes(path: string): Promise<ReadonlyMap<number, PackNote>> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  const notes = new Map<number, PackNote>();
  for (let at = 0; at + noteSize <= bytes.length; at += noteSize) {
    const kind = bytes.readUInt8(at);
    const offset = bytes.readUIntBE(at + 3, 5);
    if (kind <= NoteKind.Restored)
      notes.set(offset, { kind: kind as NoteKind, day: bytes.readUInt16BE(at + 1), offset });
  }
  return notes;
}

/** Opens a file of notes to add to it; one whose last note a crash cut is filled up. */
export async function openNotes(path: string): Promise<FileHandle> {
  const file = await open(path, "a");
  try {
    const { size } = await file.stat();
    // Of no kind that there is.
    if (size % noteSize !== 0) await file.appendFile(Buffer.alloc(noteSize - (size % noteSize), 0xff));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
