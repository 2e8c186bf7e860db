import type { ExecutionContext, TestFn } from "ava";
import { toHex } from "../../core/bytes/bytes.js";
import { isPosternError, PosternError } from "../../core/errors.js";
import { createClient } from "../../core/rpc/client.js";
import { RpcStatus, rpcError } from "../../core/rpc/status.js";
import {
  type BoundService,
  bindService,
  type CallContext,
  type Connection,
  type RunningServer,
  type ServiceHandlers,
  type Target,
  type Transport,
} from "../../core/rpc/transport.js";
import { deferred } from "../helpers/deferred.js";
import { type Note, NoteDefinition, note } from "../helpers/note-service.js";

/** A server and what reaches it. */
export interface TransportFixture {
  readonly transport: Transport;
  readonly target: Target;
  readonly server: RunningServer;
  /** DER certificates that the other side is to see; absent where the transport has no identities. */
  readonly clientChain?: readonly Uint8Array[];
  readonly serverChain?: readonly Uint8Array[];
}

export type TransportFixtureOptions = { onDefect?: (error: unknown, path: string) => void };

/** Starts a server with the services; the suite stops it. */
export type TransportFactory = (
  services: readonly BoundService[],
  options: TransportFixtureOptions,
) => Promise<TransportFixture>;

type Handlers = ServiceHandlers<typeof NoteDefinition>;

const piece = 64 * 1024;
/** No transport may take more than this from a sender whose peer does not read: windows, socket and kernel buffers. */
const boundedBytes = 24 << 20;

