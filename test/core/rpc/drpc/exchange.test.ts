import test, { type ExecutionContext } from "ava";
import { concatBytes, fromHex, toHex, utf8, utf8Text } from "../../../../core/bytes/bytes.js";
import { isPosternError, type PosternError } from "../../../../core/errors.js";
import { createClientConnection } from "../../../../core/rpc/drpc/client-connection.js";
import { wholeMessage } from "../../../../core/rpc/drpc/encoded-message.js";
import { Kind, parseFrame } from "../../../../core/rpc/drpc/frame.js";
import { createFrameWriter } from "../../../../core/rpc/drpc/frame-writer.js";
import { createServerConnection } from "../../../../core/rpc/drpc/server-connection.js";
import type { Routes } from "../../../../core/rpc/handler.js";
import { rpcError } from "../../../../core/rpc/status.js";
import type { MessageType, MethodDefinition, ServiceDefinition } from "../../../../core/rpc/transport.js";
import { type ScriptedChannel, scriptedChannel, settled } from "./scripted-channel.js";
import { type DrpcVectors, type FrameVector, type PacketVector, vectors } from "./vectors.js";

type Exchange = DrpcVectors["exchanges"][number];

const Raw: MessageType<Uint8Array> = { encode: (message) => ({ finish: () => message }), decode: (input) => input };
const big = new Uint8Array(150_000).map((_, i) => i);

/** The bytes of one packet of a vector. The vectors only summarise the data of the big one. */
function packetBytes({ stream, message, kind, control, data }: PacketVector, splitBytes: number): Uint8Array {
  const written: Uint8Array[] = [];
  const writer = createFrameWriter((part) => written.push(part.slice()), { splitBytes });
  writer.packet(stream, message, kind, wholeMessage(typeof data === "string" ? fromHex(data) : big), control);
  writer.flush();
  return concatBytes(...written);
}

function splitOf({ name }: Exchange): number {
  return name.includes("split size 4") ? 4 : 7936;
}

/** Compares frame by frame, and byte by byte where the vectors hold the bytes. */
function sameBytes(t: ExecutionContext, actual: Uint8Array, bytes: Exchange["clientBytes"], frames: FrameVector[]) {
  if (typeof bytes === "string") return t.is(toHex(actual), bytes);
  t.is(actual.length, bytes.length);
  let at = 0;
  for (const { stream, message, kind, done, data } of frames) {
    const { frame, next } = parseFrame(actual, at)!;
    const length = typeof data === "string" ? data.length / 2 : data.length;
    t.deepEqual({ ...frame.header }, { stream, message, kind, done, control: false, length });
    at = next;
  }
  return t.is(at, actual.length);
}

/** What the recorded server did: echo (in upper case to most unary calls), or fail. */
const routes = {
  get(path: string) {
    const stream = path === "/x/S" || path.endsWith("/Upload");
    const method: MethodDefinition = {
      name: path,
      requestType: Raw as MessageType<unknown>,
      requestStream: stream,
      responseType: Raw as MessageType<unknown>,
      responseStream: stream,
    };
    return { method, handler: stream ? echo : path === "/x/T" ? async (request: Uint8Array) => request : answer };
  },
} as unknown as Routes;

let failure: PosternError | undefined;

async function answer(request: Uint8Array): Promise<Uint8Array> {
  if (failure !== undefined) throw failure;
  return request.length > 100 ? request : utf8(utf8Text(request).toUpperCase());
}

async function* echo(requests: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const request of requests) {
    if (failure !== undefined) throw failure;
    yield request;
  }
}

test.serial("our server answers the recorded clients as Go's did", async (t) => {
  for (const exchange of vectors.exchanges) {
    const [, code, text] = /error code=(\d+) (.*)/.exec(exchange.outcome) ?? [];
    failure = code === undefined ? undefined : rpcError(Number(code), text!);
    const channel = scriptedChannel();
    const splitBytes = splitOf(exchange);
    createServerConnection(channel.open, routes, { peerChain: undefined, peerAddress: "" }, { splitBytes });
    for (const packet of exchange.clientPackets) {
      channel.feed(packetBytes(packet, splitBytes));
      if (packet.kind !== Kind.InvokeMetadata) await settled();
    }
    const actual = channel.written();
    const closeSends = exchange.serverPackets.filter(({ kind }) => kind === Kind.CloseSend).length;
    if (exchange.name.startsWith("unary with metadata") || exchange.name.startsWith("three")) {
      // There the client's Close came before some of the server's CloseSends, so Go left those out; here it comes after.
      const text = toHex(actual).replaceAll(/0d0[123]0200/g, "");
      t.is(text, (exchange.serverBytes as string).replaceAll(/0d0[123]0200/g, ""), exchange.name);
      t.true(closeSends <= (toHex(actual).match(/0d0[123]0200/g)?.length ?? 0));
    } else {
      sameBytes(t, actual, exchange.serverBytes, exchange.serverFrames);
    }
  }
});

const service: ServiceDefinition = { name: "", fullName: "", methods: {} };

/** A method whose path is that of the vector. */
function methodOf(path: string, streams: boolean): [ServiceDefinition, MethodDefinition<Uint8Array, Uint8Array>] {
  const [, fullName, name] = path.split("/") as [string, string, string];
  const method = { name, requestType: Raw, requestStream: streams, responseType: Raw, responseStream: streams };
  return [{ ...service, fullName }, method];
}

