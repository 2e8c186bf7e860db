import { setTimeout as sleep } from "node:timers/promises";
import { RpcStatus, rpcError } from "../../core/rpc/status.js";
import type { NodeFaults } from "../../network/storagenode/index.js";

/** Waits until the caller gives up: a node that hangs. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

/** Refuses every upload, download or both. */
export function rejecting(
  kinds: readonly ("upload" | "download")[] = ["upload", "download"],
  status: number = RpcStatus.Internal,
): NodeFaults {
  return {
    async onCall(kind) {
      if (kinds.includes(kind)) throw rpcError(status, "refused by a fault of the test");
    },
  };
}

/** Takes calls and never answers. */
export function frozen(kinds: readonly ("upload" | "download")[] = ["upload", "download"]): NodeFaults {
  return {
    async onCall(kind, signal) {
      if (kinds.includes(kind)) await untilAborted(signal);
    },
  };
}

/** Sends some bytes of each download and then nothing. */
export function stallingAfter(bytes: number): NodeFaults {
  let sent = 0;
  return {
    async onSend(data, _offset, signal) {
      if (sent >= bytes) await untilAborted(signal);
      sent += data.length;
      return data;
    },
  };
}

/** Takes this long over each run of bytes, in either direction. */
export function slow(ms: number): NodeFaults {
  return {
    async onReceived(_data, _offset, signal) {
      await sleep(ms, undefined, { signal });
    },
    async onSend(data, _offset, signal) {
      await sleep(ms, undefined, { signal });
      return data;
    },
  };
}

/** Flips a bit of every run of bytes that it sends. */
export function corrupting(): NodeFaults {
  return {
    async onSend(data) {
      const flipped = Uint8Array.from(data);
      if (flipped.length > 0) flipped[0]! ^= 0x01;
      return flipped;
    },
  };
}

/** Signs another hash than that of the piece. */
export function lyingAboutHash(): NodeFaults {
  return {
    onSign(hash) {
      const other = Uint8Array.from(hash.hash);
      other[0]! ^= 0x01;
      return { ...hash, hash: other };
    },
  };
}
