import { GetObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import test, { type ExecutionContext } from "ava";
import type { Project } from "../../../../core/index.js";
import { readAll } from "../../../helpers/project-lab.js";
import { elementText, plainRequest, signedRequest } from "../../../helpers/s3-request.js";
import { startS3TestServer } from "../../../helpers/s3-server.js";
import { until } from "../../../helpers/until.js";

const policy = JSON.stringify({
  Statement: {
    Effect: "Allow",
    Principal: { Service: "logging.s3.amazonaws.com" },
    Action: "s3:PutObject",
    Resource: "arn:aws:s3:::logs/*",
  },
});
const grantee = "ab".repeat(32);
const grantsOf = (permission: string) =>
  `<TargetGrants><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">` +
  `<ID>${grantee}</ID></Grantee><Permission>${permission}</Permission></Grant></TargetGrants>`;
const status = (more = "") =>
  `<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket>${more}` +
  "<TargetPrefix>log/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>";

async function logsOf(project: Project): Promise<string[]> {
  const lines: string[] = [];
  for (const entry of (await project.listObjects("logs")).entries) {
    if (entry.kind !== "object") continue;
    const { body } = await project.getObject("logs", entry.object.key);
    lines.push(...(await readAll(body)).toString().trim().split("\n"));
  }
  return lines;
}

async function startLogged(t: ExecutionContext) {
  const server = await startS3TestServer({ logGatherMs: 1 });
  t.teardown(() => server.stop());
  for (const bucket of ["source", "other", "logs"]) await server.project.createBucket(bucket);
  const send = (method: string, target: string, body?: string, headers: Record<string, string> = {}) =>
    signedRequest(server.url, { method, target, body, headers });
  t.is((await send("PUT", "/logs?policy=", policy)).status, 204);
  return { server, send };
}

test("settings are told as they were made, with the time of the last change", async (t) => {
  const { send } = await startLogged(t);
  t.is((await send("PUT", "/source?logging=", status(grantsOf("READ")))).status, 200);
  const told = await send("GET", "/source?logging=");
  t.is(elementText(told.body, "ID"), grantee);
  t.is(elementText(told.body, "Permission"), "READ");
  const changed = told.headers["last-modified"];
  t.truthy(changed);
  t.is((await send("PUT", "/source?logging=", status(grantsOf("READ")))).status, 200);
  t.is((await send("GET", "/source?logging=")).headers["last-modified"], changed);
  const refused = await send("PUT", "/source?logging=", status(grantsOf("WRITE_ACP")));
  t.is(`${refused.status} ${elementText(refused.body, "Code")}`, "400 MalformedXML");
  const enforced =
    "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>";
  t.is((await send("PUT", "/logs?ownershipControls=", enforced)).status, 200);
  const closed = await send("PUT", "/source?logging=", status(grantsOf("READ")));
  t.is(`${closed.status} ${elementText(closed.body, "Code")}`, "400 AccessControlListNotSupported");
  t.is((await send("PUT", "/source?logging=", status())).status, 200);
});

test("a line a request, and one for each key of a bulk deletion and for the source of a copy", async (t) => {
  const { server, send } = await startLogged(t);
  t.is((await send("PUT", "/source?logging=", status())).status, 200);
  for (const key of ["a", "b c"]) await send("PUT", `/source/${encodeURIComponent(key)}`, "text");
  await send("PUT", "/other/copy", "", { "x-amz-copy-source": "/source/a" });
  const { pathname, search } = new URL(
    await getSignedUrl(server.client(), new GetObjectCommand({ Bucket: "source", Key: "missing" })),
  );
  t.is((await plainRequest(server.url, { target: pathname + search })).status, 404);
  const keys = ["a", "b c", "none"].map((key) => `<Object><Key>${key}</Key></Object>`).join("");
  await send("POST", "/source?delete=", `<Delete>${keys}</Delete>`);
  let lines: string[] = [];
  await until(async () => {
    lines = await logsOf(server.project);
    return lines.length >= 8;
  });
  const told = lines.map((line) => {
    const [, bucket, , , , , , operation, key] = line.split(" ");
    return `${bucket} ${operation} ${key}`;
  });
  t.deepEqual(told.filter((text) => !text.includes("LOGGING")).toSorted(), [
    "source BATCH.DELETE.OBJECT a",
    "source BATCH.DELETE.OBJECT b%20c",
    "source BATCH.DELETE.OBJECT none",
    "source REST.COPY.OBJECT_GET a",
    "source REST.GET.OBJECT missing",
    "source REST.POST.MULTI_OBJECT_DELETE -",
    "source REST.PUT.OBJECT a",
    "source REST.PUT.OBJECT b%20c",
  ]);
  t.false(
    lines.some((line) => /signature=|credential=/i.test(line)),
    "a log is for others to read",
  );
});
