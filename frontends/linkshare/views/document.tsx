import type { ComponentChildren, JSX, VNode } from "preact";
import { renderToString } from "preact-render-to-string";
import { assetOf } from "../assets/assets.js";
import { type IconName, IconSprite, Logo } from "./icons.js";
import type { PageFrame } from "./models.js";

interface DocumentProps {
  readonly frame: PageFrame;
  readonly title: string;
  readonly icons?: readonly IconName[];
  /** More elements of the head. */
  readonly head?: ComponentChildren;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}

/** What all pages have around their content. */
export function Document({ frame, title, icons = [], head, wide, children }: DocumentProps): JSX.Element {
  const brand = (
    <>
      <Logo size={26} />
      <span>Postern</span>
    </>
  );
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{visible(title)}</title>
        <meta name="robots" content="noindex" />
        <meta name="referrer" content="no-referrer" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" type="image/svg+xml" href={assetUrl(frame, "icon.svg")} />
        <link rel="stylesheet" href={assetUrl(frame, "page.css")} />
        <script src={assetUrl(frame, "page.js")} defer />
        {head}
      </head>
      <body class={wide ? "wide" : undefined}>
        <a class="skip" href="#content">
          Skip to content
        </a>
        {icons.length > 0 && <IconSprite names={icons} />}
        <header class="bar">
          {frame.home === undefined ? (
            <span class="brand">{brand}</span>
          ) : (
            <a class="brand" href={frame.home}>
              {brand}
            </a>
          )}
        </header>
        <main id="content">{children}</main>
        <footer class="foot">Encrypted, split into pieces and kept on many nodes.</footer>
      </body>
    </html>
  );
}

/** With what the content is in the URL, so that browsers may keep it for good. */
function assetUrl(frame: PageFrame, name: string): string {
  const tag = assetOf(name)?.etag.replaceAll('"', "") ?? "";
  return `${frame.assets ?? "/static/"}${name}?v=${tag}`;
}

export function documentHtml(page: VNode): string {
  return `<!doctype html>\n${renderToString(page)}\n`;
}

/**
 * Text with what cannot be seen made visible: a name with characters that turn the direction of writing would pass for
 * another (".exe" for ".txt"), and control characters are not allowed in HTML.
 */
export function visible(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/g,
    (character) => {
      const code = character.charCodeAt(0);
      return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
    },
  );
}
