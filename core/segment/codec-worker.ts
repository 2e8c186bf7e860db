/** Entry of the worker threads of worker-codec.ts. */
import { parentPort } from "node:worker_threads";
import { PosternError } from "../errors.js";
import { packUnit, unpackRuns, type WorkerReply, type WorkerTask, workerError } from "./codec-protocol.js";
import { createSegmentDecoder, type SyncSegmentDecoder } from "./segment-decoder.js";
import { createSegmentEncoder, type SyncSegmentEncoder } from "./segment-encoder.js";

/** Decoders have no state of their own, so only a few are kept, for what they prepared. */
const keptDecoders = 32;

const encoders = new Map<number, SyncSegmentEncoder>();
const decoders = new Map<number, SyncSegmentDecoder>();

parentPort?.on("message", ({ call, task }: { call: number; task: WorkerTask }) => {
  if (task.kind === "close") {
    encoders.delete(task.session);
    decoders.delete(task.session);
    return;
  }
  try {
    const { value, transfer } = perform(task);
    reply({ call, value }, transfer);
  } catch (error) {
    reply({ call, error: workerError(error) }, []);
  }
});

function reply(message: WorkerReply, transfer: readonly ArrayBuffer[]): void {
  parentPort?.postMessage(message, transfer);
}

type Value = Extract<WorkerReply, { value: unknown }>["value"];

function perform(task: Exclude<WorkerTask, { kind: "close" }>): { value: Value; transfer: ArrayBuffer[] } {
  switch (task.kind) {
    case "encode": {
      const { session, open, plain } = task;
      if (open !== undefined) encoders.set(session, createSegmentEncoder(open.layout, open.hash));
      const unit = withEncoder(session, (encoder) => packUnit(encoder.encode(plain)));
      return { value: unit, transfer: [unit.buffer] };
    }
    case "finish": {
      const { unit, segment } = withEncoder(task.session, (encoder) => encoder.finish());
      encoders.delete(task.session);
      const packed = packUnit(unit);
      return { value: { unit: packed, segment }, transfer: [packed.buffer] };
    }
    case "decode": {
      const request = { ...task.request, runs: unpackRuns(task.runs) };
      const value = decoderOf(task.session, task).decode(task.state, request);
      return { value, transfer: [value.result.plain.buffer as ArrayBuffer] };
    }
  }
}

/** An encoder that failed is dropped: bytes that come later must not follow a gap. */
function withEncoder<T>(session: number, use: (encoder: SyncSegmentEncoder) => T): T {
  const encoder = encoders.get(session);
  if (encoder === undefined) throw new PosternError("internal", "the encoder is gone, with the thread it was in");
  try {
    return use(encoder);
  } catch (error) {
    encoders.delete(session);
    throw error;
  }
}

function decoderOf(session: number, { layout }: Extract<WorkerTask, { kind: "decode" }>): SyncSegmentDecoder {
  let decoder = decoders.get(session);
  if (decoder === undefined) {
    decoder = createSegmentDecoder(layout);
    if (decoders.size >= keptDecoders) decoders.delete(decoders.keys().next().value as number);
    decoders.set(session, decoder);
  }
  return decoder;
}
