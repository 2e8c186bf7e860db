import { randomBytes, randomInt } from "node:crypto";
import test, { type ExecutionContext } from "ava";
import { newGrant } from "../../core/access/grant.js";
import { concatBytes, utf8 } from "../../core/bytes/bytes.js";
import { createInlineCodec } from "../../core/segment/inline-codec.js";
import { createUplink } from "../../core/uplink.js";
import { type RunningNetwork, startNetwork } from "../../network/index.js";
import { checkAll, type ModelLane, randomStep } from "../helpers/model-steps.js";
import { ModelBucket } from "../helpers/object-model.js";
import { type SeededRandom, seededRandom } from "../helpers/seeded-random.js";
import { tempDir } from "../helpers/temp-dir.js";

/** The same seed makes the same steps; what nodes and clocks do is not of the seed. */
const seed = process.env["POSTERN_MODEL_SEED"] ?? String(randomInt(2 ** 32));
const stepsOf = (normally: number) => Number(process.env["POSTERN_MODEL_STEPS"] ?? normally);

const segmentSize = 20_000;

async function networkAndProject(t: ExecutionContext) {
  const dir = await tempDir();
  const onProblem = (message: string, error: unknown) => t.log(message, error);
  const network = await startNetwork({ dir: dir.path, durable: false, limits: { minPartSize: 0 }, onProblem });
  const { id } = await network.createProject("model");
  const apiKey = await network.createApiKey(id);
  const uplink = createUplink({ codec: createInlineCodec(), segmentSize });
  const project = await uplink.openProject(
    newGrant({ satelliteAddress: network.nodeUrl, apiKey, rootKey: randomBytes(32) }),
  );
  t.teardown(async () => {
    await uplink.close();
    await network.stop();
    await dir.remove();
  });
  return { network, project };
}

const components = ["a", "b", "ab", "0", "ü", "", " ", "ÿ", "b.txt"].map(utf8);

function someKeys(random: SeededRandom): Uint8Array[] {
  const keys = new Map<string, Uint8Array>();
  while (keys.size < 40) {
    const parts = Array.from({ length: 1 + random.below(3) }, () => random.pick(components));
    const slash = Uint8Array.of(0x2f);
    const key = concatBytes(...parts.flatMap((part, index) => (index === 0 ? [part] : [slash, part])));
    if (key.length > 0) keys.set(Buffer.from(key).toString("hex"), key);
  }
  // Keys are bytes, not text.
  return [...keys.values(), Uint8Array.of(0xff), Uint8Array.of(0x61, 0x2f, 0xff, 0x00)];
}

async function newLane(project: ModelLane["project"], number: number, large: number): Promise<ModelLane> {
  const random = seededRandom(`${seed} ${number}`);
  const buckets = ["plain", "versions"].map((name) => new ModelBucket(`${name}-${number}`));
  for (const { name } of buckets) await project.createBucket(name);
  const size = () => {
    if (random.chance(large)) return 4097 + random.below(4 * segmentSize);
    return random.chance(0.1) ? 0 : random.below(4097);
  };
  return { project, random, buckets, keys: someKeys(random), size };
}

async function run(lane: ModelLane, name: string, steps: number, around = async (step: Promise<void>) => step) {
  let what = "";
  for (let step = 0; step < steps; step++) {
    try {
      const tell = (text: string) => {
        what = text;
      };
      await around(randomStep(lane, tell));
    } catch (cause) {
      throw new Error(`POSTERN_MODEL_SEED=${seed}, ${name}, step ${step}: ${what}: ${cause}`, { cause });
    }
  }
  await checkAll(lane);
}

test.serial("random operations do what a model in memory does", async (t) => {
  t.log(`POSTERN_MODEL_SEED=${seed}`);
  const { project } = await networkAndProject(t);
  const lanes = await Promise.all([0, 1, 2, 3].map((number) => newLane(project, number, 0.08)));
  // Lanes have buckets of their own and do not see each other.
  await Promise.all(lanes.map((lane, number) => run(lane, `lane ${number}`, stepsOf(2000) / lanes.length)));
  t.pass();
});

/** Nodes that may be away at a time: writing needs eight of ten. */
const maximumAway = 2;

function unrest(network: RunningNetwork, random: SeededRandom): (step: Promise<void>) => Promise<void> {
  const away: number[] = [];
  return async (step) => {
    const running: Promise<unknown>[] = [step];
    if (random.chance(0.15) && away.length < maximumAway) {
      // While the step is under way, and mostly before anybody notices.
      const here = network.nodes().filter(({ running }) => running);
      const { index } = random.pick(here);
      away.push(index);
      running.push(network.stopNode(index, { unnoticed: random.chance(0.7) }));
    }
    await Promise.all(running);
    if (random.chance(0.1) && away.length > 0) await network.startNode(away.shift()!);
  };
}

test.serial("the same while storage nodes come and go", async (t) => {
  t.log(`POSTERN_MODEL_SEED=${seed}`);
  const { network, project } = await networkAndProject(t);
  const lane = await newLane(project, 9, 0.3);
  await run(lane, "with faults", stepsOf(400), unrest(network, seededRandom(`${seed} faults`)));
  t.pass();
});
