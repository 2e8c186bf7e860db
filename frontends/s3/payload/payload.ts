import { isPosternError } from "../../../core/index.js";
import type { ChunkSigner } from "../auth/signature.js";
import { S3Error } from "../errors.js";
import { type ChecksumAlgorithm, checksumHeader, createChecksum } from "./checksum.js";
import { createChunkedDecoder } from "./chunked-decoder.js";
import type { HashPool } from "./hash-pool.js";
import type { HashAlgorithm, Hashes } from "./hashes.js";
import { checksumValue, type PayloadPlan } from "./plan.js";

/** A body on its way, decoded and checked. */
export interface Payload {
  /**
   * The data, to be read once. It ends only when everything promised about it was found true; otherwise it fails, so
   * that nothing is stored.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** MD5 of the data, once the body has ended. Only if it was asked for or promised. */
  md5(): Buffer;
  /** The checksum that was promised and verified, once the body has ended. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: Buffer } | undefined;
  /** Why the body failed, if it did: whoever reads it may say it in other words. */
  readonly failure: S3Error | undefined;
}

export interface PayloadInit {
  readonly plan: PayloadPlan;
  /** The body as it comes from the client. */
  readonly wire: AsyncIterable<Uint8Array>;
  /** Only called for a body with signed chunks. */
  chunkSigner(): ChunkSigner;
  /** Whether MD5 is wanted though it was not promised. */
  readonly md5: boolean;
  readonly hashes: HashPool;
}

/** More pieces of one read than this are joined: a step of the pipeline costs more than copying a few kilobytes. */
const mostPieces = 8;

export async function openPayload(init: PayloadInit): Promise<Payload> {
  const { plan } = init;
  const algorithms: HashAlgorithm[] = [];
  if (init.md5 || plan.md5 !== undefined) algorithms.push("md5");
  if (plan.sha256 !== undefined) algorithms.push("sha256");
  const checksum = plan.checksum === undefined ? undefined : await createChecksum(plan.checksum.algorithm);
  let md5Value: Buffer | undefined;
  let verified: Payload["checksum"];
  let failure: S3Error | undefined;

  async function* plain(hashes: Hashes): AsyncGenerator<Uint8Array> {
    let received = 0;
    for await (const chunk of init.wire) {
      received += chunk.length;
      checksum?.update(chunk);
      const wait = hashes.update(chunk);
      if (wait !== undefined) await wait;
      yield chunk;
    }
    if (plan.length !== undefined && received !== plan.length) throw new S3Error("IncompleteBody");
    await verify(hashes, undefined);
  }

  async function* decoded(
    hashes: Hashes,
    coding: { readonly signed: boolean; readonly trailers: boolean },
  ): AsyncGenerator<Uint8Array> {
    const decoder = createChunkedDecoder({
      signer: coding.signed ? init.chunkSigner() : undefined,
      trailers: coding.trailers,
      decodedLength: plan.length ?? 0,
    });
    for await (const input of init.wire) {
      const pieces: Uint8Array[] = [];
      decoder.push(input, pieces);
      for (const piece of pieces.length > mostPieces ? [Buffer.concat(pieces)] : pieces) {
        checksum?.update(piece);
        const wait = hashes.update(piece);
        if (wait !== undefined) await wait;
        yield piece;
      }
    }
    decoder.finish();
    await verify(hashes, decoder.trailers);
  }

  const verify = async (hashes: Hashes, trailers: ReadonlyMap<string, string> | undefined): Promise<void> => {
    const digests = await hashes.digest();
    md5Value = digests[algorithms.indexOf("md5")];
    if (plan.md5 !== undefined && !plan.md5.equals(md5Value!)) {
      throw new S3Error("BadDigest", { message: "The Content-MD5 you specified did not match what we received." });
    }
    if (plan.sha256 !== undefined && digests[algorithms.indexOf("sha256")]!.toString("hex") !== plan.sha256) {
      throw new S3Error("XAmzContentSHA256Mismatch");
    }
    if (plan.checksum === undefined) return;
    const { algorithm } = plan.checksum;
    const expected = plan.checksum.value ?? trailerValue(algorithm, trailers);
    const value = checksum!.digest();
    if (!value.equals(expected)) {
      throw new S3Error("BadDigest", {
        message: `The ${algorithm} you specified did not match the calculated checksum.`,
      });
    }
    verified = { algorithm, value };
  };

  async function* body(): AsyncGenerator<Uint8Array> {
    // Not before the first read: a body that nobody reads would never give them back.
    const hashes = init.hashes.open(algorithms, plan.length ?? 0);
    try {
      yield* plan.chunked === undefined ? plain(hashes) : decoded(hashes, plan.chunked);
    } catch (error) {
      failure = bodyError(error);
      throw failure;
    } finally {
      hashes.abandon();
    }
  }

  return {
    body: body(),
    md5: () => md5Value ?? fail(),
    get checksum() {
      return verified;
    },
    get failure() {
      return failure;
    },
  };
}

function trailerValue(algorithm: ChecksumAlgorithm, trailers: ReadonlyMap<string, string> | undefined): Buffer {
  const text = trailers?.get(checksumHeader(algorithm));
  if (text === undefined) throw new S3Error("MalformedTrailerError");
  return checksumValue(algorithm, text);
}

function bodyError(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  if (isPosternError(error, "deadline-exceeded")) return new S3Error("RequestTimeout", { cause: error });
  if (isPosternError(error, "canceled")) return new S3Error("IncompleteBody", { cause: error });
  return new S3Error("InternalError", { cause: error });
}

function fail(): never {
  throw new Error("the body has not ended yet");
}
