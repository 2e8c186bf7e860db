import { randomBytes } from "node:crypto";
import test from "ava";
import { parseGrant, serializeGrant } from "../../../core/access/grant.js";
import { shareGrant } from "../../../core/access/share.js";
import { linkShareFrontend } from "../../../frontends/linkshare/index.js";
import { linkRequest, noMetrics } from "../../helpers/link-server.js";
import { bodyOf, projectLab } from "../../helpers/project-lab.js";

/** On the embedded network: what grants allow is the satellite's to say, and where pieces are. */
test("a link opens what its grant allows, and nothing else", async (t) => {
  const lab = await projectLab(t);
  const { project } = lab;
  const data = randomBytes(300_000);
  await project.createBucket("files");
  await project.putObject("files", "pub/data.bin", bodyOf(data));
  await project.putObject("files", "pub/small.txt", bodyOf(Buffer.from("small")));
  await project.putObject("files", "pub/a.zip", bodyOf(randomBytes(10_000)));
  await project.putObject("files", "own/secret.txt", bodyOf(Buffer.from("secret")));
  const running = await linkShareFrontend({ port: 0 }).start({
    openProject: (grant) => lab.openGrant(grant),
    access: {
      resolve: () => Promise.reject(new Error("no access keys here")),
      register: () => Promise.reject(new Error("no access keys here")),
      ping: async () => {},
    },
    metrics: noMetrics,
    log: { debug() {}, info() {}, warn() {}, error: (fields, message) => t.log(message, fields) },
  });
  t.teardown(() => running.stop({ graceMs: 0 }));
  const get = (target: string, headers = {}) => linkRequest(running.addresses["http"]!, target, { headers });
  const share = (permission: Parameters<typeof shareGrant>[1], prefix = "pub/") =>
    serializeGrant(shareGrant(parseGrant(lab.grant), permission, [{ bucket: "files", prefix }]));
  const reads = share({ allowDownload: true, allowList: true });
  const lists = share({ allowList: true });
  const noLists = share({ allowDownload: true });
  const expired = share({ allowDownload: true, allowList: true, notAfter: new Date(Date.now() - 60_000) });
  const revoked = share({ allowDownload: true, allowList: true }, "pub/data.bin");
  await project.revokeAccess(revoked);

  const rows: readonly [target: string, status: number][] = [
    [`/s/${reads}/files/pub/`, 200],
    [`/s/${reads}/files/pub/data.bin`, 200],
    [`/raw/${reads}/files/pub/data.bin`, 200],
    [`/s/${reads}/files/pub`, 303],
    [`/raw/${reads}/files/pub/missing`, 404],
    [`/s/${reads}/files/`, 403],
    [`/s/${reads}/files/own/`, 403],
    [`/raw/${reads}/files/own/secret.txt`, 403],
    [`/raw/${reads}/files/pub/../own/secret.txt`, 404],
    [`/raw/${reads}/other/key`, 403],
    [`/s/${lists}/files/pub/`, 200],
    [`/s/${lists}/files/pub/data.bin`, 200],
    [`/raw/${lists}/files/pub/data.bin`, 403],
    [`/s/${lists}/files/pub/a.zip?path=/`, 403],
    [`/s/${reads}/files/pub/a.zip?path=/`, 415],
    [`/s/${noLists}/files/pub/`, 403],
    [`/s/${noLists}/files/pub/data.bin`, 200],
    [`/raw/${noLists}/files/pub/missing`, 404],
    [`/s/${expired}/files/pub/`, 403],
    [`/raw/${expired}/files/pub/data.bin`, 403],
    [`/s/${revoked}/files/pub/data.bin`, 403],
    [`/raw/${lab.grant}/nothing/key`, 404],
    [`/s/${lab.grant}/nothing/`, 404],
    [`/s/${lab.grant}/files/`, 200],
  ];
  for (const [i, [target, status]] of rows.entries()) t.is((await get(target)).status, status, `row ${i}`);

  const whole = await get(`/raw/${reads}/files/pub/data.bin`);
  t.true(whole.body.equals(data));
  const middle = await get(`/raw/${reads}/files/pub/data.bin`, { Range: "bytes=100000-199999" });
  t.true(middle.body.equals(data.subarray(100_000, 200_000)));
  const parts = await get(`/raw/${reads}/files/pub/data.bin`, { Range: "bytes=0-9,-10" });
  t.true(parts.body.includes(data.subarray(0, 10)) && parts.body.includes(data.subarray(-10)));

  const page = await get(`/s/${reads}/files/pub/data.bin`);
  t.true(page.text.includes("127.0.0.0/24"));
  const map = await get(`/s/${reads}/files/pub/data.bin?map`);
  t.regex(map.text, /127\.0\.0\.0\/24.*Pieces: \d+/);
  t.regex((await get(`/s/${reads}/files/pub/small.txt?map`)).text, /stored as metadata/);
});
