import test from "ava";
import fc from "fast-check";
import { concatBytes, toHex, utf8 } from "../../../../core/bytes/bytes.js";
import { isPosternError } from "../../../../core/errors.js";
import { createClientConnection } from "../../../../core/rpc/drpc/client-connection.js";
import { controlByte, Kind, maxFrameHeaderBytes, writeFrameHeader } from "../../../../core/rpc/drpc/frame.js";
import { createServerConnection } from "../../../../core/rpc/drpc/server-connection.js";
import { routesOf } from "../../../../core/rpc/handler.js";
import { bindService, type CallContext } from "../../../../core/rpc/transport.js";
import { deferred } from "../../../helpers/deferred.js";
import { type Note, NoteDefinition, note } from "../../../helpers/note-service.js";
import { scriptedChannel, settled } from "./scripted-channel.js";

interface TestFrame {
  stream: number;
  message: number;
  kind: number;
  done: boolean;
  control: boolean;
  data: Uint8Array;
  /** Announced beyond the data, as a lie. */
  extra: number;
}

function frameBytes({ stream, message, kind, done, control, data, extra }: TestFrame): Uint8Array {
  const out = new Uint8Array(maxFrameHeaderBytes);
  const end = writeFrameHeader(out, 0, controlByte(kind, done, control), stream, message, data.length + extra);
  return concatBytes(out.subarray(0, end), data);
}

function packet(
  stream: number,
  message: number,
  kind: number,
  data: Uint8Array = new Uint8Array(0),
  control = false,
): Uint8Array {
  return frameBytes({ stream, message, kind, done: true, control, data, extra: 0 });
}

const paths = ["Ask", "Gather", "Spread", "Talk", "Missing", "Nothing"].map((name) =>
  utf8(`/postern.test.Notes/${name}`),
);
const encodedNote = utf8("\n\u0005hello\u0010\u0003");

/** Frames that are often nearly right: ids grow slowly, kinds and bodies are mostly known ones. */
const frames = fc.array(
  fc.record({
    stream: fc.nat({ max: 6 }),
    message: fc.nat({ max: 8 }),
    kind: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 7 }) }, fc.nat({ max: 63 })),
    done: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.boolean()),
    control: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.boolean()),
    data: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...paths) },
      { weight: 3, arbitrary: fc.constantFrom(encodedNote, new Uint8Array(0)) },
      fc.uint8Array({ maxLength: 30 }),
    ),
    extra: fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, fc.nat({ max: 1 << 23 })),
  }),
  { maxLength: 40 },
);

/** Mostly ascending ids, so that more than the first frame is taken. */
function ascending(list: TestFrame[]): TestFrame[] {
  return list.sort((a, b) => a.stream - b.stream || a.message - b.message);
}

const routes = routesOf([
  bindService(NoteDefinition, {
    ask: async (request) => request,
    async gather(requests) {
      let count = 0;
      for await (const _ of requests) count++;
      return note("", count);
    },
    async *spread({ number }) {
      for (let i = 0; i < Math.min(number, 10); i++) yield note("", i);
    },
    async *talk(requests) {
      yield* requests;
    },
  }),
]);

const peer = { peerChain: undefined, peerAddress: "hostile" };

test("no frames bring a server down, and every handler ends", async (t) => {
  await fc.assert(
    fc.asyncProperty(frames, fc.boolean(), fc.integer({ min: 1, max: 500 }), async (list, sorted, step) => {
      const channel = scriptedChannel();
      const defects: unknown[] = [];
      const connection = createServerConnection(channel.open, routes, peer, {
        onDefect: (error) => defects.push(error),
      });
      const bytes = concatBytes(...(sorted ? ascending(list) : list).map(frameBytes));
      try {
        for (let at = 0; at < bytes.length && !channel.destroyed; at += step) {
          channel.feed(bytes.slice(at, at + step));
          if (at % 3 === 0) await settled();
        }
      } catch (error) {
        t.true(isPosternError(error, "protocol-error"), String(error));
      }
      await settled();
      channel.close();
      await connection.finished;
      t.deepEqual(defects, []);
    }),
    { numRuns: 300 },
  );
});

test("no frames bring a client down, and every call ends", async (t) => {
  await fc.assert(
    fc.asyncProperty(frames, fc.integer({ min: 1, max: 500 }), async (list, step) => {
      const channel = scriptedChannel();
      const connection = createClientConnection(channel.open, undefined);
      const { ask, talk } = NoteDefinition.methods;
      const calls: Promise<unknown>[] = [connection.unary(NoteDefinition, ask, note())];
      const next = () => {
        if (connection.closed) return;
        const stream = connection.stream(NoteDefinition, talk);
        calls.push(stream.receive().then(() => stream.cancel()));
      };
      calls[0]!.then(next, next);
      const bytes = concatBytes(...ascending(list).map(frameBytes));
      try {
        for (let at = 0; at < bytes.length; at += step) {
          channel.feed(bytes.slice(at, at + step));
          await settled();
        }
      } catch (error) {
        t.true(isPosternError(error, "protocol-error"), String(error));
      }
      channel.close();
      await settled();
      for (const result of await Promise.allSettled(calls)) {
        if (result.status === "rejected") t.true(isPosternError(result.reason), String(result.reason));
      }
    }),
    { numRuns: 300 },
  );
});

