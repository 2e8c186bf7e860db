import type { ProjectIdentity } from "../project-identity.js";

/** Work that goes on beside requests. */
export interface Jobs {
  /** Rules have changed and may already have something to do. */
  lifecycleChanged(identity: ProjectIdentity, bucket: string): void;
  /** Ends what runs. */
  stop(): Promise<void>;
}

export function createJobs(): Jobs {
  return { lifecycleChanged() {}, async stop() {} };
}