/** What every transport does. Run it with a factory for each. */
export function transportSuite(test: TestFn, factory: TransportFactory): void {
  async function serve(t: ExecutionContext, handlers: Handlers, options: TransportFixtureOptions = {}) {
    const fixture = await factory([bindService(NoteDefinition, handlers)], options);
    t.teardown(() => fixture.server.stop());
    const connection = await fixture.transport.dial(fixture.target);
    t.teardown(() => connection.close());
    return { ...fixture, connection, client: createClient(NoteDefinition, connection) };
  }

  test("one request, one response", async (t) => {
    const { client } = await serve(t, {
      ask: async (request) =>
        note(
          `${request.text}!`,
          request.number + 1,
          request.data.map((byte) => byte ^ 1),
        ),
    });
    const answer = await client.ask(note("héllo 世界", Number.MAX_SAFE_INTEGER - 1, Uint8Array.of(0, 1, 2)));
    t.deepEqual({ ...answer, data: [...answer.data] }, {
      text: "héllo 世界!",
      number: Number.MAX_SAFE_INTEGER,
      data: [1, 0, 3],
    } as never);
  });

  test("messages without content", async (t) => {
    const { client } = await serve(t, {
      ask: async () => note(),
      async *talk(requests) {
        yield* requests;
      },
    });
    t.deepEqual(await client.ask(note()), note());
    const stream = client.talk();
    for (let i = 0; i < 3; i++) {
      await stream.send(note());
      t.deepEqual(await stream.receive(), note());
    }
    await stream.closeSend();
    t.is(await stream.receive(), undefined);
  });

  test("many requests, one response", async (t) => {
    const { client } = await serve(t, {
      async gather(requests) {
        let [count, bytes] = [0, 0];
        for await (const request of requests) {
          t.is(request.number, count++);
          bytes += request.data.length;
        }
        return note(`${count}`, bytes);
      },
    });
    for (const count of [0, 1, 300]) {
      const stream = client.gather();
      for (let i = 0; i < count; i++) await stream.send(note("", i, new Uint8Array(i * 100)));
      await stream.closeSend();
      t.like(await stream.receive(), { text: `${count}`, number: count === 0 ? 0 : (count * (count - 1) * 100) / 2 });
      t.is(await stream.receive(), undefined);
      t.is(await stream.receive(), undefined);
    }
  });

  test("one response before the requests have ended", async (t) => {
    const { client } = await serve(t, {
      async gather(requests) {
        for await (const request of requests) return note(request.text);
        return note("none");
      },
    });
    for (let i = 0; i < 3; i++) {
      const stream = client.gather();
      await stream.send(note("first"));
      t.is((await stream.receive())?.text, "first");
      t.is(await stream.receive(), undefined);
    }
  });

  test("one request, many responses", async (t) => {
    const { client } = await serve(t, {
      async *spread(request) {
        for (let i = 0; i < request.number; i++) yield note("", i, new Uint8Array(1000));
      },
    });
    for (const count of [0, 1, 500]) {
      let received = 0;
      for await (const response of client.spread(note("", count))) t.is(response.number, received++);
      t.is(received, count);
    }
  });

  test("requests and responses in turn, and at once", async (t) => {
    const { client } = await serve(t, {
      async *talk(requests) {
        for await (const { text, number, data } of requests) yield note(`${text}!`, number, data);
      },
    });
    const turns = client.talk();
    for (let i = 0; i < 50; i++) {
      await turns.send(note("turn", i));
      t.like(await turns.receive(), { text: "turn!", number: i });
    }
    await turns.closeSend();
    t.is(await turns.receive(), undefined);

    const both = client.talk();
    const sending = (async () => {
      for (let i = 0; i < 100; i++) await both.send(note("", i, new Uint8Array(piece)));
      await both.closeSend();
    })();
    for (let i = 0; i < 100; i++) t.is((await both.receive())?.number, i);
    t.is(await both.receive(), undefined);
    await sending;
  });

  test("big messages, and too big ones", async (t) => {
    const { client } = await serve(t, {
      ask: async (request) => request,
      async *spread(request) {
        yield note("", 0, new Uint8Array(request.number));
      },
    });
    const data = new Uint8Array((4 << 20) - 100).map((_, i) => i * 7 + (i >> 8));
    t.is(toHex((await client.ask(note("", 1, data))).data.subarray(-1000)), toHex(data.subarray(-1000)));
    await t.throwsAsync(client.ask(note("", 1, new Uint8Array((4 << 20) + 1))));
    await t.throwsAsync(async () => {
      for await (const _ of client.spread(note("", (4 << 20) + 1))) t.fail();
    });
  });

  test("a reader that waits bounds the sender of requests", async (t) => {
    const gate = deferred<void>();
    const { client } = await serve(t, {
      async gather(requests) {
        let count = 0;
        for await (const _ of requests) {
          if (count++ === 0) await gate.promise;
        }
        return note("", count);
      },
    });
    const stream = client.gather();
    const total = 600;
    let sent = 0;
    const sending = (async () => {
      for (let i = 0; i < total; i++) {
        sent++;
        await stream.send(note("", i, new Uint8Array(piece)));
      }
      await stream.closeSend();
    })();
    await unchanged(() => sent);
    t.true(sent * piece < boundedBytes, `${sent} messages were taken`);
    gate.resolve();
    await sending;
    t.is((await stream.receive())?.number, total);
  });

  test("a reader that waits bounds the sender of responses", async (t) => {
    let made = 0;
    const ended = deferred<void>();
    const { client, connection } = await serve(t, {
      ask: async (request) => request,
      async *spread() {
        try {
          for (;;) yield note("", made++, new Uint8Array(piece));
        } finally {
          ended.resolve();
        }
      },
    });
    const responses = client.spread(note())[Symbol.asyncIterator]();
    t.is((await responses.next()).value?.number, 0);
    await unchanged(() => made);
    t.true(made * piece < boundedBytes, `${made} messages were made`);
    const seen = made;
    for (let i = 1; i < seen; i++) t.is((await responses.next()).value?.number, i);
    await responses.return?.(undefined);
    await ended.promise;
    t.is((await createClient(NoteDefinition, connection).ask(note("on"))).text, "on");
  });

  test("metadata", async (t) => {
    const { client } = await serve(t, {
      ask: async (_, { metadata }) => note(metadata["trace-id"] ?? "none", Object.hasOwn(metadata, "empty") ? 1 : 0),
      async *talk(_, { metadata }) {
        yield note(metadata["trace-id"]);
      },
    });
    t.like(await client.ask(note(), { metadata: { "trace-id": "42", empty: "" } }), { text: "42", number: 1 });
    t.is((await client.ask(note())).text, "none");
    const stream = client.talk({ metadata: { "trace-id": "43" } });
    t.is((await stream.receive())?.text, "43");
    stream.cancel();
  });

  test("who calls and who is called", async (t) => {
    const { client, connection, clientChain, serverChain } = await serve(t, {
      ask: async (_, { peerChain, peerAddress }) => note(`${peerAddress} ${peerChain?.map(toHex)}`),
    });
    const [address, chain] = (await client.ask(note())).text.split(" ");
    t.truthy(address);
    t.is(chain, `${clientChain?.map(toHex)}`);
    t.is(`${connection.peerChain?.map(toHex)}`, `${serverChain?.map(toHex)}`);
  });

  test("every status with its text", async (t) => {
    const { client } = await serve(t, {
      ask: async ({ number, text }) => {
        throw rpcError(number, text);
      },
      async *talk(requests) {
        for await (const { number, text } of requests) {
          yield note("before");
          throw rpcError(number, text);
        }
      },
    });
    const statuses = Object.values(RpcStatus).filter((status) => status !== RpcStatus.OK);
    for (const status of [...statuses, 9999, 123_456_789]) {
      const error = await t.throwsAsync(client.ask(note(`text ${status}`, status)), { message: `text ${status}` });
      t.true(isPosternError(error) && error.status === status, `${status}`);
    }
    for (const text of ["", "wrapped 世界", "50% of\nlines: “x”", "x".repeat(2000)]) {
      await t.throwsAsync(client.ask(note(text, RpcStatus.NotFound)), { message: text });
    }
    for (const status of [RpcStatus.Unknown, RpcStatus.Canceled, RpcStatus.NotFound, 10005]) {
      const stream = client.talk();
      await stream.send(note("in the middle", status));
      t.is((await stream.receive())?.text, "before");
      const error = await t.throwsAsync(stream.receive(), { message: "in the middle" });
      t.true(isPosternError(error) && error.status === status);
    }
  });

  test("errors without a status, defects, and methods nobody serves", async (t) => {
    const defects: string[] = [];
    const { client, connection } = await serve(
      t,
      {
        ask: async ({ text }) => {
          if (text === "defect") throw new TypeError("secret");
          throw new PosternError("bucket-not-found", "no such bucket");
        },
        async *spread() {
          yield note("before");
          throw new RangeError("secret");
        },
      },
      { onDefect: (error, path) => defects.push(`${path} ${error}`) },
    );
    const known = await t.throwsAsync(client.ask(note()), { message: "no such bucket" });
    t.true(isPosternError(known) && known.status === RpcStatus.NotFound);
    const defect = await t.throwsAsync(client.ask(note("defect")), { message: "internal error" });
    t.true(isPosternError(defect) && defect.status === RpcStatus.Internal);
    const responses = client.spread(note())[Symbol.asyncIterator]();
    t.is((await responses.next()).value?.text, "before");
    await t.throwsAsync(responses.next(), { message: "internal error" });
    t.deepEqual(defects, [
      "/postern.test.Notes/Ask TypeError: secret",
      "/postern.test.Notes/Spread RangeError: secret",
    ]);
    const missing = await t.throwsAsync(client.missing(note()));
    t.true(isPosternError(missing, "unimplemented") && missing.status === RpcStatus.Unimplemented);
    const other = createClient({ ...NoteDefinition, fullName: "postern.test.Other" }, connection);
    t.true(isPosternError(await t.throwsAsync(other.ask(note())), "unknown", "unimplemented"));
  });

  test("cancelling before anything is said", async (t) => {
    const seen = watched();
    const { client } = await serve(t, { gather: async (requests, context) => seen.readAll(requests, context) });
    const stream = client.gather();
    await seen.started;
    stream.cancel();
    await seen.aborted;
    t.true(isPosternError(await t.throwsAsync(stream.receive()), "canceled"));
    await t.throwsAsync(stream.send(note()));
  });

  test("cancelling while the handler waits for requests", async (t) => {
    const seen = watched();
    const { client } = await serve(t, { gather: async (requests, context) => seen.readAll(requests, context) });
    const stream = client.gather();
    await stream.send(note());
    await seen.started;
    const receiving = stream.receive();
    stream.cancel();
    t.true(isPosternError(await t.throwsAsync(receiving), "canceled"));
    t.true(isPosternError(await seen.aborted, "canceled"));
    t.true(isPosternError(await seen.readError, "canceled"));
    stream.cancel();
  });

  test("cancelling while the handler works on its answer", async (t) => {
    const seen = watched();
    const { client } = await serve(t, {
      gather: async (requests, context) => {
        for await (const _ of requests);
        return seen.wait(context);
      },
    });
    const stream = client.gather();
    await stream.send(note());
    await stream.closeSend();
    await seen.started;
    stream.cancel();
    t.true(isPosternError(await seen.aborted, "canceled"));
  });

  test("cancelling when all is sent and not all is read", async (t) => {
    const gate = deferred<void>();
    const seen = watched();
    const { client } = await serve(t, {
      gather: async (requests, context) => {
        seen.watch(context);
        await gate.promise;
        return seen.readAll(requests, context);
      },
    });
    const stream = client.gather();
    for (let i = 0; i < 3; i++) await stream.send(note("", i));
    await stream.closeSend();
    await seen.started;
    stream.cancel();
    await seen.aborted;
    gate.resolve();
    t.true(isPosternError(await seen.readError, "canceled"));
  });

  test("cancelling while responses flow", async (t) => {
    const seen = watched();
    const closed = deferred<void>();
    const { client } = await serve(t, {
      async *spread(_, context) {
        seen.watch(context);
        try {
          for (let i = 0; ; i++) yield note("", i, new Uint8Array(piece));
        } finally {
          closed.resolve();
        }
      },
    });
    for await (const { number } of client.spread(note())) if (number === 20) break;
    await closed.promise;
    await seen.aborted;
    t.pass();
  });

  test("cancelling while the sender waits for the reader", async (t) => {
    const gate = deferred<void>();
    const seen = watched();
    const { client } = await serve(t, {
      gather: async (requests, context) => {
        seen.watch(context);
        await gate.promise;
        return seen.readAll(requests, context);
      },
    });
    const stream = client.gather();
    let sent = 0;
    const sending = (async () => {
      for (;;) {
        sent++;
        await stream.send(note("", 0, new Uint8Array(piece)));
      }
    })();
    await unchanged(() => sent);
    stream.cancel();
    t.true(isPosternError(await t.throwsAsync(sending), "canceled"));
    gate.resolve();
    await seen.aborted;
    await seen.readError;
  });

  test("cancelling one call by its signal", async (t) => {
    const seen = watched();
    const { client } = await serve(t, { ask: async (_, context) => seen.wait(context) });
    const controller = new AbortController();
    const asking = client.ask(note(), { signal: controller.signal });
    await seen.started;
    controller.abort();
    t.true(isPosternError(await t.throwsAsync(asking), "canceled"));
    await seen.aborted;
    t.true(isPosternError(await t.throwsAsync(client.ask(note(), { signal: controller.signal })), "canceled"));
    const late = client.talk({ signal: controller.signal });
    t.true(isPosternError(await t.throwsAsync(late.receive()), "canceled"));
  });

  test("deadlines", async (t) => {
    const [asked, talked] = [watched(), watched()];
    const { client } = await serve(t, {
      ask: async ({ text }, context) => (text === "wait" ? asked.wait(context) : note("in time")),
      async *talk(_, context) {
        yield note("first");
        await talked.wait(context);
      },
    });
    const asking = client.ask(note("wait"), { timeoutMs: 50 });
    t.true(isPosternError(await t.throwsAsync(asking), "deadline-exceeded"));
    await asked.aborted;
    const stream = client.talk({ timeoutMs: 200 });
    const reading = async () => {
      while ((await stream.receive()) !== undefined);
    };
    t.true(isPosternError(await t.throwsAsync(reading), "deadline-exceeded"));
    await talked.aborted;
    t.is((await client.ask(note(), { timeoutMs: 10_000 })).text, "in time");
  });

  test("a connection serves on after errors and cancelled calls", async (t) => {
    const { client, connection } = await serve(t, {
      ask: async (request, context) => {
        if (request.text === "fail") throw rpcError(RpcStatus.Aborted, "failed");
        if (request.text === "wait") await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
        return request;
      },
      async *talk(requests) {
        yield* requests;
      },
    });
    for (let i = 0; i < 20; i++) {
      await t.throwsAsync(client.ask(note("fail")), { message: "failed" });
      await t.throwsAsync(client.ask(note("wait"), { timeoutMs: 2 }));
      const stream = client.talk();
      await stream.send(note("a"));
      if (i % 2 === 0) await stream.receive();
      stream.cancel();
      t.is((await client.ask(note("", i))).number, i);
    }
    t.false(connection.closed);
  });

  test("stopping with grace lets running calls end", async (t) => {
    const gate = deferred<void>();
    const started = deferred<void>();
    const { client, server, transport, target } = await serve(t, {
      ask: async () => {
        started.resolve();
        await gate.promise;
        return note("done");
      },
    });
    const idle = await transport.dial(target);
    const asking = client.ask(note());
    await started.promise;
    const stopping = server.stop({ graceMs: 20_000 });
    await t.throwsAsync(async () => {
      const fresh = await transport.dial(target);
      await createClient(NoteDefinition, fresh).ask(note());
    });
    gate.resolve();
    t.is((await asking).text, "done");
    await stopping;
    t.true(isPosternError(await t.throwsAsync(createClient(NoteDefinition, idle).ask(note())), "unavailable"));
    await idle.close();
  });

  test("stopping without grace ends running calls", async (t) => {
    const seen = watched();
    const { client, server } = await serve(t, { ask: async (_, context) => seen.wait(context) });
    const asking = client.ask(note());
    asking.catch(() => {});
    await seen.started;
    await server.stop();
    await seen.aborted;
    t.true(isPosternError(await t.throwsAsync(asking), "unavailable", "canceled"));
  });

  test("a caller that closes its connection ends its calls", async (t) => {
    const seen = watched();
    const { client, connection } = await serve(t, { ask: async (_, context) => seen.wait(context) });
    const asking = client.ask(note());
    asking.catch(() => {});
    await seen.started;
    await connection.close();
    await seen.aborted;
    t.true(isPosternError(await t.throwsAsync(asking), "unavailable", "canceled"));
    t.true(connection.closed);
    t.true(isPosternError(await t.throwsAsync(client.ask(note())), "unavailable"));
  });

  test("nobody at the address", async (t) => {
    const { transport, target, server } = await serve(t, {});
    await server.stop();
    const failing = async () => {
      const connection: Connection = await transport.dial(target, { timeoutMs: 5_000 });
      t.teardown(() => connection.close());
      await createClient(NoteDefinition, connection).ask(note());
    };
    t.true(isPosternError(await t.throwsAsync(failing), "unavailable"));
  });
}

/** Resolves when the number has stayed the same for a while: what moves it waits. */
async function unchanged(count: () => number): Promise<void> {
  for (let last = -1, same = 0; same < 10; ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    same = count() === last && last > 0 ? same + 1 : 0;
    last = count();
  }
}

/** Handlers that tell what becomes of their call. */
function watched() {
  const started = deferred<void>();
  const aborted = deferred<unknown>();
  const readError = deferred<unknown>();
  function watch({ signal }: CallContext): void {
    if (signal.aborted) aborted.resolve(signal.reason);
    signal.addEventListener("abort", () => aborted.resolve(signal.reason));
    started.resolve();
  }
  return {
    started: started.promise,
    aborted: aborted.promise,
    readError: readError.promise,
    watch,
    /** Ends when the signal aborts. */
    async wait(context: CallContext): Promise<Note> {
      watch(context);
      await aborted.promise;
      return note("too late");
    },
    /** Ends when the requests do. */
    async readAll(requests: AsyncIterable<Note>, context: CallContext): Promise<Note> {
      watch(context);
      try {
        for await (const _ of requests);
      } catch (error) {
        readError.resolve(error);
        throw error;
      }
      return note("read all");
    },
  };
}