test.serial("our client's unary calls are those of the recorded clients", async (t) => {
  for (const exchange of vectors.exchanges.filter(({ name }) => /^(three )?unary/.test(name))) {
    const channel = scriptedChannel();
    const splitBytes = splitOf(exchange);
    const connection = createClientConnection(channel.open, undefined, { splitBytes });
    for (const invoke of exchange.clientPackets.filter(({ kind }) => kind === Kind.Invoke)) {
      const ofCall = (packets: PacketVector[]) => packets.filter(({ stream }) => stream === invoke.stream);
      const request = ofCall(exchange.clientPackets).find(({ kind }) => kind === Kind.Message)!.data;
      const { metadata } = ofCall(exchange.clientPackets).find(({ kind }) => kind === Kind.InvokeMetadata) ?? {};
      const [definition, method] = methodOf(utf8Text(fromHex(invoke.data as string)), false);
      const result = connection.unary(definition, method, typeof request === "string" ? fromHex(request) : big, {
        metadata,
      });
      result.catch(() => {});
      // Close goes out where the response came before CloseSend, so the parts come apart here.
      for (const packet of ofCall(exchange.serverPackets)) {
        channel.feed(packetBytes(packet, splitBytes));
        await settled();
      }
      const [first] = ofCall(exchange.serverPackets);
      if (first?.kind === Kind.Error) {
        const error = await t.throwsAsync(result, { message: first.errorMessage! });
        t.true(isPosternError(error) && error.status === Number(first.errorCode));
      } else {
        t.deepEqual(toHex(await result), typeof first?.data === "string" ? first.data : toHex(big));
      }
    }
    sameBytes(t, channel.written(), exchange.clientBytes, exchange.clientFrames);
  }
});

test.serial("a response and CloseSend that come together need no Close", async (t) => {
  const { serverBytes, clientBytes } = vectors.exchanges.find(({ name }) => name === "unary")!;
  const channel = scriptedChannel();
  const connection = createClientConnection(channel.open, undefined);
  const result = connection.unary(...methodOf("/metainfo.Metainfo/Test", false), utf8("hello"));
  channel.feed(fromHex(serverBytes as string));
  t.is(utf8Text(await result), "HELLO");
  t.is(`${toHex(channel.written())}0b010400`, clientBytes as string);
});

test.serial("our client's streams are those of the recorded clients", async (t) => {
  const scripts: Record<string, (exchange: Exchange, channel: ScriptedChannel) => Promise<void>> = {
    "stream: two messages each way, close send, close": async ({ serverPackets }, channel) => {
      const connection = createClientConnection(channel.open, undefined);
      const stream = connection.stream(...methodOf("/piecestore.Piecestore/Upload", true));
      for (const [i, text] of ["first", "second"].entries()) {
        await stream.send(utf8(text));
        channel.feed(packetBytes(serverPackets[i]!, 7936));
        t.is(utf8Text((await stream.receive())!), text);
      }
      await stream.closeSend();
      channel.feed(packetBytes(serverPackets[2]!, 7936));
      t.is(await stream.receive(), undefined);
    },
    "stream: client context cancelled (soft cancel), next call on the same connection works": async (
      { serverPackets },
      channel,
    ) => {
      const connection = createClientConnection(channel.open, undefined);
      const controller = new AbortController();
      const stream = connection.stream(...methodOf("/x/S", true), { signal: controller.signal });
      await stream.send(utf8("first"));
      channel.feed(packetBytes(serverPackets[0]!, 7936));
      await stream.receive();
      controller.abort();
      await t.throwsAsync(stream.receive(), { message: "canceled" });
      const result = connection.unary(...methodOf("/x/T", false), utf8("after"));
      channel.feed(packetBytes(serverPackets[1]!, 7936));
      t.is(utf8Text(await result), utf8Text(fromHex(serverPackets[1]!.data as string)));
      channel.feed(packetBytes(serverPackets[2]!, 7936));
    },
    "stream: server error in the middle": async ({ serverPackets }, channel) => {
      const connection = createClientConnection(channel.open, undefined);
      const stream = connection.stream(...methodOf("/x/S", true));
      await stream.send(utf8("first"));
      channel.feed(packetBytes(serverPackets[0]!, 7936));
      const error = await t.throwsAsync(stream.receive(), { message: "slow down" });
      t.true(isPosternError(error) && error.status === 8);
    },
    "stream opened, nothing sent, close send (invoke is only buffered until the first flush)": async (
      { serverPackets },
      channel,
    ) => {
      const connection = createClientConnection(channel.open, undefined);
      const stream = connection.stream(...methodOf("/x/S", true), { metadata: { k: "v" } });
      await stream.closeSend();
      channel.feed(packetBytes(serverPackets[0]!, 7936));
      t.is(await stream.receive(), undefined);
    },
    "stream: client closes without close send": async ({ serverPackets }, channel) => {
      // Ours closes when the peer has ended the stream and the caller has not.
      const connection = createClientConnection(channel.open, undefined);
      const stream = connection.stream(...methodOf("/x/S", true));
      await stream.send(utf8("first"));
      channel.feed(packetBytes(serverPackets[0]!, 7936));
      await stream.receive();
      channel.feed(fromHex("0d010200"));
      t.is(await stream.receive(), undefined);
      await t.throwsAsync(stream.send(utf8("more")), { message: "the call is over" });
    },
  };
  const streams = vectors.exchanges.filter(({ name }) => name.startsWith("stream"));
  t.deepEqual(streams.map(({ name }) => name).sort(), Object.keys(scripts).sort());
  for (const exchange of streams) {
    const channel = scriptedChannel();
    await scripts[exchange.name]!(exchange, channel);
    sameBytes(t, channel.written(), exchange.clientBytes, exchange.clientFrames);
  }
});
