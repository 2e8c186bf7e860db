import type { AccessGrant, Project } from "../../core/index.js";
import type { Logger } from "../frontend.js";
import type { Links } from "./links.js";
import type { CompleteLinkShareOptions } from "./options.js";
import type { Previewer } from "./preview/previewer.js";
import type { Wishes } from "./query.js";
import type { ContentSettings } from "./raw/content-headers.js";
import type { LinkRequest } from "./request.js";
import type { Queue } from "./thumbnails/queue.js";
import type { Thumbnails } from "./thumbnails/thumbnails.js";

/** A visitor in front of something in a bucket, with the key to it. */
export interface View {
  readonly request: LinkRequest;
  readonly wishes: Wishes;
  readonly project: Project;
  readonly grant: AccessGrant;
  readonly bucket: string;
  /** Bytes-as-characters; may be empty or end in "/". */
  readonly key: string;
  /** Folder of the bucket above which nothing is told of: "" or a key that ends in "/". */
  readonly top: string;
  /** What the topmost folder is called: the bucket, or the host of a site. */
  readonly title: string;
  /** A site of a user, with a host of its own. */
  readonly hosting: boolean;
  readonly links: Links;
  readonly content: ContentSettings;
  readonly options: CompleteLinkShareOptions;
  readonly services: ViewServices;
  /** Aborts when the visitor goes away or the reply takes too long to begin. */
  readonly signal: AbortSignal;
}

/** What all requests share. */
export interface ViewServices {
  readonly log: Logger;
  /** Undefined where they are turned off. */
  readonly thumbnails: Thumbnails | undefined;
  readonly previewer: Previewer;
  /** Archives whose directories are read: a few at a time, as they may be large. */
  readonly archives: Queue;
  /** URL of the assets that pages load: a path on our own hosts. */
  assets(hosting: boolean): string;
  /** Takes a place among the folders that are downloaded; undefined when there is none. */
  enterFolderDownload(): (() => void) | undefined;
}