/** A server whose handler reads when it is told to. */
function slowServer(options: { windowBytes?: number } = {}) {
  const channel = scriptedChannel();
  const gate = deferred<void>();
  const seen: string[] = [];
  let context: CallContext | undefined;
  const handlers = {
    async gather(requests: AsyncIterable<Note>, given: CallContext) {
      context = given;
      given.signal.addEventListener("abort", () => seen.push(`aborted: ${given.signal.reason.message}`));
      await gate.promise;
      let count = 0;
      for await (const _ of requests) count++;
      seen.push(`read ${count}`);
      return note("", count);
    },
    async ask(request: Note) {
      seen.push(`asked ${request.text}`);
      return request;
    },
  };
  const connection = createServerConnection(
    channel.open,
    routesOf([bindService(NoteDefinition, handlers)]),
    peer,
    options,
  );
  return { channel, gate, seen, connection, context: () => context };
}

test("messages of a call that nobody reads stop the connection, however small they are", (t) => {
  for (const size of [0, 1, 1000, 65_536]) {
    const { channel } = slowServer({ windowBytes: 100_000 });
    channel.feed(packet(1, 1, Kind.Invoke, paths[1]));
    let count = 0;
    while (!channel.paused) channel.feed(packet(1, ++count + 1, Kind.Message, new Uint8Array(size)));
    t.true(count * (size + 1024) < 100_000 + 66_560 + 1024, `${count} messages of ${size}`);
  }
});

test("a call's queue flows again as it is read, and a Cancel empties it", async (t) => {
  const { channel, gate, seen } = slowServer({ windowBytes: 10_000 });
  channel.feed(packet(1, 1, Kind.Invoke, paths[1]));
  let id = 2;
  while (!channel.paused) channel.feed(packet(1, id++, Kind.Message, encodedNote));
  channel.feed(packet(1, id++, Kind.Cancel, undefined, true));
  t.false(channel.paused);
  t.deepEqual(seen, ["aborted: canceled by the peer"]);
  gate.resolve();
  await settled();
  t.deepEqual(seen, ["aborted: canceled by the peer"]);
  t.is(toHex(channel.written()), "");
});

test("handlers run one after the other; of calls that wait only the newest is kept", async (t) => {
  const { channel, gate, seen } = slowServer();
  channel.feed(packet(1, 1, Kind.Invoke, paths[1]));
  channel.feed(packet(1, 2, Kind.Cancel, undefined, true));
  for (const stream of [2, 3]) {
    channel.feed(packet(stream, 1, Kind.Invoke, paths[0]));
    channel.feed(packet(stream, 2, Kind.Message, utf8(`\n\u0001${stream}`)));
    channel.feed(packet(stream, 3, Kind.CloseSend));
  }
  await settled();
  t.deepEqual(seen, ["aborted: canceled by the peer"]);
  t.is(toHex(channel.written()), "");
  gate.resolve();
  await settled();
  t.deepEqual(seen, ["aborted: canceled by the peer", "asked 3"]);
  t.is(toHex(channel.written()), "050301030a01330d030200");
});

test("a waiting call that its caller has closed runs all the same", async (t) => {
  const { channel, gate, seen } = slowServer();
  channel.feed(packet(1, 1, Kind.Invoke, paths[1]));
  channel.feed(packet(1, 2, Kind.Cancel, undefined, true));
  channel.feed(packet(2, 1, Kind.Invoke, paths[0]));
  channel.feed(packet(2, 2, Kind.Message, encodedNote));
  channel.feed(packet(2, 3, Kind.Close));
  gate.resolve();
  await settled();
  t.deepEqual(seen, ["aborted: canceled by the peer", "asked hello"]);
});

test("a newer call gives the older one up", async (t) => {
  const { channel, gate, seen } = slowServer();
  channel.feed(packet(1, 1, Kind.Invoke, paths[1]));
  channel.feed(packet(2, 1, Kind.InvokeMetadata));
  t.deepEqual(seen, ["aborted: canceled by the peer's next call"]);
  channel.feed(packet(2, 2, Kind.Invoke, paths[0]));
  channel.feed(packet(2, 3, Kind.Message, encodedNote));
  // What belongs to the older call is dropped, but may not come with a smaller id.
  gate.resolve();
  await settled();
  t.deepEqual(seen, ["aborted: canceled by the peer's next call", "asked hello"]);
});

