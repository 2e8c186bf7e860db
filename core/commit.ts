import { GetObjectRequest, type Object as ObjectMessage } from "../proto/gen/metainfo.js";
import { equalBytes } from "./bytes/bytes.js";
import type { ObjectLocation } from "./location.js";
import type { MetainfoClient } from "./metainfo/client.js";
import { isConnectionFailure } from "./metainfo/retry.js";

/**
 * Commits an object though the connection may break before the reply comes: nobody knows then whether the satellite has
 * taken the commit. So it is asked for the object, which is told by the nonce of its metadata, and only when it is not
 * there the commit is sent again.
 *
 * @param nonce random, of the metadata that `commit` sends; without metadata a lost reply is an error
 */
export async function commitSurely(
  metainfo: MetainfoClient,
  at: ObjectLocation,
  nonce: Uint8Array | undefined,
  signal: AbortSignal | undefined,
  commit: () => Promise<ObjectMessage | undefined>,
): Promise<ObjectMessage | undefined> {
  try {
    return await commit();
  } catch (error) {
    if (nonce === undefined || nonce.length === 0 || !isConnectionFailure(error)) throw error;
    const stored = await find(metainfo, at, nonce, signal);
    if (stored !== undefined) return stored;
  }
  try {
    return await commit();
  } catch (error) {
    // The first commit may have been under way still.
    const stored = await find(metainfo, at, nonce, signal);
    if (stored === undefined) throw error;
    return stored;
  }
}

/** The object, if it is the one with this nonce. Grants that may not read learn nothing. */
async function find(
  metainfo: MetainfoClient,
  { bucket, encryptedKey: encryptedObjectKey }: ObjectLocation,
  nonce: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<ObjectMessage | undefined> {
  const value = GetObjectRequest.fromPartial({ bucket, encryptedObjectKey });
  try {
    const [{ object }] = await metainfo.batch([{ $case: "objectGet", value }], "object", { signal });
    return object !== undefined && equalBytes(object.encryptedMetadataNonce, nonce) ? object : undefined;
  } catch {
    return undefined; // whoever asks has an error of its own to tell
  }
}
