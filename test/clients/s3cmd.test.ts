import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hashesOf, writeTree } from "../helpers/file-tree.js";
import { randomFile, sha256OfFile } from "../helpers/files.js";
import { mustRun } from "../helpers/run-program.js";
import { clientTest, MiB, usualSizes } from "./round.js";

clientTest({ title: "s3cmd does its whole round", program: ["s3cmd", "--version"] }, async (t, { ready, dir }) => {
  const config = join(dir, "s3cfg");
  const host = new URL(ready.s3).host;
  const settings = [
    "[default]",
    `access_key = ${ready.accessKeyId}`,
    `secret_key = ${ready.secretKey}`,
    `host_base = ${host}`,
    `host_bucket = ${host}`,
    "use_https = False",
  ];
  await writeFile(config, `${settings.join("\n")}\n`);
  const s3cmd = async (...args: string[]) =>
    (await mustRun("s3cmd", ["-c", config, "--no-progress", ...args], { cwd: dir })).stdout;

  await s3cmd("mb", "s3://s3cmd-round");
  // Above 15 MB it sends parts.
  for (const size of [...usualSizes, 20 * MiB]) {
    const sha256 = await randomFile(join(dir, "up"), size);
    await s3cmd("put", "up", `s3://s3cmd-round/a b/${size}`);
    await s3cmd("get", "--force", `s3://s3cmd-round/a b/${size}`, "down");
    t.is(await sha256OfFile(join(dir, "down")), sha256, `${size} bytes`);
  }
  t.is((await s3cmd("ls", "--recursive", "s3://s3cmd-round")).trim().split("\n").length, 6);
  t.regex(await s3cmd("du", "s3://s3cmd-round"), /^\s*26222594\s+6 objects/);

  const tree = join(dir, "tree");
  await writeTree(tree, { one: 100, "sub/zwei ключ": 200, "sub/drei": 11 * MiB });
  const chunked = ["--multipart-chunk-size-mb=5"];
  await s3cmd("sync", ...chunked, "tree/", "s3://s3cmd-round/tree/");
  t.notRegex(await s3cmd("sync", ...chunked, "tree/", "s3://s3cmd-round/tree/"), /upload:/);
  await rm(join(tree, "one"));
  t.regex(await s3cmd("sync", "--delete-removed", "tree/", "s3://s3cmd-round/tree/"), /delete: .*one/);
  await s3cmd("sync", "s3://s3cmd-round/tree/", "s3://s3cmd-round/copied/");
  await s3cmd("mv", "s3://s3cmd-round/copied/sub/drei", "s3://s3cmd-round/copied/3");
  await s3cmd("cp", "s3://s3cmd-round/copied/3", "s3://s3cmd-round/copied/sub/drei");
  await s3cmd("sync", "s3://s3cmd-round/copied/", "back/");
  const { 3: moved, ...back } = await hashesOf(join(dir, "back"));
  t.deepEqual(back, await hashesOf(tree));
  t.is(moved, back["sub/drei"]);

  const object = "s3://s3cmd-round/tree/sub/drei";
  await s3cmd("modify", "--add-header=x-amz-meta-colour: blue", "--mime-type=text/x-blue", object);
  const info = await s3cmd("info", object);
  t.regex(info, /MIME type: text\/x-blue/);
  t.regex(info, /x-amz-meta-colour: blue/);
  const signed = await fetch((await s3cmd("signurl", object, "+60")).trim());
  t.is(signed.status, 200);
  t.regex(signed.headers.get("etag")!, /-3"$/, "sent in parts, and a copy keeps that");
  const open = `${ready.s3}/s3cmd-round/tree/sub/drei`;
  t.is((await fetch(open)).status, 403);
  await s3cmd("setacl", "--acl-public", object);
  t.is((await fetch(open)).status, 200);
  t.regex(await s3cmd("info", object), /ACL:\s+\*anon\*: READ/);
  await s3cmd("setacl", "--acl-private", object);
  t.is((await fetch(open)).status, 403);
  await s3cmd("settagging", object, "k=v");
  t.regex(await s3cmd("gettagging", object), /\tk:\tv\n/);
  await s3cmd("expire", "--expiry-days=3", "s3://s3cmd-round");
  t.regex(await s3cmd("getlifecycle", "s3://s3cmd-round"), /<Days>3<\/Days>/);
  await s3cmd("dellifecycle", "s3://s3cmd-round");
  t.regex(await s3cmd("multipart", "s3://s3cmd-round"), /Initiated\s+Path\s+Id\s*$/);

  await s3cmd("del", "--recursive", "--force", "s3://s3cmd-round");
  await s3cmd("rb", "s3://s3cmd-round");
  t.is(await s3cmd("ls"), "");
});