test("Close ends the requests cleanly, and the signal tells once they are read", async (t) => {
  const { channel, gate, seen, context } = slowServer();
  channel.feed(packet(1, 1, Kind.Invoke, paths[1]));
  channel.feed(packet(1, 2, Kind.Message, encodedNote));
  channel.feed(packet(1, 3, Kind.Message, encodedNote));
  channel.feed(packet(1, 4, Kind.Close));
  t.false(context()?.signal.aborted);
  gate.resolve();
  await settled();
  t.deepEqual(seen, ["aborted: the peer closed the call", "read 2"]);
  t.is(toHex(channel.written()), "");
});

test("what was ended with Close is read to the end when the connection is gone", async (t) => {
  const { channel, gate, seen, connection } = slowServer();
  channel.feed(packet(1, 1, Kind.Invoke, paths[1]));
  channel.feed(packet(1, 2, Kind.Message, encodedNote));
  channel.feed(packet(1, 3, Kind.Close));
  channel.close();
  gate.resolve();
  await connection.finished;
  t.deepEqual(seen, ["aborted: the peer closed the call", "read 1"]);
});

test("requests that are dropped unread are no clean end", async (t) => {
  for (const cancel of [true, false]) {
    const { channel, gate, seen, connection } = slowServer();
    channel.feed(packet(1, 1, Kind.Invoke, paths[1]));
    channel.feed(packet(1, 2, Kind.Message, encodedNote));
    channel.feed(packet(1, 3, Kind.CloseSend));
    if (cancel) channel.feed(packet(1, 4, Kind.Cancel, undefined, true));
    channel.close();
    gate.resolve();
    await connection.finished;
    t.deepEqual(seen, [cancel ? "aborted: canceled by the peer" : "aborted: connection lost"]);
  }
});

test("a caller that reads no answers gets no more of them", async (t) => {
  const { channel, seen } = slowServer();
  const unblock = channel.block();
  for (let stream = 1; stream <= 3; stream++) {
    channel.feed(packet(stream, 1, Kind.Invoke, paths[0]));
    channel.feed(packet(stream, 2, Kind.Message, utf8(`\n\u0001${stream}`)));
    channel.feed(packet(stream, 3, Kind.CloseSend));
    await settled();
  }
  t.deepEqual(seen, ["asked 1"]);
  unblock();
  await settled();
  t.deepEqual(seen, ["asked 1", "asked 3"]);
});

test("unknown control packets are ignored, other unknown kinds are not", (t) => {
  const { channel } = slowServer();
  channel.feed(packet(1, 1, 20, undefined, true));
  channel.feed(packet(2, 1, Kind.Invoke, paths[1]));
  channel.feed(packet(2, 2, 20, undefined, true));
  channel.feed(packet(2, 3, Kind.Message, encodedNote));
  t.throws(() => channel.feed(packet(2, 4, 20)), { message: "unknown packet kind 20" });
  const other = slowServer().channel;
  t.throws(() => other.feed(packet(1, 1, Kind.Message)), { message: "packet of an unknown stream" });
  const again = slowServer().channel;
  again.feed(packet(1, 1, Kind.Invoke, paths[1]));
  t.throws(() => again.feed(packet(1, 2, Kind.Invoke, paths[1])), { message: "invoke on existing stream" });
  const long = slowServer().channel;
  t.throws(() => long.feed(packet(1, 1, Kind.Invoke, new Uint8Array(65_537))), { message: "invoke too large" });
  const bad = slowServer().channel;
  t.throws(() => bad.feed(packet(1, 1, Kind.InvokeMetadata, Uint8Array.of(1, 2))), { message: "invalid metadata" });
});

test("a caller that starts a second call on a busy connection is told so", async (t) => {
  const channel = scriptedChannel();
  const connection = createClientConnection(channel.open, undefined);
  const { ask, talk } = NoteDefinition.methods;
  const stream = connection.stream(NoteDefinition, talk);
  const error = await t.throwsAsync(connection.unary(NoteDefinition, ask, note()));
  t.true(isPosternError(error, "internal"));
  stream.cancel();
  t.throws(() => channel.feed(packet(7, 1, Kind.Message)), { message: "packet of an unknown stream" });
});

test("a malformed response is the peer's fault and costs only its call", async (t) => {
  const channel = scriptedChannel();
  const connection = createClientConnection(channel.open, undefined);
  const { ask } = NoteDefinition.methods;
  const asking = connection.unary(NoteDefinition, ask, note());
  channel.feed(packet(1, 1, Kind.Message, Uint8Array.of(0x0a, 0xff)));
  t.true(isPosternError(await t.throwsAsync(asking), "protocol-error"));
  const empty = connection.unary(NoteDefinition, ask, note());
  channel.feed(packet(2, 1, Kind.CloseSend));
  t.true(isPosternError(await t.throwsAsync(empty), "protocol-error"));
  const next = connection.unary(NoteDefinition, ask, note());
  channel.feed(packet(3, 1, Kind.Message, encodedNote));
  t.is((await next).text, "hello");
});
