import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import test, { type ExecutionContext } from "ava";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { openZip } from "../../../frontends/linkshare/archive/zip-reader.js";
import { streamZip } from "../../../frontends/linkshare/archive/zip-writer.js";
import { findChromium, launchChromium } from "../../helpers/chromium.js";
import { type LinkTestServer, linkKeys, startLinkTestServer } from "../../helpers/link-server.js";
import { createMemoryProject } from "../../helpers/memory-project.js";
import { bytesOf, countingSource, each, entryOf } from "./archive/entries.js";
import { archivedNotes, notes, pictureNames, putSampleFiles, tone, video } from "./sample-files.js";

const executable = findChromium();
const bucket = "photos";
const folder = `/s/${linkKeys.public}/${bucket}/summer/`;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser: Browser;
let server: LinkTestServer;

// CI installs Chromium, so there a missing one is a failure and not a skip.
const run = executable !== undefined || process.env["CI"] !== undefined ? test.serial : test.serial.skip;

test.before(async (t) => {
  if (executable === undefined) return t.log("there is no Chromium on this machine (CHROMIUM names another place)");
  t.timeout(120_000);
  const addresses = ["10.0.1.7:28967", "10.0.1.9:28967", "172.16.4.2:28967"];
  const placement = { addresses, segmentCount: 1, pieceCount: 10, reliablePieceCount: 10, placementConstraint: 0 };
  const project = { ...createMemoryProject(), objectPlacement: async () => placement };
  server = await startLinkTestServer({}, { project });
  browser = await launchChromium(executable);
  await project.createBucket(bucket);
  const page = await browser.newPage();
  await page.goto(server.url);
  const film = await video(page);
  await page.close();
  await putSampleFiles(project, bucket, film);
});
test.after.always(async () => {
  await browser?.close();
  await server?.stop();
});

type Visit = (t: ExecutionContext, page: Page) => Promise<void>;

/** A test in a page of its own; what browsers complain about, such as a broken policy, fails it. */
function visit(title: string, path: string, options: BrowserContextOptions, body: Visit): void {
  run(title, async (t) => {
    t.timeout(120_000);
    const viewport = { width: 1280, height: 800 };
    const context = await browser.newContext({ viewport, acceptDownloads: true, ...options });
    t.teardown(() => context.close());
    // Machines that test are busy.
    context.setDefaultTimeout(90_000);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(server.url + path);
    await body(t, page);
    t.deepEqual(complaints, []);
  });
}

const loaded = (image: HTMLImageElement) => image.decode().then(() => image.naturalWidth);

visit(
  "a shared folder is listed, sorted, seen as thumbnails, and gone into and out of",
  folder,
  {},
  async (t, page) => {
    t.is(await page.locator("h1").innerText(), "summer");
    const names = () => page.locator(".list .entry").allInnerTexts();
    t.true((await names()).includes("harbour at dawn.jpg"));
    t.is((await names())[0], "raw files");
    await page.getByRole("link", { name: "Size" }).click();
    t.is(await page.locator("th[aria-sort]").innerText(), "Size");
    const bySize = await names();
    await page.getByRole("link", { name: "Size" }).click();
    t.is((await names()).at(-1), bySize[1]);
    await page.getByRole("link", { name: "Grid" }).click();
    const thumbnails = page.locator(".thumb img");
    t.is(await thumbnails.count(), pictureNames.length);
    t.true((await thumbnails.first().evaluate(loaded)) <= 400);
    await page.getByRole("link", { name: "raw files" }).click();
    t.is(await page.locator("h1").innerText(), "raw files");
    await page.getByRole("navigation", { name: "Folders" }).getByRole("link", { name: "summer" }).click();
    t.is(await page.locator("h1").innerText(), "summer");
  },
);

run("a folder of several pages is gone through and back", async (t) => {
  const small = await startLinkTestServer({ pageEntries: 4 }, { project: server.project });
  t.teardown(() => small.stop());
  const context = await browser.newContext({ javaScriptEnabled: false });
  t.teardown(() => context.close());
  const page = await context.newPage();
  await page.goto(`${small.url}${folder}?layout=grid`);
  const seen = new Set<string>();
  for (;;) {
    for (const name of await page.locator(".tile-name").allInnerTexts()) seen.add(name);
    const next = page.getByRole("link", { name: "Next page" });
    if ((await next.count()) === 0) break;
    await next.click();
  }
  t.is(seen.size, pictureNames.length + 7);
  await page.getByRole("link", { name: "First page" }).click();
  t.is(await page.locator(".tile-name").first().innerText(), "crossing.webm");
  t.is(await page.getByRole("link", { name: "First page" }).count(), 0);
});

