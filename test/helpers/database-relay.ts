import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";

/** What becomes of a statement on its way to a PostgreSQL server. */
export type Fate =
  /** The server runs this text in its place. */
  | { readonly run: string }
  /** The server does not run it, and the client gets this error. A COMMIT becomes a ROLLBACK. */
  | { readonly refuse: SqlError }
  /** The server runs it, and the client gets this error. */
  | { readonly hide: SqlError }
  /** The connection ends, before the server has it or in place of its answer. */
  | { readonly end: "before" | "after" }
  /** The server does not get it, nor anything else of that connection, and says nothing. */
  | "hang";

export interface SqlError {
  readonly code: string;
  readonly message: string;
}

export interface DatabaseRelay {
  /** "postgres://…" of the database behind it. */
  readonly url: string;
  /** Texts of all statements that came, as they came. */
  readonly statements: ReadonlySet<string>;
}

/** Called for each statement whenever it is to run; undefined lets it pass. */
export type FateOf = (sql: string, isInTransaction: boolean) => Fate | undefined;

/**
 * Stands between clients and the PostgreSQL server of a URL, reads what they say to each other (PostgreSQL manual,
 * "Frontend/Backend Protocol"), and gives each statement its fate.
 */
export async function databaseRelay(t: ExecutionContext, serverUrl: string, fateOf: FateOf): Promise<DatabaseRelay> {
  const dir = await mkdtemp(join(tmpdir(), "postern-relay-"));
  const statements = new Set<string>();
  const sockets = new Set<Socket>();
  const relay = createServer((client) => {
    const server = connect(socketOf(serverUrl));
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        for (const end of [client, server]) end.destroy();
      });
    }
    passStatements(client, server, (sql, isInTransaction) => {
      statements.add(sql);
      return fateOf(sql, isInTransaction);
    });
  });
  relay.listen(join(dir, ".s.PGSQL.5432"));
  await once(relay, "listening");
  t.teardown(() => closed(relay, sockets, dir));
  const url = new URL(serverUrl.replace("@/", "@unix/"));
  url.searchParams.set("host", dir);
  url.port = "";
  url.hostname = "unix";
  return { url: url.href.replace("@unix/", "@/"), statements };
}

function passStatements(client: Socket, server: Socket, fateOf: FateOf): void {
  /** What the server is not to confirm. */
  let hidden: SqlError | "end" | undefined;
  let isHanging = false;
  let isInTransaction = false;
  /** A statement comes as one Query, or as Parse (only once when it has a name), Bind, Execute, Sync and others. */
  let isDecided = false;
  /** Of the messages until the next Sync. */
  let isRefused = false;
  const prepared = new Map<string, string>();

  const meet = (message: Buffer, fate: Fate | undefined, replaced: (sql: string) => Buffer): void => {
    if (fate === undefined) server.write(message);
    else if (fate === "hang") isHanging = true;
    else if ("run" in fate) server.write(replaced(fate.run));
    else if ("refuse" in fate) {
      if (message[0] === type("Q")) {
        // By the server itself, so that its transaction fails with it; nobody can do that to a COMMIT.
        const isCommit = /^commit\b/i.test(textAt(message, 5));
        hidden = isCommit ? fate.refuse : undefined;
        server.write(replaced(isCommit ? "ROLLBACK" : raised(fate.refuse)));
      } else {
        isRefused = true;
        client.write(errorResponse(fate.refuse));
      }
    } else if ("end" in fate && fate.end === "before") client.destroy();
    else {
      hidden = "hide" in fate ? fate.hide : "end";
      server.write(message);
    }
  };
  let hasStarted = false;
  const toServer = (message: Buffer): void => {
    const kind = hasStarted ? String.fromCharCode(message[0]!) : "";
    hasStarted = true;
    if (isHanging) return;
    if (kind === "S") {
      isDecided = false;
      isRefused = false;
    }
    if (isRefused) return;
    if (kind === "Q") {
      meet(message, fateOf(textAt(message, 5), isInTransaction), (sql) => withText(message, 5, sql));
    } else if (kind === "P") {
      const name = textAt(message, 5);
      const at = message.indexOf(0, 5) + 1;
      const sql = textAt(message, at);
      isDecided = true;
      meet(message, fateOf(sql, isInTransaction), (text) => withText(message, at, text));
      if (!isRefused) prepared.set(name, sql);
    } else if (kind === "B" && !isDecided) {
      const sql = prepared.get(textAt(message, message.indexOf(0, 5) + 1)) ?? "";
      meet(message, fateOf(sql, isInTransaction), () => message);
    } else server.write(message);
  };
  const toClient = (message: Buffer): void => {
    if (isHanging) return;
    if (message[0] === type("Z")) isInTransaction = message[5] !== type("I");
    // CommandComplete and ErrorResponse: what was asked for is done, or is not.
    const isEnd = message[0] === type("C") || message[0] === type("E");
    const instead = isEnd ? hidden : undefined;
    if (isEnd) hidden = undefined;
    if (instead === "end") client.destroy();
    else client.write(instead !== undefined && message[0] === type("C") ? errorResponse(instead) : message);
  };
  client.on("data", splitter(true, toServer));
  server.on("data", splitter(false, toClient));
}

/** Cuts a stream into messages: a type of one byte, which the very first from a client lacks, and a length. */
function splitter(firstIsBare: boolean, take: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let isBare = firstIsBare;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const start = isBare ? 0 : 1;
      if (rest.length < start + 4) return;
      const length = start + rest.readUInt32BE(start);
      if (rest.length < length) return;
      const message = rest.subarray(0, length);
      rest = rest.subarray(length);
      isBare = false;
      take(message);
    }
  };
}

/** The text that ends with the next zero. */
function textAt(message: Buffer, start: number): string {
  return message.toString("utf8", start, message.indexOf(0, start));
}

/** The message with another text from there. */
function withText(message: Buffer, start: number, text: string): Buffer {
  const parts = [message.subarray(5, start), Buffer.from(text), message.subarray(message.indexOf(0, start))];
  return framed(message[0]!, Buffer.concat(parts));
}

function raised({ code, message }: SqlError): string {
  return `DO $do$ BEGIN RAISE EXCEPTION '${message}' USING ERRCODE = '${code}'; END $do$`;
}

function errorResponse({ code, message }: SqlError): Buffer {
  return framed(type("E"), Buffer.from(`SERROR\0VERROR\0C${code}\0M${message}\0\0`));
}

function framed(messageType: number, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head[0] = messageType;
  head.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

function type(letter: string): number {
  return letter.charCodeAt(0);
}

function socketOf(url: string): { path: string } | { host: string; port: number } {
  const parsed = new URL(url.replace("@/", "@unix/"));
  const dir = parsed.searchParams.get("host");
  if (dir !== null) return { path: join(dir, ".s.PGSQL.5432") };
  return { host: parsed.hostname, port: Number(parsed.port || "5432") };
}

async function closed(relay: Server, sockets: ReadonlySet<Socket>, dir: string): Promise<void> {
  const ended = once(relay, "close");
  relay.close();
  for (const socket of sockets) socket.destroy();
  await ended;
  await rm(dir, { recursive: true, force: true });
}
