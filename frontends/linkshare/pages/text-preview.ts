import { reasonOf } from "../errors.js";
import type { PreviewKind } from "../preview/kind.js";
import type { View } from "../view.js";
import type { ObjectPage } from "../views/index.js";

/**
 * The beginning of a text as its page shows it, of a source that may be longer. Undefined where it is no text, or may not
 * be read: a grant may list and not read, and the page is of use without.
 * @param entry its path in an archive
 */
export async function textPreview(
  view: View,
  name: string,
  kind: PreviewKind,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  size: number,
  entry?: string,
): Promise<Pick<ObjectPage, "previewHtml" | "text" | "textCut"> | undefined> {
  const { previewBytes } = view.options;
  const text = textOfBegin(await begin(view, source, previewBytes), previewBytes < size);
  if (text === undefined) return undefined;
  const { previewer } = view.services;
  const previewHtml = kind === "markdown" ? await previewer.markdown(text, entry) : await previewer.text(text, name);
  return { previewHtml, text, textCut: previewBytes < size };
}

async function begin(
  view: View,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  most: number,
): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of source) {
      parts.push(part);
      length += part.length;
      if (length >= most) break;
    }
  } catch (error) {
    if (view.signal.aborted) throw error;
    view.services.log.debug({ error: reasonOf(error) }, "a preview can not be read");
    return undefined;
  }
  return Buffer.concat(parts).subarray(0, most);
}

function textOfBegin(bytes: Buffer | undefined, cut: boolean): string | undefined {
  if (bytes?.includes(0) !== false) return undefined;
  try {
    // The last character of a beginning may be cut in two.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: cut });
  } catch {
    // Not UTF-8: whatever its name says, it is no text that could be shown.
    return undefined;
  }
}
