import type { Project } from "../../core/index.js";
import { S3Error } from "./errors.js";

/** What newer cores offer; to go once the core has it all. */
export interface NextProject {
  updateMetadata(
    bucket: string,
    key: string | Uint8Array,
    options: {
      custom: Readonly<Record<string, string>>;
      etag?: Uint8Array;
      version?: Uint8Array;
      signal?: AbortSignal;
    },
  ): Promise<void>;
}

/** A function of the project, or NotImplemented where the core has none. */
export function nextOf<K extends keyof NextProject>(project: Project, name: K): NextProject[K] {
  const offered = project as Project & Partial<NextProject>;
  const method = offered[name];
  if (method === undefined) throw new S3Error("NotImplemented");
  return method.bind(project) as NextProject[K];
}