visit("an image is shown, larger on a click, with its places and its QR code", folder, {}, async (t, page) => {
  await page.getByRole("link", { name: "harbour at dawn.jpg" }).click();
  const image = page.locator(".stage img");
  t.is(await image.evaluate(loaded), 1200);
  const width = async () => (await image.boundingBox())!.width;
  const before = await width();
  await image.click();
  t.is(await width(), 1200);
  await image.click();
  t.is(await width(), before);
  t.is(await page.getByRole("row", { name: "10.0.1.0/24 2" }).count(), 1);
  await page.getByText("QR code", { exact: true }).click();
  t.true(await page.getByRole("img", { name: "QR code of this link" }).isVisible());
});

visit(
  "the link is copied by a click",
  `${folder}notes.md`,
  { permissions: ["clipboard-read", "clipboard-write"] },
  async (t, page) => {
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.getByRole("status").filter({ hasText: "Copied." }).waitFor();
    t.is(await page.evaluate(() => navigator.clipboard.readText()), `${server.url}${folder}notes.md`);
  },
);

visit("a video is seeked in by ranges", "/", {}, async (t, page) => {
  const ranges: { range: string; status: number }[] = [];
  page.on("response", (response) => {
    const range = response.request().headers()["range"];
    if (range !== undefined) ranges.push({ range, status: response.status() });
  });
  await page.goto(`${server.url}${folder}crossing.webm`);
  const film = page.locator("video");
  const seek = (to: number) =>
    film.evaluate(async (element: HTMLVideoElement, to) => {
      if (element.readyState < 1) await new Promise((resolve) => element.addEventListener("loadedmetadata", resolve));
      const seeked = new Promise((resolve) => element.addEventListener("seeked", resolve, { once: true }));
      element.currentTime = to;
      await seeked;
      return { duration: element.duration, at: element.currentTime, error: element.error?.message };
    }, to);
  t.deepEqual(await seek(11), { duration: 12, at: 11, error: undefined });
  t.deepEqual(await seek(4.5), { duration: 12, at: 4.5, error: undefined });
  t.true(
    ranges.every(({ status }) => status === 206),
    JSON.stringify(ranges),
  );
  t.true(
    ranges.some(({ range }) => Number(/^bytes=(\d+)-/.exec(range)?.[1]) > 100_000),
    JSON.stringify(ranges),
  );
  const plays = await film.evaluate(async (element: HTMLVideoElement) => {
    element.muted = true;
    await element.play();
    await new Promise((resolve) => element.addEventListener("timeupdate", resolve, { once: true }));
    return element.videoWidth;
  });
  t.is(plays, 320);
});

visit("sound, text, markdown and PDF are shown", `${folder}waves.wav`, {}, async (t, page) => {
  const seconds = await page.locator("audio").evaluate(async (element: HTMLAudioElement) => {
    if (element.readyState < 1) await new Promise((resolve) => element.addEventListener("loadedmetadata", resolve));
    return element.duration;
  });
  t.is(seconds, 8);
  await page.goto(`${server.url}${folder}days.ts`);
  t.true((await page.locator(".source .hljs-keyword").count()) > 3);
  t.true((await page.locator(".source").innerText()).includes("// <b>not bold</b>"));
  await page.goto(`${server.url}${folder}notes.md`);
  t.is(await page.locator(".prose h2").innerText(), "Summer at the harbour");
  t.is(await page.locator(".prose img").evaluate(loaded), 1200);
  await page.getByRole("link", { name: "the list" }).click();
  t.is(await page.locator("h1").innerText(), "days.ts");
  await page.goto(`${server.url}${folder}ticket.pdf`);
  t.is(await page.locator("iframe").getAttribute("title"), "Preview of ticket.pdf");
  // The browser's viewer is in the frame, and not what it puts in place of what a policy blocks.
  const frame = await (await page.locator("iframe").elementHandle())!.contentFrame();
  await frame!.waitForLoadState();
  t.true(frame!.url().endsWith("ticket.pdf"), frame!.url());
});

visit("a film of a codec that the browser does not have says so", "/", {}, async (t, page) => {
  await server.project.putObject(bucket, "odd/film.mp4", [Buffer.from("no film at all")]);
  await page.goto(`${server.url}/s/${linkKeys.public}/${bucket}/odd/film.mp4`);
  await page.getByText("This browser cannot play the file.").waitFor();
  t.true(await page.getByRole("link", { name: "Download" }).isVisible());
});

