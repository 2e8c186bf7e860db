import { type FileHandle, open } from "node:fs/promises";
import { decodeRecordHeader, type PackRecord, recordHeaderSize, recordMagic } from "./pack-record.js";

export interface FoundRecord extends PackRecord {
  /** Where what follows its header begins. */
  readonly offset: number;
}

export interface ScannedPack {
  readonly fileSize: number;
  readonly records: readonly FoundRecord[];
  /** Places between records that are none. What a crash left at the end does not count. */
  readonly damaged: number;
}

const windowBytes = 16 * 1024;
const searchBytes = 1024 * 1024;

/** Reads the headers of a pack's records, and goes on with the next whole one where something is damaged. */
export async function scanPack(path: string): Promise<ScannedPack> {
  const file = await open(path, "r");
  try {
    const fileSize = (await file.stat()).size;
    const records: FoundRecord[] = [];
    let damaged = 0;
    let searched = false;
    let window: Buffer = Buffer.alloc(0);
    let windowStart = 0;
    for (let at = 0; at < fileSize; ) {
      if (at < windowStart || at + recordHeaderSize > windowStart + window.length) {
        window = await readUpTo(file, at, windowBytes);
        windowStart = at;
      }
      const record = decodeRecordHeader(window.subarray(at - windowStart));
      const offset = at + recordHeaderSize;
      if (record !== undefined && offset + record.size <= fileSize) {
        records.push({ ...record, offset });
        if (searched) damaged++;
        searched = false;
        at = offset + record.size;
      } else {
        searched = true;
        at = await findMagic(file, at + 1, fileSize);
      }
    }
    return { fileSize, records, damaged };
  } finally {
    await file.close();
  }
}

/** Where the next magic is; the file's size when there is none. */
async function findMagic(file: FileHandle, from: number, fileSize: number): Promise<number> {
  for (let at = from; at < fileSize; at += searchBytes) {
    const index = (await readUpTo(file, at, searchBytes + recordMagic.length)).indexOf(recordMagic);
    if (index >= 0) return at + index;
  }
  return fileSize;
}

async function readUpTo(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, offset);
  return buffer.subarray(0, bytesRead);
}
