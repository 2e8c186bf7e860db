import { S3Error } from "../errors.js";

/** A form as it comes: the fields before the file, and the file as a stream. */
export interface UploadForm {
  /** By lower-case name; the first of each. The file's name is put into the key where that asks for it. */
  readonly fields: ReadonlyMap<string, string>;
  /** Type of the file's own part. */
  readonly fileType: string | undefined;
  /** To be read once; ends at the form's boundary. What comes after the file is ignored, as on Amazon. */
  readonly file: AsyncIterable<Uint8Array>;
}

/** Amazon's limit for all that comes before the file. */
const maxHeadBytes = 20 * 1024;
const maxFields = 128;

/** The boundary of multipart/form-data (RFC 7578, RFC 2046 section 5.1.1); undefined for other types. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  const match = /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(
    contentType ?? "",
  );
  return match?.[1] ?? match?.[2];
}

/** Reads a form up to its file. Fails with MalformedPOSTRequest; memory is bounded. */
export async function readForm(body: AsyncIterable<Uint8Array>, boundary: string): Promise<UploadForm> {
  const source = createSource(body);
  const delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
  // The first delimiter has no line before it.
  source.unread(Buffer.from("\r\n"));
  await source.until(delimiter, 1024);
  const fields = new Map<string, string>();
  let left = maxHeadBytes;
  for (;;) {
    const end = await source.until(Buffer.from("\r\n"), 16);
    if (end.toString("latin1").trim() === "--") break;
    if (end.toString("latin1").trim() !== "") throw malformed();
    const head = (await source.until(Buffer.from("\r\n\r\n"), Math.min(left, 8192))).toString("utf8");
    left -= head.length;
    const { name, fileName, type } = partHead(head);
    if (name.toLowerCase() === "file") {
      // Amazon puts the name in before it looks at the policy.
      const key = fields.get("key");
      if (key !== undefined)
        fields.set(
          "key",
          key.replaceAll("$" + "{filename}", () => fileName ?? ""),
        );
      return { fields, fileType: type, file: source.streamUntil(delimiter) };
    }
    const value = await source.until(delimiter, left);
    left -= value.length;
    if (fields.size >= maxFields) throw malformed();
    if (!fields.has(name.toLowerCase())) fields.set(name.toLowerCase(), value.toString("utf8"));
  }
  throw new S3Error("InvalidArgument", {
    message: "POST requires exactly one file upload per request.",
    extra: { ArgumentName: "file", ArgumentValue: 0 },
  });
}

function partHead(head: string): { name: string; fileName: string | undefined; type: string | undefined } {
  const lines = head.split("\r\n");
  const headerOf = (header: string): string | undefined =>
    lines
      .find((line) => line.toLowerCase().startsWith(`${header}:`))
      ?.slice(header.length + 1)
      .trim();
  const disposition = headerOf("content-disposition") ?? "";
  const name = /;\s*name="([^"]*)"/i.exec(disposition)?.[1] ?? /;\s*name=([^\s;"]+)/i.exec(disposition)?.[1];
  if (!/^form-data\b/i.test(disposition) || name === undefined) throw malformed();
  const fileName = /;\s*filename="((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1];
  // Browsers of old sent whole paths.
  return { name, fileName: fileName?.replace(/^.*[\\/]/, ""), type: headerOf("content-type") };
}

interface Source {
  unread(bytes: Buffer): void;
  /** Bytes before the mark, which is consumed. Fails when there are more than `most`. */
  until(mark: Buffer, most: number): Promise<Buffer>;
  streamUntil(mark: Buffer): AsyncGenerator<Uint8Array>;
}

function createSource(body: AsyncIterable<Uint8Array>): Source {
  const iterator = body[Symbol.asyncIterator]();
  let pending = Buffer.alloc(0);

  const more = async (): Promise<boolean> => {
    const { done, value } = await iterator.next();
    if (done === true) return false;
    pending = pending.length === 0 ? Buffer.from(value) : Buffer.concat([pending, value]);
    return true;
  };

  return {
    unread(bytes) {
      pending = Buffer.concat([bytes, pending]);
    },
    async until(mark, most) {
      for (;;) {
        const at = pending.indexOf(mark);
        if (at > most || (at < 0 && pending.length > most + mark.length)) throw tooLong(most);
        if (at >= 0) {
          const found = pending.subarray(0, at);
          pending = pending.subarray(at + mark.length);
          return found;
        }
        if (!(await more())) throw malformed();
      }
    },
    async *streamUntil(mark) {
      try {
        for (;;) {
          const at = pending.indexOf(mark);
          if (at >= 0) {
            const last = pending.subarray(0, at);
            pending = pending.subarray(at);
            if (last.length > 0) yield last;
            return;
          }
          // The end may be the beginning of a mark.
          const safe = Math.max(pending.length - mark.length + 1, 0);
          if (safe > 0) {
            const chunk = pending.subarray(0, safe);
            pending = pending.subarray(safe);
            yield chunk;
          }
          if (!(await more())) throw new S3Error("IncompleteBody");
        }
      } finally {
        await iterator.return?.();
      }
    },
  };
}

function tooLong(most: number): S3Error {
  return most >= 1024 ? new S3Error("MaxPostPreDataLengthExceededError") : malformed();
}

function malformed(): S3Error {
  return new S3Error("MalformedPOSTRequest");
}
