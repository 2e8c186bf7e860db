import type { JSX } from "preact";
import { visible } from "./document.js";
import { fileKind } from "./format.js";
import { Icon } from "./icons.js";
import type { ObjectPage } from "./models.js";

/** The object itself, as far as a browser can show it. HTML is taken only from preview/render.ts, which escapes. */
export function Stage({ page }: { page: ObjectPage }): JSX.Element {
  const { kind, urls } = page;
  const name = visible(page.name);
  switch (kind) {
    case "image":
      return (
        <figure class="stage stage-image">
          <a href={urls.raw} data-zoom>
            <img src={urls.raw} alt={name} />
          </a>
        </figure>
      );
    case "video":
      return (
        <figure class="stage stage-video">
          {/* biome-ignore lint/a11y/useMediaCaption: what was uploaded has no captions that we could know of */}
          <video src={urls.raw} controls preload="metadata" playsInline aria-label={name} />
          <Unplayable />
        </figure>
      );
    case "audio":
      return (
        <figure class="stage stage-audio">
          <Icon name="audio" />
          {/* biome-ignore lint/a11y/useMediaCaption: what was uploaded has no captions that we could know of */}
          <audio src={urls.raw} controls preload="metadata" aria-label={name} />
          <Unplayable />
        </figure>
      );
    case "pdf":
      return (
        <figure class="stage stage-pdf">
          <iframe src={urls.raw} title={`Preview of ${name}`} loading="lazy" />
          <figcaption>
            <a href={urls.raw}>
              <Icon name="open" />
              Open the PDF by itself
            </a>
          </figcaption>
        </figure>
      );
    case "markdown":
    case "text":
      return <TextStage page={page} />;
    default:
      return <Nothing page={page} />;
  }
}

/** Browsers play some codecs and not others; which, only they know. */
function Unplayable(): JSX.Element {
  return (
    <figcaption class="note" data-unplayable hidden>
      This browser cannot play the file. It can be downloaded.
    </figcaption>
  );
}

function TextStage({ page }: { page: ObjectPage }): JSX.Element {
  const { previewHtml, text } = page;
  if (previewHtml === undefined && text === undefined) return <Nothing page={page} />;
  const note = page.textCut && <p class="note">This is only the beginning. Download the file to see all of it.</p>;
  if (previewHtml !== undefined && page.kind === "markdown") {
    return (
      <div class="stage stage-markdown">
        <div class="prose" dangerouslySetInnerHTML={{ __html: previewHtml }} />
        {note}
      </div>
    );
  }
  return (
    <div class="stage stage-text">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section class="source" tabIndex={0} aria-label={`Content of ${visible(page.name)}`}>
        <pre>
          {previewHtml === undefined ? (
            <code>{visibleText(text ?? "")}</code>
          ) : (
            <code dangerouslySetInnerHTML={{ __html: previewHtml }} />
          )}
        </pre>
      </section>
      {note}
    </div>
  );
}

function Nothing({ page }: { page: ObjectPage }): JSX.Element {
  return (
    <div class="stage stage-none">
      <Icon name={fileKind(page.name)} />
      <p>{page.size === 0 ? "This file is empty." : "There is no preview for this kind of file."}</p>
    </div>
  );
}

/** Line ends and tabs stay what they are. */
function visibleText(text: string): string {
  return text.replace(/[^\n\t]+/g, visible);
}
