import type { JSX } from "preact";
import { Icon } from "./icons.js";
import { QrCode } from "./qr-code.js";

/** The link of the page to take along. Without scripts it is there to select; with them a button copies it. */
export function SharePanel({ url }: { url: string }): JSX.Element {
  return (
    <section class="panel" aria-labelledby="share-heading">
      <h2 id="share-heading">Share</h2>
      <div class="copy">
        <input id="share-url" type="text" readonly value={url} aria-label="Link to this page" spellcheck={false} />
        <button type="button" class="button" data-copy="share-url" hidden>
          <Icon name="link" />
          <span>Copy link</span>
        </button>
      </div>
      <p class="status" role="status" data-copied />
      <QrCode url={url} />
    </section>
  );
}
