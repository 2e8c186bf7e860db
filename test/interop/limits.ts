/**
 * A network of projects with limits for the Go tests: limits.js DIR. Prints one line of JSON, the satellite's URL and
 * an API key for each limit, and serves until its input ends.
 */
import { once } from "node:events";
import { startNetwork } from "../../network/index.js";
import type { ApiKeySettings, ProjectSettings } from "../../network/satellite/index.js";

// Small objects lie on the satellite, so there is no need for nodes.
const network = await startNetwork({ dir: process.argv[2] ?? "", nodes: 0, limits: { minPartSize: 100 } });

async function keyOf(name: string, settings: ProjectSettings, key?: ApiKeySettings): Promise<string> {
  return network.createApiKey((await network.createProject(name, settings)).id, "key", key);
}

const keys = {
  buckets: await keyOf("buckets", { maxBuckets: 1 }),
  storage: await keyOf("storage", { storageLimit: 2_000 }),
  segments: await keyOf("segments", { segmentLimit: 2 }),
  egress: await keyOf("egress", { egressLimit: 1_500 }),
  rate: await keyOf("rate", { rateLimit: 1, burstLimit: 3 }),
  keyRate: await keyOf("key rate", {}, { rateLimit: 1, burstLimit: 3 }),
  disabled: await keyOf("disabled", { rateLimit: 0 }),
  parts: await keyOf("parts", {}),
};
console.log(JSON.stringify({ url: network.nodeUrl, keys }));

process.stdin.resume();
await once(process.stdin, "end");
await network.stop();
