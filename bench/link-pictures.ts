// Makes the pictures of docs/linksharing.md: pages of a shared folder on a fresh embedded network, seen by Chromium.
//   node dist/bench/link-pictures.js [folder, docs/pictures when absent]
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import sharp from "sharp";
import { createUplink, parseGrant, serializeGrant, shareGrant } from "../core/index.js";
import { putSampleFiles, video } from "../test/frontends/linkshare/sample-files.js";
import { findChromium, launchChromium } from "../test/helpers/chromium.js";
import { startTempServer } from "../test/helpers/server.js";

const folder = process.argv[2] ?? join(import.meta.dirname, "..", "..", "docs", "pictures");
const executable = findChromium();
if (executable === undefined) throw new Error("there is no Chromium here; CHROMIUM names it elsewhere");

const phone = { width: 360, height: 740 };
const desk = { width: 1200, height: 760 };

await mkdir(folder, { recursive: true });
const { ready, close } = await startTempServer();
const uplink = createUplink();
let browser: Browser | undefined;
try {
  browser = await launchChromium(executable);
  const project = await uplink.openProject(ready.accessGrant);
  await project.createBucket("photos");
  await putSampleFiles(project, "photos", await film(browser, ready.linksharing!));
  const share = shareGrant(parseGrant(ready.accessGrant), { allowDownload: true, allowList: true }, [
    { bucket: "photos", prefix: "summer/" },
  ]);
  const home = `${ready.linksharing}/s/${await publicKey(ready.authHttp!, serializeGrant(share))}/photos/summer/`;

  await picture(browser, "folder-grid", [{ url: `${home}?layout=grid`, options: { viewport: desk } }]);
  await picture(browser, "folder-list-dark", [{ url: home, options: { viewport: desk, colorScheme: "dark" } }]);
  await picture(browser, "image", [
    { url: `${home}harbour%20at%20dawn.jpg`, options: { viewport: desk }, act: openQr },
  ]);
  await picture(browser, "video", [{ url: `${home}crossing.webm`, options: { viewport: desk }, act: seek }]);
  await picture(browser, "pdf", [{ url: `${home}ticket.pdf`, options: { viewport: desk } }]);
  await picture(browser, "markdown", [{ url: `${home}notes.md`, options: { viewport: desk } }]);
  await picture(browser, "source-dark", [{ url: `${home}days.ts`, options: { viewport: desk, colorScheme: "dark" } }]);
  await picture(browser, "archive", [
    { url: `${home}everything.zip?path=/`, options: { viewport: { ...desk, height: 520 } } },
  ]);
  await picture(browser, "phone", [
    { url: home, options: { viewport: phone } },
    { url: `${home}?layout=grid`, options: { viewport: phone, colorScheme: "dark" } },
    { url: `${home}harbour%20at%20dawn.jpg`, options: { viewport: phone } },
  ]);
} finally {
  await browser?.close();
  await uplink.close();
  await close();
}

interface View {
  readonly url: string;
  readonly options: BrowserContextOptions;
  readonly act?: (page: Page) => Promise<void>;
}

/** One PNG of views beside each other, in few colours to be small. */
async function picture(browser: Browser, name: string, views: readonly View[]): Promise<void> {
  const gap = 24;
  const shots: { input: Buffer; left: number; top: number }[] = [];
  let [left, height] = [0, 0];
  for (const { url, options, act } of views) {
    const context = await browser.newContext({ locale: "en-GB", timezoneId: "UTC", ...options });
    const page = await context.newPage();
    await page.goto(url, { waitUntil: "networkidle" });
    await act?.(page);
    shots.push({ input: await page.screenshot(), left, top: 0 });
    await context.close();
    left += options.viewport!.width + gap;
    height = Math.max(height, options.viewport!.height);
  }
  const png = await sharp({ create: { width: left - gap, height, channels: 4, background: "#0000" } })
    .composite(shots)
    .png({ palette: true, colours: 128, effort: 8, dither: 0.4 })
    .toBuffer();
  await writeFile(join(folder, `${name}.png`), png);
  console.log(`${name}.png ${Math.round(png.length / 1024)} KiB`);
}

async function openQr(page: Page): Promise<void> {
  await page.getByText("QR code", { exact: true }).click();
}

async function seek(page: Page): Promise<void> {
  await page.locator("video").evaluate(async (element: HTMLVideoElement) => {
    if (element.readyState < 1) await new Promise((resolve) => element.addEventListener("loadedmetadata", resolve));
    element.currentTime = 7;
    await new Promise((resolve) => element.addEventListener("seeked", resolve, { once: true }));
  });
}

async function film(browser: Browser, url: string): Promise<Buffer> {
  const page = await browser.newPage();
  await page.goto(url);
  const bytes = await video(page);
  await page.close();
  return bytes;
}

async function publicKey(authUrl: string, accessGrant: string): Promise<string> {
  const body = JSON.stringify({ access_grant: accessGrant, public: true });
  const reply = await fetch(`${authUrl}/v1/access`, { method: "POST", body });
  const { access_key_id: id } = (await reply.json()) as { access_key_id: string };
  return id;
}
