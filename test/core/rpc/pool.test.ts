import test from "ava";
import { isPosternError, PosternError } from "../../../core/errors.js";
import { createClient } from "../../../core/rpc/client.js";
import { createMemoryNetwork } from "../../../core/rpc/memory/transport.js";
import { createPool, type PoolOptions } from "../../../core/rpc/pool.js";
import { bindService, type Connection, type Lease, type Target, type Transport } from "../../../core/rpc/transport.js";
import { type Deferred, deferred } from "../../helpers/deferred.js";
import { NoteDefinition, note } from "../../helpers/note-service.js";
import { until } from "../../helpers/until.js";

interface FakeConnection extends Connection {
  readonly target: Target;
  break(): void;
}

/** Connections that do nothing but be open or closed. */
function fakeTransport(callsPerConnection = 1) {
  const dialled: FakeConnection[] = [];
  let hold: Deferred<void> | undefined;
  let failure: PosternError | undefined;
  const transport: Transport = {
    name: "fake",
    callsPerConnection,
    async dial(target) {
      await hold?.promise;
      const failed = failure;
      failure = undefined;
      if (failed !== undefined) throw failed;
      let closed = false;
      const end = () => {
        closed = true;
      };
      const connection: FakeConnection = {
        target,
        peerChain: undefined,
        get closed() {
          return closed;
        },
        unary: () => Promise.reject(new PosternError("internal", "not here")),
        stream: () => {
          throw new PosternError("internal", "not here");
        },
        close: async () => end(),
        break: end,
      };
      dialled.push(connection);
      return connection;
    },
  };
  return {
    transport,
    dialled,
    open: () => dialled.filter((connection) => !connection.closed).length,
    hold() {
      hold = deferred();
      return hold;
    },
    /** Of the next dial. */
    fail(error: PosternError) {
      failure = error;
    },
  };
}

function fixture(options: Partial<PoolOptions> = {}, callsPerConnection = 1) {
  const fake = fakeTransport(callsPerConnection);
  const pool = createPool({ transport: fake.transport, ...options });
  return { ...fake, pool };
}

const a: Target = { address: "a:1", nodeId: new Uint8Array(32).fill(1) };
const b: Target = { address: "b:1", nodeId: new Uint8Array(32).fill(2) };

async function leases(count: number, acquire: () => Promise<Lease>): Promise<Lease[]> {
  return Promise.all(Array.from({ length: count }, acquire));
}

test("a connection is used again, by one call at a time, for the same peer only", async (t) => {
  const { pool, dialled } = fixture();
  const first = await pool.acquire(a);
  const second = await pool.acquire(a);
  t.not(first.connection, second.connection);
  first.release();
  first.release();
  t.is((await pool.acquire(a)).connection, first.connection);
  second.release();
  t.not((await pool.acquire({ ...a, nodeId: b.nodeId! })).connection, second.connection);
  t.not((await pool.acquire({ ...b, nodeId: a.nodeId! })).connection, second.connection);
  t.is((await pool.acquire({ address: a.address, nodeId: a.nodeId!.slice() })).connection, second.connection);
  t.is(dialled.length, 4);
});

test("many calls share a connection where the transport allows it, and one dial", async (t) => {
  const { pool, dialled, hold } = fixture({}, Number.POSITIVE_INFINITY);
  const gate = hold();
  const waiting = leases(5, () => pool.acquire(a));
  gate.resolve();
  const held = await waiting;
  t.is(new Set(held.map(({ connection }) => connection)).size, 1);
  t.is(dialled.length, 1);
  t.is(pool.stats().idle, 0);
  for (const { release } of held) release();
  t.deepEqual(pool.stats(), { connections: 1, idle: 1, waiting: 0 });
});

test("more than the calls a connection carries open another", async (t) => {
  const { pool, dialled } = fixture({}, 2);
  const held: Lease[] = [];
  for (let i = 0; i < 5; i++) held.push(await pool.acquire(a));
  t.is(dialled.length, 3);
});

