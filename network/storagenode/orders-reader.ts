import { open } from "node:fs/promises";
import { decodeEntries, decodeFileHeader, type OrderEntry, ordersFileHeaderSize } from "./orders-file.js";

const readBytes = 1024 * 1024;

/** Entries of a file of orders, which may be large. `onProblem` hears of what is damaged, or of another kind of file. */
export async function* readOrdersFile(
  path: string,
  onProblem: (message: string) => void,
): AsyncGenerator<OrderEntry, void, undefined> {
  const file = await open(path, "r");
  try {
    const header = Buffer.alloc(ordersFileHeaderSize);
    const { bytesRead } = await file.read(header, 0, header.length, 0);
    if (decodeFileHeader(header.subarray(0, bytesRead)) === undefined) return onProblem("not a file of orders");
    let position = ordersFileHeaderSize;
    let damaged = 0;
    const chunk = Buffer.alloc(readBytes);
    for (let last = false; !last; ) {
      const { bytesRead: length } = await file.read(chunk, 0, chunk.length, position);
      last = length < chunk.length;
      const decoded = decodeEntries(chunk.subarray(0, length), last);
      // Decoded messages are views of the chunk, which is read into again when the caller comes back.
      yield* decoded.entries;
      damaged += decoded.damaged;
      position += decoded.next;
    }
    if (damaged > 0) onProblem(`${damaged} damaged entries`);
  } finally {
    await file.close();
  }
}
