import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";
import { describeObject, readWhole, structured, textOf, toolResult } from "./results.js";
import type { ObjectServerInit } from "./server.js";

const readOnly = { readOnlyHint: true, openWorldHint: false };
const bucket = z.string().describe("name of the bucket");
const key = z.string().describe("key of the object");

export function addReadingTools(server: McpServer, { project, options, log, signal }: ObjectServerInit): void {
  server.registerTool(
    "list_buckets",
    { description: "Names of all buckets", inputSchema: {}, annotations: readOnly },
    () =>
      toolResult(log, async () => {
        const buckets: string[] = [];
        for (let cursor: string | undefined; ; ) {
          const page = await project.listBuckets({ cursor, signal });
          buckets.push(...page.buckets.map(({ name }) => name));
          if (page.next === undefined) return structured({ buckets });
          cursor = page.next;
        }
      }),
  );

  server.registerTool(
    "list_objects",
    {
      description: "Objects and folders of a bucket, a page at a time",
      inputSchema: {
        bucket,
        prefix: z.string().optional().describe('only keys that start so; "a/" is the folder a'),
        recursive: z.boolean().optional().describe("also what is in folders; false when absent"),
        cursor: z.string().optional().describe('"next" of the page before'),
        limit: z.number().int().min(1).max(1000).optional().describe("most entries; 100 when absent"),
      },
      annotations: readOnly,
    },
    ({ bucket, prefix, recursive = false, cursor, limit = 100 }) =>
      toolResult(log, async () => {
        const page = await project.listObjects(bucket, {
          ...{ prefix, limit, signal, custom: true },
          delimiter: recursive ? undefined : "/",
          cursor: cursor === undefined ? undefined : Buffer.from(cursor, "base64url"),
        });
        return structured({
          objects: page.entries.flatMap((entry) => (entry.kind === "object" ? [describeObject(entry.object)] : [])),
          folders: page.entries.flatMap((entry) => (entry.kind === "prefix" ? [entry.prefix] : [])),
          next: page.next === undefined ? undefined : Buffer.from(page.next).toString("base64url"),
        });
      }),
  );

  server.registerTool(
    "stat_object",
    { description: "Size, time and metadata of an object", inputSchema: { bucket, key }, annotations: readOnly },
    ({ bucket, key }) =>
      toolResult(log, async () => {
        const object = await project.headObject(bucket, key, { signal });
        return structured({ ...describeObject(object), metadata: object.custom });
      }),
  );

  server.registerTool(
    "read_object",
    {
      description: `Content of an object, at most ${options.maxReadBytes} bytes of it; the rest by offset`,
      inputSchema: {
        bucket,
        key,
        offset: z.number().int().min(0).optional().describe("first byte; 0 when absent"),
        length: z.number().int().min(1).max(options.maxReadBytes).optional(),
      },
      annotations: readOnly,
    },
    ({ bucket, key, offset = 0, length = options.maxReadBytes }) =>
      toolResult(log, async () => {
        const range = { start: offset, end: offset + length };
        const download = await project.getObject(bucket, key, { range, signal });
        const bytes = await readWhole(download);
        const text = textOf(bytes);
        const mimeType = download.info.custom["content-type"] ?? "application/octet-stream";
        const blob = { uri: uriOf(bucket, key), mimeType, blob: bytes.toString("base64") };
        return {
          content: [text === undefined ? { type: "resource", resource: blob } : { type: "text", text }],
          structuredContent: { size: download.info.size, offset, length: bytes.length },
        };
      }),
  );
}

/** The URI of an object as a resource. */
export function uriOf(bucket: string, key: string): string {
  return `postern://${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`;
}
