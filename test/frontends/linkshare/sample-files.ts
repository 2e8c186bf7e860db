import type { Page } from "playwright-core";
import sharp from "sharp";
import type { Project } from "../../../core/index.js";
import { streamZip } from "../../../frontends/linkshare/archive/zip-writer.js";
import { type VideoFrame, webmFile } from "../../helpers/webm.js";
import { bytesOf, each, entryOf } from "./archive/entries.js";

/** Hills under a sky with a sun, in colours of the number: JPEG. Drawn dot by dot, since nothing here reads drawings. */
export function landscape(seed: number, width = 1200, height = 800): Promise<Buffer> {
  const pixels = Buffer.alloc(width * height * 3);
  const hue = (seed * 47) % 360;
  const skyTop = rgb(hue, 0.55, 0.7);
  const skyLow = rgb(hue + 35, 0.7, 0.88);
  const sun = { x: width * (0.25 + ((seed * 37) % 50) / 100), y: height * 0.3, size: height * 0.085 };
  const hills = [0, 1, 2, 3].map((index) => rgb(hue + 185, 0.25 + index * 0.06, 0.6 - index * 0.13));
  const heights = hills.map((_, index) =>
    Array.from({ length: width }, (_, x) => {
      const at = x / width;
      const wave =
        Math.sin(at * (4 + index) + seed * 1.7 + index * 2) * 0.06 + Math.sin(at * 11 + seed * 3 + index) * 0.018;
      return height * (0.52 + index * 0.13 + wave);
    }),
  );
  for (let y = 0; y < height; y++) {
    const fade = Math.min(1, y / (height * 0.7));
    for (let x = 0; x < width; x++) {
      let colour = [0, 1, 2].map((c) => skyTop[c]! + (skyLow[c]! - skyTop[c]!) * fade);
      const far = Math.hypot(x - sun.x, y - sun.y) / sun.size;
      if (far < 1.9) {
        const glow = far < 1 ? 1 : (1.9 - far) * 0.35;
        colour = colour.map((value) => value + (255 - value) * glow * 0.9);
      }
      for (const [index, hill] of hills.entries()) if (y > heights[index]![x]!) colour = hill;
      pixels.set(colour, (y * width + x) * 3);
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 88 })
    .toBuffer();
}

function rgb(hue: number, saturation: number, lightness: number): number[] {
  const spread = saturation * Math.min(lightness, 1 - lightness);
  return [0, 8, 4].map((n) => {
    const k = (n + hue / 30) % 12;
    return 255 * (lightness - spread * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  });
}

/** A tone of so many seconds: WAV, 8 kHz, 16 bits. */
export function tone(seconds: number): Buffer {
  const samples = seconds * 8_000;
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write("WAVEfmt ", 8);
  for (const [at, value] of [
    [16, 16],
    [24, 8_000],
    [28, 16_000],
    [40, samples * 2],
  ] as const)
    wav.writeUInt32LE(value, at);
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ] as const)
    wav.writeUInt16LE(value, at);
  wav.write("data", 36);
  for (let index = 0; index < samples; index++) {
    wav.writeInt16LE(Math.round(Math.sin((index / 8_000) * 440 * 2 * Math.PI) * 9_000), 44 + index * 2);
  }
  return wav;
}

