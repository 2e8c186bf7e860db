import { Fragment, type JSX } from "preact";
import { visible } from "./document.js";
import { dateText } from "./format.js";
import type { Breadcrumb } from "./models.js";

/** A name of any length: it may be broken after what separates its words. */
export function Name({ text }: { text: string }): JSX.Element {
  const parts = visible(text).split(/(?<=[_/-])/);
  return (
    <>
      {parts.map((part, index) => (
        <Fragment key={index}>
          {part}
          {index < parts.length - 1 && <wbr />}
        </Fragment>
      ))}
    </>
  );
}

export function Time({ date }: { date: Date }): JSX.Element {
  if (Number.isNaN(date.getTime())) return <span>unknown</span>;
  return <time datetime={date.toISOString()}>{dateText(date)}</time>;
}

export function Breadcrumbs({ items }: { items: readonly Breadcrumb[] }): JSX.Element | null {
  if (items.length === 0) return null;
  return (
    <nav class="crumbs" aria-label="Folders">
      <ol>
        {items.map(({ name, url }, index) => (
          <li key={index}>
            {url === undefined ? (
              <span aria-current={index === items.length - 1 ? "page" : undefined}>{visible(name)}</span>
            ) : (
              <a href={url}>{visible(name)}</a>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
