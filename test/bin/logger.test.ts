import { randomBytes } from "node:crypto";
import test from "ava";
import { createLogger } from "../../bin/logger.js";
import { apiKeyText, newApiKey } from "../../core/access/api-key.js";
import { newGrant, serializeGrant } from "../../core/access/grant.js";
import { accessKeyIdText, newAccessKey, newSecretKey, secretKeyText } from "../../core/auth/access-key.js";
import { createIdentity } from "../../core/identity/identity.js";
import { nodeIdText } from "../../core/identity/node-id.js";

test("whatever has the form of a secret stays out of the log, wherever it stands", (t) => {
  const satelliteAddress = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S@127.0.0.1:7777";
  for (let i = 0; i < 50; i++) {
    const apiKey = newApiKey(randomBytes(32));
    const accessKeyId = accessKeyIdText(newAccessKey());
    const signature = randomBytes(32).toString("hex");
    const signatureV2 = randomBytes(20).toString("base64");
    const secrets = {
      grant: serializeGrant(newGrant({ satelliteAddress, apiKey, rootKey: randomBytes(32) })),
      apiKey: apiKeyText(apiKey),
      accessKeyId,
      secretKey: secretKeyText(newSecretKey()),
      token: randomBytes(16).toString("base64url"),
      signature,
      signatureV2,
      password: randomBytes(8).toString("hex"),
    };
    const lines: string[] = [];
    const log = createLogger("debug", (line) => lines.push(line));
    const texts = [
      `grant ${secrets.grant}`,
      `/v1/access/${accessKeyId}?x`,
      `key "${secrets.apiKey}"`,
      `secret=${secrets.secretKey}`,
      `Authorization: Bearer ${secrets.token}`,
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20240101/us-east-1/s3/aws4_request, Signature=${signature}`,
      `GET /b/k?X-Amz-Signature=${signature}&X-Amz-Date=x`,
      `AWS ${accessKeyId}:${signatureV2}`,
      `connect postgres://user:${secrets.password}@host/db failed`,
    ];
    for (const text of texts) {
      log.error({ error: text, deep: { deeper: { list: [text] } } }, text);
      log.debug({ err: new Error(text) }, "failed");
      log.info({ nothing: new Error("outer", { cause: new Error(text) }) }, JSON.stringify({ text }));
    }
    log.warn({ token: secrets.token, inner: { signature: signatureV2, passphrase: secrets.password } }, "fields");
    t.is(lines.length, 3 * texts.length + 1);
    const all = lines.join("");
    for (const [name, secret] of Object.entries(secrets)) t.false(all.includes(secret), name);
    for (const line of lines) t.notThrows(() => JSON.parse(line));
  }
});

test("what is no secret stays readable", async (t) => {
  const lines: string[] = [];
  const log = createLogger("info", (line) => lines.push(line));
  const nodeId = nodeIdText((await createIdentity()).nodeId);
  const text = `node ${nodeId}@10.0.0.1:7777, bucket my-bucket, request 19A0AF2384100B03, postgres://host/db`;
  log.info({ status: 200 }, text);
  t.like(JSON.parse(lines[0]!), { status: 200, msg: text });
});
