import { ArchiveDocument } from "./archive-page.js";
import { documentHtml } from "./document.js";
import { ErrorDocument } from "./error-page.js";
import { FolderDocument } from "./folder-page.js";
import { LandingDocument } from "./landing-page.js";
import type { ArchivePage, ErrorPage, FolderPage, LandingPage, ObjectPage } from "./models.js";
import { ObjectDocument } from "./object-page.js";

export * from "./models.js";

/**
 * Content-Security-Policy that all pages work with. Frames are for PDF files, which the raw bytes of this origin are
 * shown in: their reply must have neither `sandbox` nor `frame-ancestors 'none'`, or browsers show nothing.
 */
export const pageSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "media-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Page of one object, as a whole HTML document. */
export function renderObjectPage(page: ObjectPage): string {
  return documentHtml(ObjectDocument({ page }));
}

export function renderFolderPage(page: FolderPage): string {
  return documentHtml(FolderDocument({ page }));
}

/** Page of what is inside of an archive. */
export function renderArchivePage(page: ArchivePage): string {
  return documentHtml(ArchiveDocument({ page }));
}

export function renderErrorPage(page: ErrorPage): string {
  return documentHtml(ErrorDocument({ page }));
}

/** Page for who comes without a link. */
export function renderLandingPage(page: LandingPage = {}): string {
  return documentHtml(LandingDocument({ page }));
}
