import { parentPort } from "node:worker_threads";
import { renderMarkdown, renderText } from "./render.js";

/** What the previewer sends to its thread, and the HTML that comes back. */
export interface PreviewRequest {
  readonly text: string;
  /** Of the file; markdown when absent. */
  readonly name?: string;
}

parentPort?.on("message", ({ text, name }: PreviewRequest) => {
  parentPort?.postMessage(name === undefined ? renderMarkdown(text) : renderText(text, name));
});
