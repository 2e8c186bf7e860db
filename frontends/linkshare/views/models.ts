import type { PreviewKind } from "../preview/kind.js";

/**
 * What the pages show. URLs come from the service, which knows its routes, and are written as they are into href and src:
 * they must be relative, or http(s), with each path component percent-encoded.
 */
export interface PageFrame {
  /** URL prefix of the assets, ending in "/"; "/static/" when absent. */
  readonly assets?: string;
  /** URL of the service's own start page, behind its name in the header; no link when absent. */
  readonly home?: string;
}

export interface Breadcrumb {
  readonly name: string;
  /** Absent for the page itself, and for folders that the grant may not list. */
  readonly url?: string;
}

export interface PlacementRow {
  /** Address or subnet of the nodes, such as "10.1.2.0/24". */
  readonly label: string;
  readonly count: number;
}

/** Where the pieces of an object are. */
export interface PlacementSummary {
  readonly rows: readonly PlacementRow[];
  readonly pieceCount: number;
  readonly segmentCount: number;
}

export interface ObjectPage extends PageFrame {
  /** Last component of the key. */
  readonly name: string;
  readonly key: string;
  readonly bucket: string;
  readonly size: number;
  readonly modified: Date;
  readonly contentType: string;
  readonly kind: PreviewKind;
  readonly urls: {
    /** The bytes, with ranges: what img, video, audio and iframe show. */
    readonly raw: string;
    readonly download: string;
    /** SVG of where the pieces are; shown as an image. */
    readonly map?: string;
    /** Page of the archive's entries. */
    readonly archive?: string;
    readonly folder?: string;
    /** Absolute URLs of images for previews in messengers and social networks. */
    readonly socialImage?: string;
  };
  /** Made by preview/render.ts, and by nothing else: it is written as it is. */
  readonly previewHtml?: string;
  /** Shown as plain text where there is no `previewHtml`. */
  readonly text?: string;
  /** Only the beginning of the text is shown. */
  readonly textCut?: boolean;
  readonly breadcrumbs: readonly Breadcrumb[];
  /** Absolute URL of this page, to copy and as a QR code. */
  readonly shareUrl: string;
  readonly placement?: PlacementSummary;
}

export interface FolderEntry {
  readonly name: string;
  readonly kind: "folder" | "object";
  /** Bytes; absent for folders. */
  readonly size?: number;
  /** Absent for folders. */
  readonly modified?: Date;
  readonly url: string;
  /** URL of a small image, for the grid. */
  readonly thumbnail?: string;
}

export type SortKey = "name" | "size" | "modified";

export interface FolderSort {
  readonly by: SortKey;
  readonly descending: boolean;
  /** URLs of this page in the other orders; the one of `by` turns its order round. Plain headings when absent. */
  readonly urls?: Readonly<Record<SortKey, string>>;
}

export interface FolderPage extends PageFrame {
  readonly title: string;
  readonly breadcrumbs: readonly Breadcrumb[];
  readonly entries: readonly FolderEntry[];
  /** URL of the next page, when there is one. */
  readonly next?: string;
  /** URL of the first page, when this is another. */
  readonly first?: string;
  readonly sort: FolderSort;
  readonly downloads?: { readonly zip: string; readonly tarGz: string };
  readonly view: "list" | "grid";
  /** URLs of this page in both views; no switch when absent. */
  readonly viewUrls?: { readonly list: string; readonly grid: string };
  /** Absolute URL of this page, to copy and as a QR code; neither when absent. */
  readonly shareUrl?: string;
}

export interface ArchivePageEntry {
  /** Path inside of the archive. */
  readonly name: string;
  readonly size: number;
  readonly modified?: Date;
  /** Absent where the entry can not be taken out: encrypted, or of an unknown compression. */
  readonly url?: string;
}

export interface ArchivePage extends PageFrame {
  /** Name of the archive. */
  readonly title: string;
  readonly breadcrumbs: readonly Breadcrumb[];
  readonly entries: readonly ArchivePageEntry[];
  /** The archive has more entries than are shown. */
  readonly cut?: boolean;
  /** Entries that are left out, since their names are hostile or taken. */
  readonly hidden?: number;
  readonly urls: {
    readonly download: string;
    /** The page of the archive itself. */
    readonly object?: string;
  };
}

export interface ErrorPage extends PageFrame {
  readonly status: number;
  /** Such as "Not found". */
  readonly title: string;
  /** One sentence, such as "Object not found." */
  readonly text: string;
}

export type LandingPage = PageFrame;
