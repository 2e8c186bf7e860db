import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { isPosternError, type ObjectDownload, type ObjectInfo, PosternError } from "postern";
import type { Logger } from "postern/frontend";

/** A tool's result that programs read as JSON and models as text. */
export function structured(value: Record<string, unknown>): CallToolResult {
  return { structuredContent: value, content: [{ type: "text", text: JSON.stringify(value) }] };
}

/** Runs a tool. A failure is a result too, so that the model can do something about it; defects are told of only here. */
export async function toolResult(log: Logger, run: () => Promise<CallToolResult>): Promise<CallToolResult> {
  try {
    return await run();
  } catch (error) {
    return { isError: true, content: [{ type: "text", text: publicText(error, log) }] };
  }
}

export function publicText(error: unknown, log: Logger): string {
  if (isPosternError(error)) return `${error.code}: ${error.message}`;
  log.error({ error: (error as Error)?.name }, "call failed");
  return "internal: the server failed";
}

export function describeObject({ key, size, createdAt, custom }: ObjectInfo) {
  return { key, size, modified: createdAt.toISOString(), contentType: custom["content-type"] ?? "" };
}

/** The text of UTF-8 bytes; undefined for other bytes. A character that is cut off at the end is left out. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    // That it is no text is the answer.
    return undefined;
  }
}

/** All bytes of a download. Objects that S3 clients encrypted with a key of their own (SSE-C) would be noise. */
export async function readWhole(download: ObjectDownload): Promise<Buffer> {
  try {
    if (download.info.custom["s3:sse-c"] !== undefined) {
      throw new PosternError(
        "permission-denied",
        "the object is encrypted with a key of its owner: read it through S3",
      );
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of download.body) chunks.push(chunk);
    return Buffer.concat(chunks);
  } finally {
    download.close();
  }
}
