import type { SharedWorker } from "ava/plugin";
import { type PostgresServer, startPostgresServer } from "./postgres-server.js";

/** One server for all test files of a run, started when the first of them asks. */
const worker: SharedWorker.Factory = async ({ negotiateProtocol }) => {
  const protocol = negotiateProtocol(["ava-4"]).ready();
  let server: Promise<PostgresServer> | undefined;
  for await (const message of protocol.subscribe()) {
    server ??= startPostgresServer().catch((error: Error) => ({ missing: error.message }));
    message.reply(await server);
  }
};

// biome-ignore lint/style/noDefaultExport: AVA takes the worker from there
export default worker;