visit("files and folders are downloaded", `${folder}waves.wav`, {}, async (t, page) => {
  const get = async (name: string) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name }).click()]);
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  };
  const file = await get("Download");
  t.is(file.name, "waves.wav");
  t.true(file.bytes.equals(tone(8)));
  await page.goto(server.url + folder);
  const zip = await get("Download as zip");
  t.is(zip.name, "summer.zip");
  const archive = await openZip(countingSource(zip.bytes));
  t.true(archive.entries.some(({ name }) => name === "raw files/two.dat"));
  t.is((await bytesOf(archive.open("notes.md")!.stream)).toString(), notes);
  const tar = await get("tar.gz");
  t.is(tar.name, "summer.tar.gz");
  t.is(tar.bytes.readUInt16BE(0), 0x1f8b);
});

visit("a zip is looked into, and a file taken out of it", `${folder}everything.zip`, {}, async (t, page) => {
  await page.getByRole("link", { name: "Look inside" }).click();
  t.is(await page.locator("h1").innerText(), "everything.zip");
  t.deepEqual(await page.locator(".list .entry").allInnerTexts(), [
    "site/images/harbour.jpg",
    "site/index.html",
    "site/notes.md",
    "site/style.css",
  ]);
  await page.getByRole("link", { name: "site/notes.md" }).click();
  t.is(await page.locator("h1").innerText(), "notes.md");
  t.is(await page.locator(".prose h2").innerText(), "Summer at the harbour");
  t.is(await page.locator(".prose img").evaluate(loaded), 1200);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);
  t.is(download.suggestedFilename(), "notes.md");
  t.is(await readFile(await download.path(), "utf8"), archivedNotes);
  await page.getByRole("link", { name: "Look inside" }).click();
  t.is(await page.locator(".list .entry").count(), 4);
});

visit("everything is read and downloaded without JavaScript", folder, { javaScriptEnabled: false }, async (t, page) => {
  await page.getByRole("link", { name: "Modified" }).click();
  await page.getByRole("link", { name: "first ferry.jpg" }).click();
  t.is(await page.locator("h1").innerText(), "first ferry.jpg");
  t.true(await page.locator(".stage img").isVisible());
  t.regex(await page.locator("time").innerText(), /^\d+ \w+ \d{4}, \d\d:\d\d UTC$/);
  t.false(await page.getByRole("button", { name: "Copy link" }).isVisible());
  t.is(await page.getByLabel("Link to this page").inputValue(), page.url());
  await page.getByText("QR code", { exact: true }).click();
  t.true(await page.getByRole("img", { name: "QR code of this link" }).isVisible());
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);
  t.is(download.suggestedFilename(), "first ferry.jpg");
  t.true((await readFile(await download.path())).length > 10_000);
});

visit("the keyboard goes everywhere, and one sees where it is", folder, {}, async (t, page) => {
  await page.keyboard.press("Tab");
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());
  t.is(await focused(), "Skip to content");
  t.true(await page.getByRole("link", { name: "Skip to content" }).isVisible());
  await page.keyboard.press("Enter");
  t.true(page.url().endsWith("#content"));
  for (let presses = 0; (await focused()) !== "harbour at dawn.jpg" && presses < 60; presses++) {
    await page.keyboard.press("Tab");
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
    t.not(outline, "none", await focused());
  }
  await page.keyboard.press("Enter");
  await page.waitForURL(/harbour/);
  t.is(await page.locator("h1").innerText(), "harbour at dawn.jpg");
  const summary = page.locator("summary", { hasText: "QR code" });
  await summary.focus();
  await page.keyboard.press("Enter");
  t.true(await page.getByRole("img", { name: "QR code of this link" }).isVisible());
  // What scrolls is scrolled.
  await page.goto(`${server.url}${folder}days.ts`);
  await page.locator(".source").focus();
  t.is(await page.evaluate(() => document.activeElement?.className), "source");
});

const everyPage = [
  ["landing", "/"],
  ["list", folder],
  ["grid", `${folder}?layout=grid`],
  ["image", `${folder}harbour%20at%20dawn.jpg`],
  ["video", `${folder}crossing.webm`],
  ["audio", `${folder}waves.wav`],
  ["pdf", `${folder}ticket.pdf`],
  ["markdown", `${folder}notes.md`],
  ["text", `${folder}days.ts`],
  ["nothing to show", `${folder}raw%20files/one.dat`],
  ["archive", `${folder}everything.zip?path=/`],
  ["entry of an archive", `${folder}everything.zip?path=site/notes.md`],
] as const;

