import { createHash, type Hash } from "node:crypto";
import type { ChunkSigner } from "../auth/signature.js";
import { S3Error } from "../errors.js";

/**
 * Takes the aws-chunked coding off a body: "hex-size[;chunk-signature=…]CRLF data CRLF", a last chunk of size 0, then
 * trailer lines if the request announced them, then an empty line.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and …-trailers.html
 */
export interface ChunkedDecoder {
  /** Takes the next bytes; appends the data in them to `out`, as views. Throws S3Errors. */
  push(input: Uint8Array, out: Uint8Array[]): void;
  /** To be called when the body has ended; throws IncompleteBody when it was cut short. */
  finish(): void;
  /** Trailers by lower-case name, complete after `finish`. */
  readonly trailers: ReadonlyMap<string, string>;
}

export interface ChunkedDecoderInit {
  /** Checks the chunks' signatures; absent for unsigned bodies, whose chunks must have none. */
  readonly signer?: ChunkSigner;
  /** Whether trailers follow the last chunk. */
  readonly trailers: boolean;
  /** The value of x-amz-decoded-content-length; chunks may not go beyond it. */
  readonly decodedLength: number;
}

/** Longer lines than any chunk header or trailer that S3 defines. */
const maxLine = 512;
const maxTrailers = 8;
/** Amazon's own minimum. Each signed chunk costs three hashes, whatever its size. */
const minSignedChunk = 8192;

const lf = 0x0a;

type State = "header" | "data" | "data-end" | "trailer" | "end";

export function createChunkedDecoder(init: ChunkedDecoderInit): ChunkedDecoder {
  const { signer } = init;
  const trailers = new Map<string, string>();
  let state: State = "header";
  let line = "";
  let chunkSize = 0;
  let left = 0;
  let decoded = 0;
  let smallChunk = false;
  let signature = "";
  let hash: Hash | undefined;
  let trailerSigned = false;

  const openChunk = (text: string): void => {
    const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(text);
    if (match === null || (match[2] !== undefined) !== (signer !== undefined)) throw malformed();
    chunkSize = Number.parseInt(match[1]!, 16);
    left = chunkSize;
    if (chunkSize > init.decodedLength - decoded) throw malformed("The chunks hold more than announced.");
    if (smallChunk && chunkSize > 0) throw new S3Error("InvalidChunkSizeError");
    smallChunk = signer !== undefined && chunkSize < minSignedChunk;
    if (signer !== undefined) {
      signature = match[2]!;
      hash = createHash("sha256");
    }
    state = "data";
    if (chunkSize === 0) closeChunk();
  };

  const closeChunk = (): void => {
    if (signer !== undefined && hash !== undefined && !signer.checkChunk(hash.digest("hex"), signature)) {
      throw new S3Error("SignatureDoesNotMatch");
    }
    // After the last chunk comes either the empty line or, at once, the trailers and then the empty line.
    state = chunkSize === 0 && init.trailers ? "trailer" : "data-end";
  };

  const takeTrailer = (text: string): void => {
    if (text === "") {
      // Amazon's own example has an empty line before the signature of the trailer too.
      if (signer === undefined || trailerSigned) state = "end";
      else if (trailers.size === 0) throw new S3Error("MalformedTrailerError");
      return;
    }
    const colon = text.indexOf(":");
    if (colon <= 0 || trailers.size >= maxTrailers || trailerSigned) throw new S3Error("MalformedTrailerError");
    const name = text.slice(0, colon).trim().toLowerCase();
    const value = text.slice(colon + 1).trim();
    if (name !== "x-amz-trailer-signature") {
      trailers.set(name, value);
      return;
    }
    if (signer === undefined) throw new S3Error("MalformedTrailerError");
    const canonical = [...trailers].map(([key, text]) => `${key}:${text}\n`).join("");
    if (!signer.checkTrailer(canonical, value)) throw new S3Error("SignatureDoesNotMatch");
    trailerSigned = true;
  };

  const takeLine = (text: string): void => {
    if (state === "header") openChunk(text);
    else if (state === "trailer") takeTrailer(text);
    else if (text !== "") throw malformed();
    else if (state === "data-end") state = chunkSize === 0 ? "end" : "header";
  };

  const takeData = (input: Uint8Array, at: number, out: Uint8Array[]): number => {
    const end = Math.min(at + left, input.length);
    const data = input.subarray(at, end);
    hash?.update(data);
    out.push(data);
    left -= data.length;
    decoded += data.length;
    if (left === 0) closeChunk();
    return end;
  };

  return {
    trailers,
    push(input, out) {
      let at = 0;
      while (at < input.length) {
        if (state === "data") {
          at = takeData(input, at, out);
          continue;
        }
        const end = input.indexOf(lf, at);
        const stop = end < 0 ? input.length : end;
        if (line.length + stop - at > maxLine) throw malformed();
        line += Buffer.from(input.buffer, input.byteOffset + at, stop - at).toString("latin1");
        if (end < 0) return;
        at = end + 1;
        const text = line.endsWith("\r") ? line.slice(0, -1) : line;
        line = "";
        takeLine(text);
      }
    },
    finish() {
      if (state !== "end" || line !== "" || decoded !== init.decodedLength) throw new S3Error("IncompleteBody");
    },
  };
}

function malformed(message = "The aws-chunked coding of the body is malformed."): S3Error {
  return new S3Error("InvalidRequest", { message });
}
