import type { JSX } from "preact";
import { Document, visible } from "./document.js";
import { Logo } from "./icons.js";
import type { ErrorPage } from "./models.js";

export function ErrorDocument({ page }: { page: ErrorPage }): JSX.Element {
  return (
    <Document frame={page} title={`${page.title} · Postern`}>
      <div class="alone">
        <Logo size={72} />
        <p class="code">{page.status}</p>
        <h1>{visible(page.title)}</h1>
        <p>{visible(page.text)}</p>
        {page.status === 404 && <p class="note">Who shared this link with you may have moved or deleted the file.</p>}
        {(page.status === 401 || page.status === 403) && (
          <p class="note">The link may have expired, or been taken back. Ask who shared it with you for a new one.</p>
        )}
      </div>
    </Document>
  );
}
