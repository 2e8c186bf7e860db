import type { FrontendDeps } from "../frontend.js";

/** What S3 needs of what frontends are given. */
export type S3Deps = Pick<FrontendDeps, "openProject" | "access" | "settings" | "log">;
