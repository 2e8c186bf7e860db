import { randomBytes } from "node:crypto";
import test from "ava";
import { createBucketSettings } from "../../../core/settings/bucket-settings.js";
import { memorySettingsStore } from "../../../store/memory-settings.js";
import { signedRequest } from "../../helpers/s3-request.js";
import { startS3TestServer } from "../../helpers/s3-server.js";

test("settings of a bucket count, however many other projects have one of its name", async (t) => {
  const settings = createBucketSettings({ store: memorySettingsStore(), key: randomBytes(32) });
  for (let i = 0; i < 40; i++) {
    const id = { satellite: "elsewhere", project: String(i), bucket: "backup" };
    await settings.change(id, () => ({ sections: { cors: "[]" }, grant: i % 2 === 0 ? "a grant" : "none" }));
  }
  const server = await startS3TestServer({}, { settings });
  t.teardown(() => server.stop());
  await server.project.createBucket("backup");
  await server.project.putObject("backup", "k", [Buffer.from("x")]);
  const policy = JSON.stringify({
    Statement: { Effect: "Deny", Principal: "*", Action: "s3:DeleteObject", Resource: "arn:aws:s3:::backup/*" },
  });
  const send = (method: string, target: string, body?: string) => signedRequest(server.url, { method, target, body });
  t.is((await send("GET", "/backup?policy=")).status, 404);
  t.is((await send("PUT", "/backup?policy=", policy)).status, 204);
  t.is((await send("GET", "/backup?policy=")).body, policy);
  t.is((await send("DELETE", "/backup/k")).status, 403);
  t.is((await send("DELETE", "/backup?policy=")).status, 204);
  t.is((await send("DELETE", "/backup/k")).status, 204);
});
