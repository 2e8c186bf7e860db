import { randomBytes } from "node:crypto";
import type { ExecutionContext } from "ava";
import { registerSharedWorker } from "ava/plugin";
import knex from "knex";
import { type OwnPostgresServer, type PostgresServer, startOwnPostgresServer } from "./postgres-server.js";

let server: Promise<PostgresServer> | undefined;

/** A schema can not go while somebody has a table of it: the test that left it so fails, and does not wait for ever. */
const limits = { connectionTimeoutMillis: 60_000, lock_timeout: 60_000, query_timeout: 90_000 };

/**
 * The server that the environment names (POSTERN_TEST_POSTGRES, a URL of a user that may make schemas), or a temporary
 * one that all test files of a run share.
 */
export function postgresServer(): Promise<PostgresServer> {
  server ??= findServer();
  return server;
}

async function findServer(): Promise<PostgresServer> {
  const url = process.env["POSTERN_TEST_POSTGRES"];
  if (url !== undefined && url !== "") return { url };
  const worker = registerSharedWorker({
    filename: new URL("./postgres-worker.js", import.meta.url),
    supportedProtocols: ["ava-4"],
  });
  await worker.available;
  for await (const reply of worker.publish("server").replies()) return reply.data as PostgresServer;
  throw new Error("the shared worker does not answer");
}

/** Why there is no server, or undefined when there is one. */
export async function postgresMissing(): Promise<string | undefined> {
  const found = await postgresServer();
  return "missing" in found ? found.missing : undefined;
}

/** The URL of an empty schema of the test's own, which goes with the test. */
export async function postgresSchema(t: ExecutionContext): Promise<string> {
  const found = await postgresServer();
  if ("missing" in found) throw new Error(found.missing);
  const name = `test_${randomBytes(8).toString("hex")}`;
  const connection = { connectionString: found.url, ...limits };
  const run = async (sql: string) => {
    const db = knex({ client: "pg", connection, pool: { min: 0, max: 1 } });
    try {
      await db.raw(sql);
    } finally {
      await db.destroy();
    }
  };
  await run(`CREATE SCHEMA ${name}`);
  t.teardown(() => run(`DROP SCHEMA ${name} CASCADE`));
  const separator = found.url.includes("?") ? "&" : "?";
  return `${found.url}${separator}options=${encodeURIComponent(`-csearch_path=${name}`)}`;
}

/** A server of the test's own, to stop and start; where `whyNoServer` knows of nothing against it. */
export async function ownPostgres(t: ExecutionContext): Promise<OwnPostgresServer> {
  const server = await startOwnPostgresServer();
  if ("missing" in server) throw new Error(server.missing);
  t.teardown(() => server.close());
  return server;
}