test("broken connections are not used again", async (t) => {
  const { pool, dialled } = fixture();
  const first = await pool.acquire(a);
  dialled[0]!.break();
  first.release();
  t.is(pool.stats().connections, 0);
  const second = await pool.acquire(a);
  second.release();
  dialled[1]!.break();
  t.is((await pool.acquire(a)).connection, dialled[2]!);
  t.is(pool.stats().connections, 1);
});

test("what is kept unused is bounded, per peer and in all; the oldest goes", async (t) => {
  const { pool, dialled, open } = fixture({ capacity: 3, perPeer: 2 });
  for (const { release } of await leases(4, () => pool.acquire(a))) release();
  t.is(open(), 2);
  t.true(dialled[0]!.closed && dialled[1]!.closed);
  for (const { release } of await leases(2, () => pool.acquire(b))) release();
  t.is(open(), 3);
  t.deepEqual(pool.stats(), { connections: 3, idle: 3, waiting: 0 });
  t.true(dialled[2]!.closed);
});

test("unused connections are closed after a while", async (t) => {
  const { pool, open } = fixture({ idleMs: 30 });
  const kept = await pool.acquire(b);
  for (const { release } of await leases(3, () => pool.acquire(a))) release();
  t.is(open(), 4);
  // The pool's timer keeps no process alive; here something else must.
  const alive = setInterval(() => {}, 10);
  await until(() => open() === 1);
  clearInterval(alive);
  t.false(kept.connection.closed);
});

test("callers beyond the limit wait for their turn, and their number is bounded", async (t) => {
  const { pool, dialled } = fixture({ maxConnections: 2, maxWaiting: 2 });
  const [first, second] = await leases(2, () => pool.acquire(a));
  const third = pool.acquire(a);
  const fourth = pool.acquire(b);
  t.is(pool.stats().waiting, 2);
  t.true(isPosternError(await t.throwsAsync(pool.acquire(a)), "resource-exhausted"));
  first!.release();
  t.is((await third).connection, first!.connection);
  // The unused connection of another peer makes room.
  second!.release();
  t.is((await fourth).connection, dialled[2]!);
  t.true(second!.connection.closed);
  t.is(pool.stats().connections, 2);
});

test("waiting ends by signal, by time and with the pool", async (t) => {
  const { pool } = fixture({ maxConnections: 1, dialTimeoutMs: 60_000 });
  await pool.acquire(a);
  const controller = new AbortController();
  const aborted = pool.acquire(a, { signal: controller.signal });
  const late = pool.acquire(a, { timeoutMs: 10 });
  const closed = pool.acquire(a);
  controller.abort();
  t.true(isPosternError(await t.throwsAsync(aborted), "canceled"));
  t.true(isPosternError(await t.throwsAsync(late), "unavailable"));
  t.is(pool.stats().waiting, 1);
  await pool.close();
  t.true(isPosternError(await t.throwsAsync(closed), "unavailable"));
  t.true(isPosternError(await t.throwsAsync(pool.acquire(a)), "unavailable"));
});

test("a failed dial is the caller's and frees its place", async (t) => {
  for (const callsPerConnection of [1, Number.POSITIVE_INFINITY]) {
    const { pool, fail, hold } = fixture({ maxConnections: 1 }, callsPerConnection);
    fail(new PosternError("unauthenticated", "who are you"));
    const gate = hold();
    const first = pool.acquire(a);
    const second = pool.acquire(b);
    gate.resolve();
    await t.throwsAsync(first, { message: "who are you" });
    (await second).release();
    t.deepEqual(pool.stats(), { connections: 1, idle: 1, waiting: 0 });
  }
});

test("a caller leaves a shared dial without ending it", async (t) => {
  const { pool, hold, dialled } = fixture({}, Number.POSITIVE_INFINITY);
  const gate = hold();
  const controller = new AbortController();
  const leaving = pool.acquire(a, { signal: controller.signal });
  const staying = pool.acquire(a);
  controller.abort();
  t.true(isPosternError(await t.throwsAsync(leaving), "canceled"));
  gate.resolve();
  t.is((await staying).connection, dialled[0]!);
});

