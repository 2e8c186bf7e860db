import { createHash } from "node:crypto";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";
import { describeObject, structured, toolResult } from "./results.js";
import type { ObjectServerInit } from "./server.js";

const bucket = z.string().describe("name of the bucket");
const key = z.string().describe("key of the object");

/** Only where an administrator allows them. */
export function addWritingTools(server: McpServer, { project, log, signal }: ObjectServerInit): void {
  server.registerTool(
    "create_bucket",
    { description: "Make a bucket", inputSchema: { bucket }, annotations: { destructiveHint: false } },
    ({ bucket }) =>
      toolResult(log, async () => structured({ bucket: (await project.createBucket(bucket, { signal })).name })),
  );

  server.registerTool(
    "write_object",
    {
      description: "Write an object whole; one of that key is replaced, unless overwrite is false",
      inputSchema: {
        bucket,
        key,
        text: z.string().optional().describe("content as text"),
        base64: z.base64().optional().describe("content that is no text; this or text"),
        contentType: z.string().optional(),
        overwrite: z.boolean().optional().describe("true when absent"),
      },
      annotations: { destructiveHint: true, idempotentHint: true },
    },
    ({ bucket, key, text, base64, contentType, overwrite = true }) =>
      toolResult(log, async () => {
        const data = base64 === undefined ? Buffer.from(text ?? "") : Buffer.from(base64, "base64");
        const type = contentType ?? (base64 === undefined ? "text/plain; charset=utf-8" : "application/octet-stream");
        const info = await project.putObject(bucket, key, [data], {
          custom: { "content-type": type },
          etag: Buffer.from(createHash("md5").update(data).digest("hex")), // as S3 keeps it
          ifNoneMatch: !overwrite,
          signal,
        });
        return structured(describeObject(info));
      }),
  );

  server.registerTool(
    "delete_object",
    {
      description: "Delete an object",
      inputSchema: { bucket, key },
      annotations: { destructiveHint: true, idempotentHint: true },
    },
    ({ bucket, key }) =>
      toolResult(log, async () => {
        const { deleted } = await project.deleteObject(bucket, key, { signal });
        return structured({ deleted });
      }),
  );
}