for (const [colorScheme, width] of [
  ["light", 1280],
  ["dark", 1280],
  ["light", 360],
  ["dark", 360],
] as const) {
  visit(
    `every page is accessible and fits, ${colorScheme} at ${width} dots`,
    "/",
    { colorScheme, viewport: { width, height: 740 } },
    async (t, page) => {
      for (const [name, path] of everyPage) {
        await page.goto(server.url + path);
        if (name === "image") for (const summary of await page.locator("summary").all()) await summary.click();
        t.true(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is too wide`);
        t.deepEqual(await violations(page), [], name);
        const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        t.is(ground, colorScheme === "dark" ? "rgb(18, 23, 22)" : "rgb(245, 245, 241)");
      }
    },
  );
}

run("pages of what is not there are accessible, too", async (t) => {
  const context = await browser.newContext();
  t.teardown(() => context.close());
  const page = await context.newPage();
  const paths = [`${folder}missing`, `/s/${linkKeys.unknown}/${bucket}/`, `/s/${linkKeys.private}/${bucket}/`, "/s/x"];
  for (const path of paths) {
    const response = await page.goto(server.url + path);
    t.true(response!.status() >= 400);
    t.is(await page.locator(".code").innerText(), String(response!.status()));
    t.deepEqual(await violations(page), [], path);
  }
});

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    // What is in the frame of a PDF is the browser's.
    const { axe } = window as unknown as { axe: { run(context: object, options: object): Promise<AxeResult> } };
    const result = await axe.run({ exclude: [["iframe"]] }, { runOnly: tags });
    return result.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
  });
}

interface AxeResult {
  readonly violations: readonly { id: string; nodes: readonly { html: string; failureSummary: string }[] }[];
}

visit("a drawing is shown, and runs nothing", "/", {}, async (t, page) => {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30" onload="parent.owned=1"><script>parent.owned=1</script></svg>';
  await server.project.putObject(bucket, "odd/drawing.svg", [Buffer.from(svg)]);
  await page.goto(`${server.url}/s/${linkKeys.public}/${bucket}/odd/drawing.svg`);
  t.is(await page.locator(".stage img").evaluate(loaded), 40);
  t.is(await page.evaluate(() => (window as { owned?: number }).owned), undefined);
});

run("hostile keys, types, texts and archives run nothing", async (t) => {
  const { project } = server;
  const attack = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>';
  const keys = [
    `evil/${attack.replaceAll("/", "")}.txt`,
    'evil/" onmouseover="window.owned=1" x=".md',
    "evil/javascript:window.owned=1",
    "evil/</title><script>window.owned=1<",
    "evil/page.html",
    "evil/drawing.svg",
    "evil/notes.md",
    "evil/cat.png",
  ];
  const body = `${attack}\n[a](javascript:window.owned=1) ![b](x" onerror="window.owned=1)\n<svg xmlns="http://www.w3.org/2000/svg" onload="window.owned=1"/>`;
  for (const key of keys) {
    const custom: Record<string, string> = key.endsWith("javascript:window.owned=1")
      ? { "content-type": `text/plain${attack}` }
      : {};
    await project.putObject(bucket, key, [Buffer.from(body)], { custom });
  }
  const entries = [attack.replaceAll("/", ""), '" onload="window.owned=1.html', "a/javascript:window.owned=1.md"];
  const zip = await bytesOf(streamZip(each(entries.map((name) => entryOf(name, body)))));
  await project.putObject(bucket, "evil/bad.zip", [zip]);

  // Without the policies, which would keep back what was not escaped.
  const context = await browser.newContext({ acceptDownloads: true, bypassCSP: true });
  t.teardown(() => context.close());
  const page = await context.newPage();
  let dialogs = 0;
  page.on("dialog", (dialog) => {
    dialogs++;
    void dialog.dismiss();
  });
  const evil = `/s/${linkKeys.public}/${bucket}/evil/`;
  const targets = [evil, `${evil}?layout=grid`, `${evil}bad.zip`, `${evil}bad.zip?path=/`];
  for (const key of keys) {
    const path = key.split("/").map(encodeURIComponent).join("/");
    targets.push(`/s/${linkKeys.public}/${bucket}/${path}`, `/raw/${linkKeys.public}/${bucket}/${path}`);
  }
  for (const { name } of (await openZip(countingSource(zip))).entries) {
    targets.push(`${evil}bad.zip?path=${encodeURIComponent(name)}`);
  }
  t.is(targets.length, 4 + 2 * keys.length + entries.length);
  for (const target of targets) {
    // What is sent as a file to keep ends the navigation.
    await page
      .goto(server.url + target)
      .catch((error: Error) => t.regex(error.message, /Download is starting/, target));
    for (const element of await page.locator("main a, main button").all()) {
      if (await element.isVisible()) await element.hover({ timeout: 2_000 });
    }
    t.is(await page.evaluate(() => (window as { owned?: number }).owned), undefined, target);
    t.is(await page.locator("body script, main img[onerror], main svg[onload]").count(), 0, target);
  }
  t.is(dialogs, 0);
});
