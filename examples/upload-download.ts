import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { openProject } from "postern";

const [grant = "", bucket = "", key = "", from = "", to = ""] = process.argv.slice(2);
const project = await openProject(grant);
const { size } = await project.putObject(bucket, key, createReadStream(from));
await pipeline((await project.getObject(bucket, key)).body, createWriteStream(to));
console.log(`${size} bytes, there and back`);
await project.close();
