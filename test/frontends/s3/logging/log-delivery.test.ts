import test, { type ExecutionContext } from "ava";
import { PosternError, type Project } from "../../../../core/index.js";
import { aclOfObject } from "../../../../frontends/s3/access/bucket-access.js";
import {
  createLogDelivery,
  type LogDelivery,
  type LogDeliveryInit,
} from "../../../../frontends/s3/logging/log-delivery.js";
import type { LogRecord } from "../../../../frontends/s3/logging/log-record.js";
import { userIdOf } from "../../../../frontends/s3/owner.js";
import type { LoggingSettings } from "../../../../frontends/s3/settings/sections.js";
import { type GatewayLab, gatewayLab, labProject } from "../../../helpers/gateway-lab.js";
import { settle } from "../../../helpers/manual-clock.js";
import { createMemoryProject } from "../../../helpers/memory-project.js";
import { readAll } from "../../../helpers/project-lab.js";

const owner = userIdOf(labProject);
const started = Date.parse("2026-03-01T23:59:58.500Z");
const toLogs: LoggingSettings = {
  targetBucket: "logs",
  targetPrefix: "log/",
  target: labProject,
  keyFormat: "simple",
};

const policyFor = (source: string): string =>
  JSON.stringify(
    JSON.stringify({
      Statement: {
        Effect: "Allow",
        Principal: { Service: "logging.s3.amazonaws.com" },
        Action: "s3:PutObject",
        Resource: "arn:aws:s3:::logs/*",
        Condition: { ArnLike: { "aws:SourceArn": `arn:aws:s3:::${source}` } },
      },
    }),
  );

function record(fields: Partial<LogRecord> = {}): LogRecord {
  return {
    bucketOwner: owner,
    bucket: "source",
    time: started,
    remoteAddress: "192.0.2.1",
    requester: owner,
    requestId: "ID",
    operation: "REST.GET.OBJECT",
    key: "key",
    requestUri: "GET /source/key HTTP/1.1",
    status: 200,
    errorCode: undefined,
    bytesSent: 1,
    objectSize: 1,
    totalMs: 1,
    referer: undefined,
    userAgent: undefined,
    versionId: undefined,
    hostId: "host",
    signature: "SigV4",
    authentication: "AuthHeader",
    host: "localhost",
    cipherSuite: undefined,
    tlsVersion: undefined,
    aclRequired: false,
    ...fields,
  };
}

interface Setup {
  readonly lab: GatewayLab;
  readonly project: Project;
  readonly logs: LogDelivery;
  /** Texts of the objects, by key. */
  stored(): Promise<Record<string, string>>;
}

async function setup(
  t: ExecutionContext,
  options: Partial<LogDeliveryInit> & {
    put?: (real: Project["putObject"]) => Project["putObject"];
    policy?: string;
  } = {},
): Promise<Setup> {
  const lab = gatewayLab(t, started);
  const project = createMemoryProject();
  await project.createBucket("logs");
  await lab.set("logs", { policy: options.policy ?? policyFor("*") });
  const { cache, projects, log } = lab.gateway(
    options.put === undefined
      ? project
      : { ...project, putObject: options.put((...args) => project.putObject(...args)) },
  );
  const { now, schedule } = lab.clock;
  const logs = createLogDelivery({
    settings: cache,
    projects,
    log,
    region: "us-east-1",
    gatherMs: 5000,
    now,
    schedule,
    ...options,
  });
  return {
    lab,
    project,
    logs,
    async stored() {
      const { entries } = await project.listObjects("logs");
      const texts: Record<string, string> = {};
      for (const entry of entries) {
        if (entry.kind !== "object") continue;
        texts[entry.object.key] = (await readAll((await project.getObject("logs", entry.object.key)).body)).toString();
      }
      return texts;
    },
  };
}

const warnings = (lab: GatewayLab) => lab.lines.filter(({ level }) => level === "warn");
const linesOf = (text = "") => text.split("\n").filter((line) => line !== "");

