import test from "ava";
import { toHex, utf8 } from "../../core/bytes/bytes.js";
import type { ProjectContext } from "../../core/context.js";
import { CipherSuite } from "../../core/crypto/cipher-suite.js";
import { createStore } from "../../core/crypto/encryption-store.js";
import { deleteObjects } from "../../core/delete.js";
import { rpcError } from "../../core/rpc/status.js";
import { type BeginDeleteObjectRequest, Object_Status } from "../../proto/gen/metainfo.js";

/** A satellite without DeleteObjects; 0 is what it answers to calls that it does not know. */
function oldSatellite(status: number, single: (request: BeginDeleteObjectRequest) => unknown): ProjectContext {
  const call = async (name: string, request: BeginDeleteObjectRequest) => {
    if (name === "deleteObjects") throw rpcError(status, "unknown rpc");
    return single(request);
  };
  const store = createStore({ defaultKey: new Uint8Array(32), defaultPathCipher: CipherSuite.Null });
  return { store, metainfo: { call } } as unknown as ProjectContext;
}

test("many objects are deleted one by one where the satellite has no call for it", async (t) => {
  const version = new Uint8Array(16).fill(1);
  const marker = { objectVersion: version, status: Object_Status.DELETE_MARKER_VERSIONED };
  const removed = { objectVersion: version, status: Object_Status.COMMITTED_UNVERSIONED };
  const replies: Record<string, unknown> = { gone: { object: removed }, hidden: { object: marker }, none: {} };
  for (const status of [12, 0]) {
    const context = oldSatellite(status, ({ encryptedObjectKey }) => {
      const key = Buffer.from(encryptedObjectKey).toString();
      if (key === "kept") throw rpcError(10005, "object is protected by Object Lock settings");
      if (key === "theirs") throw rpcError(7, "Unauthorized API credentials");
      return replies[key];
    });
    const keys = ["gone", "hidden", "none", "kept", "theirs"];
    const results = await deleteObjects(
      context,
      "bucket",
      keys.map((key) => ({ key: utf8(key) })),
    );
    t.deepEqual(
      results.map(({ key, status, removed, marker }) => [
        key,
        status,
        removed && toHex(removed.version),
        marker?.isDeleteMarker,
      ]),
      [
        ["gone", "ok", toHex(version), undefined],
        ["hidden", "ok", undefined, true],
        ["none", "not-found", undefined, undefined],
        ["kept", "locked", undefined, undefined],
        ["theirs", "unauthorized", undefined, undefined],
      ],
    );
  }
});

test("other failures of many deletions are told", async (t) => {
  const context = oldSatellite(14, () => t.fail());
  await t.throwsAsync(deleteObjects(context, "bucket", [{ key: "a" }]), { code: "unavailable" });
});
