import { appendFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { hashesOf, writeTree } from "../helpers/file-tree.js";
import { rcloneOf } from "./rclone-remote.js";
import { clientTest, MiB } from "./round.js";

clientTest({ title: "rclone syncs, checks, copies and purges", program: ["rclone", "version"] }, async (t, round) => {
  const { dir } = round;
  const rclone = await rcloneOf(round);
  const tree = join(dir, "tree");
  const sizes = {
    "f 0": 0,
    "f 1": 1,
    "f 4096": 4096,
    "deep/er/ünï ключ": 4097,
    "deep/f+&=%?": 70_000,
    large: 12 * MiB,
  };
  await writeTree(tree, sizes);
  const past = new Date("2021-03-04T05:06:07.123Z");
  await utimes(join(tree, "f 1"), past, past);
  const chunks = ["--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M"];

  await rclone("mkdir", "postern:rclone-round");
  await rclone("sync", ...chunks, "tree", "postern:rclone-round/t");
  await rclone("check", "tree", "postern:rclone-round/t");
  await rclone("check", "--download", "tree", "postern:rclone-round/t");
  const { stdout } = await rclone("size", "--json", "postern:rclone-round");
  t.like(JSON.parse(stdout), { count: 6, bytes: Object.values(sizes).reduce((sum, size) => sum + size, 0) });
  // Times of change are metadata of its own, of uploads in parts too; so is the MD5 of these.
  const listed = JSON.parse((await rclone("lsjson", "-R", "--hash", "--files-only", "postern:rclone-round/t")).stdout);
  for (const { Path, ModTime } of listed as { Path: string; ModTime: string }[]) {
    t.is(Date.parse(ModTime), Math.trunc((await stat(join(tree, Path))).mtimeMs), Path);
  }
  t.true(listed.every(({ Hashes }: { Hashes?: { md5?: string } }) => Hashes?.md5?.length === 32));
  const again = await rclone("sync", "-v", ...chunks, "tree", "postern:rclone-round/t");
  t.regex(again.stderr, /There was nothing to transfer/);

  // A new time of the same bytes is set by copying the object on itself; other bytes go up; what is gone goes.
  const touched = new Date("2022-02-02T02:02:02.5Z");
  await utimes(join(tree, "f 4096"), touched, touched);
  await appendFile(join(tree, "f 0"), "no longer empty");
  await rm(join(tree, "deep/f+&=%?"));
  const { stderr } = await rclone("sync", "-v", ...chunks, "tree", "postern:rclone-round/t");
  t.regex(stderr, /f 4096: Updated modification time/);
  t.regex(stderr, /f 0: Copied \(replaced existing\)/);
  t.regex(stderr, /f\+&=%\?: Deleted/);
  const sizedAgain = JSON.parse((await rclone("lsjson", "postern:rclone-round/t/f 4096")).stdout);
  t.is(Date.parse(sizedAgain[0].ModTime), touched.getTime());

  // From bucket to bucket at the server, whole and in parts.
  await rclone("mkdir", "postern:rclone-other");
  const served = await rclone("copy", "-v", "postern:rclone-round/t", "postern:rclone-other/t");
  t.regex(served.stderr, /large: Copied \(server-side copy\)/);
  const inParts = ["--s3-copy-cutoff", "5M", ...chunks];
  await rclone("copyto", ...inParts, "postern:rclone-round/t/large", "postern:rclone-other/in parts");
  await rclone("moveto", "postern:rclone-other/in parts", "postern:rclone-other/t/moved");
  await rclone("check", "--one-way", "--download", "tree", "postern:rclone-other/t");
  await rclone("copy", "postern:rclone-other/t", "back");
  const back = await hashesOf(join(dir, "back"));
  t.is(back["moved"], back["large"]);
  t.deepEqual({ ...(await hashesOf(tree)), moved: back["large"] }, back);

  t.is((await rclone("cat", "--offset", "3", "--count", "6", "postern:rclone-round/t/f 0")).stdout, "longer");
  await rclone.fed("piped in", "rcat", "postern:rclone-round/t/piped");
  t.is((await rclone("cat", "postern:rclone-round/t/piped")).stdout, "piped in");
  await rclone("cleanup", "postern:rclone-round");
  await rclone("delete", "--include", "piped", "postern:rclone-round/t");
  await rclone("check", "tree", "postern:rclone-round/t");
  const link = (await rclone("link", "--expire", "1m", "postern:rclone-round/t/f 0")).stdout.trim();
  t.is(await (await fetch(link)).text(), "no longer empty");

  await rclone("purge", "postern:rclone-round");
  await rclone("purge", "postern:rclone-other");
  t.is((await rclone("lsd", "postern:")).stdout, "");
});