test("records are gathered and become one object", async (t) => {
  const { lab, logs, stored } = await setup(t);
  logs.add(toLogs, record({ key: "a" }));
  await lab.clock.advance(4000);
  logs.add(toLogs, record({ key: "b", bucket: "other" }));
  t.deepEqual(await stored(), {});
  await lab.clock.advance(1000);
  const [[key, text] = []] = Object.entries(await stored());
  t.regex(key ?? "", /^log\/2026-03-02-00-00-03-[0-9A-F]{16}$/);
  t.deepEqual(
    linesOf(text).map((line) => line.split(" ")[8]),
    ["a", "b"],
  );
  logs.add(toLogs, record());
  await logs.flush();
  t.is(Object.keys(await stored()).length, 2);
  t.is(lab.clock.waiting, 0);
});

test("partitions: one object a source, in the folder of the day", async (t) => {
  const { logs, stored } = await setup(t);
  const byEvent: LoggingSettings = { ...toLogs, keyFormat: "event-time" };
  logs.add(byEvent, record({ bucket: "one" }));
  logs.add(byEvent, record({ bucket: "two" }));
  logs.add({ ...byEvent, keyFormat: "delivery-time" }, record({ bucket: "two" }));
  await logs.flush();
  const folders = Object.keys(await stored()).map((key) => key.replace(/\/[^/]*$/, ""));
  const of = (bucket: string) => `log/${owner}/us-east-1/${bucket}/2026/03/01`;
  t.deepEqual(folders.toSorted(), [of("one"), of("two"), of("two")]);
});

test("only what the target's policy lets in, at the time of delivery", async (t) => {
  const { lab, logs, stored } = await setup(t, { policy: policyFor("one") });
  logs.add(toLogs, record({ bucket: "one" }));
  logs.add(toLogs, record({ bucket: "two" }));
  await logs.flush();
  t.deepEqual(
    Object.values(await stored()).map((text) => linesOf(text).length),
    [1],
  );
  logs.add(toLogs, record({ bucket: "one" }));
  await lab.set("logs", { policy: policyFor("two") });
  await logs.flush();
  t.is(Object.keys(await stored()).length, 1);
  await lab.settings.change({ ...labProject, bucket: "logs" }, () => ({ sections: {}, grant: "none" }));
  logs.add(toLogs, record({ bucket: "two" }));
  await logs.flush();
  t.is(Object.keys(await stored()).length, 1);
  t.deepEqual(warnings(lab), []);
});

test("to the bucket that was meant, not to another project's of that name", async (t) => {
  const { lab, logs, stored } = await setup(t);
  const other = { ...labProject, project: "bb" };
  await lab.settings.delete({ ...labProject, bucket: "logs" });
  await lab.settings.change({ ...other, bucket: "logs" }, () => ({
    sections: { policy: policyFor("*") },
    grant: "another grant",
  }));
  logs.add(toLogs, record());
  await logs.flush();
  t.deepEqual(await stored(), {});
  logs.add({ ...toLogs, target: other }, record());
  await logs.flush();
  t.is(Object.keys(await stored()).length, 1);
});

test("grants become the ACL of the logs", async (t) => {
  const { lab, project, logs, stored } = await setup(t);
  const reader = "ab".repeat(32);
  logs.add({ ...toLogs, grants: [{ to: { id: reader }, permission: "READ" }] }, record());
  await logs.flush();
  const [key = ""] = Object.keys(await stored());
  t.deepEqual(aclOfObject(await project.headObject("logs", key), owner), {
    owner,
    grants: [
      { to: { id: owner }, permission: "FULL_CONTROL" },
      { to: { id: reader }, permission: "READ" },
    ],
  });
  const entry = await lab.settings.get({ ...labProject, bucket: "logs" });
  t.is(entry?.sections["sharedObjects"], "true");
  t.true(entry?.hasGrant);
});

test("a satellite that fails is tried again, with the same name, and the records are there once", async (t) => {
  const keys: string[] = [];
  const { lab, logs, stored } = await setup(t, {
    put: (real) => async (bucket, key, body, options) => {
      keys.push(String(key));
      if (keys.length < 3) throw new PosternError("unavailable", "satellite is down");
      return await real(bucket, key, body, options);
    },
  });
  logs.add(toLogs, record());
  await lab.clock.advance(5000);
  t.is(keys.length, 1);
  await lab.clock.advance(10_000);
  await lab.clock.advance(20_000);
  t.is(keys.length, 3);
  t.is(new Set(keys).size, 1);
  t.deepEqual(
    Object.values(await stored()).map((text) => linesOf(text).length),
    [1],
  );
  t.deepEqual(warnings(lab), []);
});

