import { parentPort } from "node:worker_threads";
import { renderMarkdown, renderText } from "./render.js";

/** What the previewer sends to its thread. */
export interface PreviewRequest {
  readonly text: string;
  /** Of the file; markdown when absent. */
  readonly name?: string;
  /** Path of markdown in an archive. */
  readonly entry?: string;
}

/** What comes back; without HTML it says that the thread is ready, which takes a while as grammars are loaded. */
export interface PreviewReply {
  readonly html?: string;
}

function reply(message: PreviewReply): void {
  parentPort?.postMessage(message);
}

parentPort?.on("message", ({ text, name, entry }: PreviewRequest) => {
  reply({ html: name === undefined ? renderMarkdown(text, entry) : renderText(text, name) });
});
reply({});
