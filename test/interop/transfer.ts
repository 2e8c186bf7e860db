/**
 * One operation of the core for the Go tests, on the grant in POSTERN_ACCESS; the answer is a line of JSON:
 * put BUCKET KEY FILE METADATA, get BUCKET KEY FILE [START END], part BUCKET KEY UPLOAD NUMBER FILE ETAG,
 * parts BUCKET KEY UPLOAD, commit BUCKET KEY UPLOAD.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { openProject } from "../../core/index.js";

const [operation = "", bucket = "", key = "", ...rest] = process.argv.slice(2);
const [first = "", second = "", third = "", fourth = ""] = rest;
const project = await openProject(process.env["POSTERN_ACCESS"] ?? "");

async function answer(): Promise<unknown> {
  switch (operation) {
    case "put":
      return await project.putObject(bucket, key, createReadStream(first), { custom: JSON.parse(second) });
    case "get": {
      const range = second === "" ? undefined : { start: Number(second), end: Number(third) };
      const download = await project.getObject(bucket, key, { range });
      await pipeline(Readable.from(download.body), createWriteStream(first));
      return download.info;
    }
    case "part": {
      const etag = Buffer.from(fourth);
      return await project.uploadPart(bucket, key, first, Number(second), createReadStream(third), { etag });
    }
    case "parts": {
      const { parts } = await project.listParts(bucket, key, first);
      return { etags: parts.map(({ etag }) => `${Buffer.from(etag ?? []).toString()} `).join("") };
    }
    case "commit":
      return await project.commitUpload(bucket, key, first);
    default:
      throw new Error(`unknown operation ${operation}`);
  }
}

try {
  console.log(JSON.stringify(await answer()));
} finally {
  await project.close();
}