test("it gives up in the end, and at once where a grant was revoked", async (t) => {
  let tries = 0;
  let code: "unavailable" | "permission-denied" | "bucket-not-found" = "unavailable";
  const { lab, logs } = await setup(t, {
    put: () => async () => {
      tries++;
      throw new PosternError(code, "no");
    },
  });
  logs.add(toLogs, record());
  await lab.clock.advance(600_000);
  t.is(tries, 5);
  t.like(warnings(lab), { length: 1, 0: { fields: { records: 1, bucket: "logs" } } });
  code = "permission-denied";
  logs.add(toLogs, record());
  await lab.clock.advance(600_000);
  t.is(tries, 6);
  code = "bucket-not-found";
  logs.add(toLogs, record());
  await lab.clock.advance(600_000);
  t.is(tries, 7);
  t.is(warnings(lab).length, 2, "a target that is gone takes no logs");
});

test("what waits is bounded, and what is dropped is told", async (t) => {
  let release = (): void => {};
  const hanging = new Promise<void>((resolve) => {
    release = resolve;
  });
  const line = 400;
  const { lab, logs } = await setup(t, {
    mostBytes: 100 * line,
    put: () => async () => {
      await hanging;
      throw new PosternError("permission-denied", "no");
    },
  });
  const add = (count: number, target: string) => {
    for (let i = 0; i < count; i++)
      logs.add({ ...toLogs, targetPrefix: target }, record({ userAgent: "x".repeat(line) }));
  };
  add(30, "log/a");
  await lab.clock.advance(5000);
  add(500, "log/b"); // The first are still under way, and count.
  await lab.clock.advance(5000);
  add(10, "log/c");
  release();
  await logs.flush();
  const told = warnings(lab).map(({ fields, message }) => ({ message, records: Number(fields["records"]) }));
  const sum = (pattern: RegExp) =>
    told.filter(({ message }) => pattern.test(message)).reduce((total, { records }) => total + records, 0);
  t.is(sum(/dropped/) + sum(/not delivered/), 540);
  t.true(sum(/not delivered/) < 100);
  logs.add(toLogs, record());
  await logs.flush();
  t.is(sum(/dropped/), 540 - sum(/not delivered/), "there is room again");
});

test("targets with batches of their own are bounded too", async (t) => {
  const { lab, project, logs } = await setup(t);
  for (let i = 0; i < 1500; i++) logs.add({ ...toLogs, targetPrefix: `p${i}/` }, record());
  t.is(lab.clock.waiting, 1000);
  await logs.flush();
  t.is((await project.listObjects("logs")).entries.length, 1000);
});

test("a stop delivers what waits, also what waits for another try", async (t) => {
  let down = true;
  const { lab, logs, stored } = await setup(t, {
    put:
      (real) =>
      async (...args) => {
        if (down) throw new PosternError("unavailable", "satellite is down");
        return await real(...args);
      },
  });
  logs.add(toLogs, record());
  await lab.clock.advance(5000);
  down = false;
  logs.add({ ...toLogs, targetPrefix: "second/" }, record());
  await logs.stop();
  t.is(Object.keys(await stored()).length, 2);
  t.is(lab.clock.waiting, 0);
});

test("a stop does not wait for a satellite that hangs", async (t) => {
  const { lab, logs } = await setup(t, { put: () => () => new Promise(() => {}) });
  logs.add(toLogs, record());
  let stopped = false;
  const stop = logs.stop().then(() => {
    stopped = true;
  });
  await lab.clock.advance(9_000);
  t.false(stopped);
  await lab.clock.advance(1_000);
  await settle();
  t.true(stopped);
  await stop;
  t.like(warnings(lab), { length: 1, 0: { fields: { records: 1 } } });
});
