import type { JSX } from "preact";
import { Document } from "./document.js";
import { Logo } from "./icons.js";
import type { LandingPage } from "./models.js";

export function LandingDocument({ page }: { page: LandingPage }): JSX.Element {
  return (
    <Document frame={page} title="Postern">
      <div class="alone">
        <Logo size={96} />
        <h1>Files, by link</h1>
        <p>
          This is where shared files open. To share one of yours, make a link with <code>uplink share --url</code>.
        </p>
        <p class="note">A link shows what it was made for, and nothing else.</p>
      </div>
    </Document>
  );
}