test("a dial that ends after the pool has closed leaves nothing open", async (t) => {
  const { pool, hold, open } = fixture();
  const gate = hold();
  const dialling = pool.acquire(a);
  await pool.close();
  gate.resolve();
  t.true(isPosternError(await t.throwsAsync(dialling), "unavailable"));
  t.is(open(), 0);
});

/** Calls over a memory network whose connections carry one call at a time. */
async function calling(options: Partial<PoolOptions> = {}) {
  const network = createMemoryNetwork();
  const server = await network.serve("here", [
    bindService(NoteDefinition, {
      async ask(request, { signal }) {
        if (request.text === "wait") await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return request;
      },
      async gather(requests) {
        let count = 0;
        for await (const _ of requests) count++;
        return note("", count);
      },
      async *spread({ number }) {
        for (let i = 0; i < number; i++) yield note("", i);
      },
      async *talk(requests) {
        yield* requests;
      },
    }),
  ]);
  const pool = createPool({ transport: { ...network.transport, callsPerConnection: 1 }, ...options });
  return { pool, server, client: createClient(NoteDefinition, pool.caller({ address: "here" })) };
}

test("calls of every shape give their connection back", async (t) => {
  const { pool, client } = await calling({ maxConnections: 1 });
  const idle = { connections: 1, idle: 1, waiting: 0 };
  t.is((await client.ask(note("a"))).text, "a");
  t.deepEqual(pool.stats(), idle);

  const gather = client.gather();
  await gather.send(note());
  await gather.closeSend();
  t.is((await gather.receive())?.number, 1);
  t.deepEqual(pool.stats(), idle);
  t.is(await gather.receive(), undefined);

  let count = 0;
  for await (const _ of client.spread(note("", 10))) count++;
  t.is(count, 10);
  t.deepEqual(pool.stats(), idle);
  for await (const { number } of client.spread(note("", 10))) if (number === 3) break;
  t.deepEqual(pool.stats(), idle);

  const talk = client.talk();
  // Sent before the connection is there: order is kept.
  const sent = ["a", "b", "c"].map((text) => talk.send(note(text)));
  for (const text of ["a", "b", "c"]) t.is((await talk.receive())?.text, text);
  await Promise.all(sent);
  t.is(pool.stats().idle, 0);
  await talk.closeSend();
  t.is(await talk.receive(), undefined);
  t.deepEqual(pool.stats(), idle);

  const cancelled = client.talk();
  await cancelled.send(note());
  cancelled.cancel();
  t.deepEqual(pool.stats(), idle);
  t.true(isPosternError(await t.throwsAsync(client.missing(note())), "unimplemented"));
  t.deepEqual(pool.stats(), idle);
});

test("cancelling a stream ends its wait for a connection", async (t) => {
  const { pool, client } = await calling({ maxConnections: 1 });
  const running = client.talk();
  await running.send(note());
  const waiting = client.talk();
  const receiving = waiting.receive();
  await until(() => pool.stats().waiting === 1);
  waiting.cancel();
  t.true(isPosternError(await t.throwsAsync(receiving), "canceled"));
  t.is(pool.stats().waiting, 0);
  const controller = new AbortController();
  const signalled = client.talk({ signal: controller.signal });
  const sending = signalled.send(note());
  controller.abort();
  t.true(isPosternError(await t.throwsAsync(sending), "canceled"));
  running.cancel();
  t.is((await client.ask(note("on"))).text, "on");
});

test("the time limit of a call covers its wait for a connection", async (t) => {
  const { client } = await calling({ maxConnections: 1 });
  const running = client.talk();
  await running.send(note());
  await t.throwsAsync(client.ask(note(), { timeoutMs: 20 }), { code: "deadline-exceeded" });
  running.cancel();
  await t.throwsAsync(client.ask(note("wait"), { timeoutMs: 20 }), { code: "deadline-exceeded" });
});

test("closing the pool ends running calls", async (t) => {
  const { pool, client } = await calling();
  const stream = client.talk();
  await stream.send(note("a"));
  await stream.receive();
  const receiving = stream.receive();
  await pool.close();
  t.true(isPosternError(await t.throwsAsync(receiving), "unavailable"));
});
