import { type McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import { ErrorCode, McpError } from "@modelcontextprotocol/sdk/types.js";
import { isPosternError } from "postern";
import { uriOf } from "./reading.js";
import { publicText, readWhole, textOf } from "./results.js";
import type { ObjectServerInit } from "./server.js";

/** Resources that one list tells of; all others can be read all the same. */
const mostListed = 200;
/** "Resource not found" (specification, server/resources, "Error Handling"). */
const notFound = -32002;

/** Objects as resources postern://BUCKET/KEY. */
export function addResources(server: McpServer, { project, options, log, signal }: ObjectServerInit): void {
  const guarded = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      const missing = isPosternError(error, "object-not-found", "bucket-not-found");
      throw new McpError(missing ? notFound : ErrorCode.InternalError, publicText(error, log));
    }
  };

  const list = () =>
    guarded(async () => {
      const resources: { uri: string; name: string; mimeType?: string; size: number }[] = [];
      const { buckets } = await project.listBuckets({ signal });
      for (const { name: bucket } of buckets) {
        const limit = mostListed - resources.length;
        if (limit === 0) break;
        const { entries } = await project.listObjects(bucket, { limit, custom: true, signal });
        for (const entry of entries) {
          if (entry.kind !== "object") continue;
          const { key, size, custom } = entry.object;
          resources.push({ uri: uriOf(bucket, key), name: `${bucket}/${key}`, mimeType: custom["content-type"], size });
        }
      }
      return { resources };
    });

  server.registerResource(
    "object",
    new ResourceTemplate("postern://{bucket}/{+key}", { list }),
    { description: `An object; at most its first ${options.maxReadBytes} bytes` },
    (uri) =>
      guarded(async () => {
        const key = decodeURIComponent(uri.pathname.slice(1));
        const range = { start: 0, end: options.maxReadBytes };
        const download = await project.getObject(uri.host, key, { range, signal });
        const bytes = await readWhole(download);
        const text = textOf(bytes);
        const about = { uri: uri.href, mimeType: download.info.custom["content-type"] ?? "application/octet-stream" };
        return { contents: [text === undefined ? { ...about, blob: bytes.toString("base64") } : { ...about, text }] };
      }),
  );
}