/** A PDF file of one page with a line of text. */
export function pdf(text: string): Buffer {
  const stream = `BT /F1 28 Tf 72 720 Td (${text.replace(/[()\\]/g, "")}) Tj ET`;
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
    `<</Length ${stream.length}>>stream\n${stream}\nendstream`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
  ];
  let body = "%PDF-1.4\n";
  const places = objects.map((object, index) => {
    const at = body.length;
    body += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const table = places.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("");
  body += `xref\n0 6\n0000000000 65535 f \n${table}trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n${body.length}\n%%EOF\n`;
  return Buffer.from(body);
}

/** Twelve seconds of a sun over the sea, encoded by the browser of a page of http://127.0.0.1. */
export async function video(page: Page): Promise<Buffer> {
  const [width, height, seconds, rate] = [320, 180, 12, 10];
  const frames = await page.evaluate(
    async ([width, height, count, rate]) => {
      const chunks: { ms: number; key: boolean; text: string }[] = [];
      const encoder = new VideoEncoder({
        output: (chunk) => {
          const bytes = new Uint8Array(chunk.byteLength);
          chunk.copyTo(bytes);
          let text = "";
          for (const byte of bytes) text += String.fromCharCode(byte);
          chunks.push({ ms: Math.round(chunk.timestamp / 1000), key: chunk.type === "key", text: btoa(text) });
        },
        error: (error) => {
          throw error;
        },
      });
      encoder.configure({ codec: "vp8", width: width!, height: height!, bitrate: 2_000_000 });
      const canvas = new OffscreenCanvas(width!, height!);
      const context = canvas.getContext("2d")!;
      for (let index = 0; index < count!; index++) {
        const [at, w, h] = [index / count!, width!, height!];
        const sky = context.createLinearGradient(0, 0, 0, h);
        sky.addColorStop(0, `hsl(${200 + at * 60} 55% ${70 - at * 30}%)`);
        sky.addColorStop(1, "hsl(30 80% 85%)");
        context.fillStyle = sky;
        context.fillRect(0, 0, w, h);
        context.fillStyle = "hsl(45 95% 88%)";
        context.beginPath();
        context.arc(w * (0.15 + at * 0.7), h * (0.6 - Math.sin(at * Math.PI) * 0.35), h * 0.09, 0, 7);
        context.fill();
        for (let wave = 0; wave < 3; wave++) {
          context.fillStyle = `hsl(190 ${30 + wave * 8}% ${48 - wave * 12}%)`;
          for (let x = 0; x < w; x++) {
            const y = h * (0.62 + wave * 0.13) + Math.sin(x / 23 + at * 40 + wave * 2) * 4;
            context.fillRect(x, y, 1, h - y);
          }
        }
        // Grain, so that there is something to encode.
        const image = context.getImageData(0, 0, w, h);
        for (let dot = 0; dot < image.data.length; dot++) if (dot % 4 < 3) image.data[dot]! += Math.random() * 30 - 15;
        context.putImageData(image, 0, 0);
        const frame = new VideoFrame(canvas, { timestamp: (index * 1_000_000) / rate! });
        encoder.encode(frame, { keyFrame: index % rate! === 0 });
        frame.close();
        if (encoder.encodeQueueSize > 4) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await encoder.flush();
      encoder.close();
      return chunks;
    },
    [width, height, seconds * rate, rate],
  );
  const decoded: VideoFrame[] = frames.map(({ ms, key, text }) => ({ ms, key, data: Buffer.from(text, "base64") }));
  return webmFile(decoded, width, height, seconds * 1000);
}

export const notes = `# Summer at the harbour

A week of **pictures**, with [the list](days.ts) of its days.

> The sea was calm, and so were we.

| Day | Pictures | Weather |
|:--|--:|:-:|
| Monday | 12 | sun |
| Tuesday | 31 | rain |

![The harbour](harbour%20at%20dawn.jpg)

\`\`\`ts
for (const day of days) console.log(day.name); // one a line
\`\`\`
`;

/** The same in an archive, with its picture beside it. */
export const archivedNotes = notes.replace("harbour%20at%20dawn.jpg", "images/harbour.jpg");

export const source = `/** The days of the journey. */
export const days = [
  { name: "Monday", pictures: 12 },
  { name: "Tuesday", pictures: 31 },
] as const;

export function total(): number {
  return days.reduce((sum, day) => sum + day.pictures, 0); // <b>not bold</b>
}
`;

export const pictureNames = [
  "harbour at dawn",
  "first ferry",
  "market street",
  "old lighthouse",
  "lighthouse stairs",
  "gulls",
  "evening on the quay",
  "the long way home",
].map((name) => `${name}.jpg`);

/** A folder "summer/" with a file of each kind. */
export async function putSampleFiles(project: Project, bucket: string, film: Buffer | undefined): Promise<void> {
  const put = async (name: string, body: Uint8Array | string, type?: string) => {
    const custom: Record<string, string> = type === undefined ? {} : { "content-type": type };
    await project.putObject(bucket, `summer/${name}`, [Buffer.from(body)], { custom });
  };
  const pictures = await Promise.all(pictureNames.map((_, index) => landscape(index)));
  for (const [index, picture] of pictures.entries()) await put(pictureNames[index]!, picture, "image/jpeg");
  await put("notes.md", notes);
  await put("days.ts", source);
  await put("waves.wav", tone(8));
  await put("ticket.pdf", pdf("Ferry ticket, two persons"), "application/pdf");
  await put("raw files/one.dat", Buffer.alloc(1000, 1));
  await put("raw files/two.dat", Buffer.alloc(3000, 2));
  if (film !== undefined) await put("crossing.webm", film, "video/webm");
  const zip = streamZip(
    each([
      entryOf("site/index.html", "<h1>Summer</h1>"),
      entryOf("site/style.css", "h1 { color: teal; }\n".repeat(100)),
      entryOf("site/notes.md", archivedNotes),
      entryOf("site/images/harbour.jpg", pictures[0]!),
    ]),
  );
  await put("everything.zip", await bytesOf(zip), "application/zip");
}
