import { PosternError } from "../core/errors.js";
import type { AccessKeys } from "../frontends/frontend.js";

/** The single-tenant mode: one pair of credentials for one grant, nothing kept, nothing registered. */
export function fixedAccessKeys(fixed: {
  readonly accessKeyId: string;
  readonly secretKey: string;
  readonly accessGrant: string;
}): AccessKeys {
  return {
    async resolve(accessKeyId) {
      if (accessKeyId !== fixed.accessKeyId) throw new PosternError("not-found", "the access key id is unknown");
      return {
        accessGrant: fixed.accessGrant,
        secretKey: fixed.secretKey,
        public: false,
        usageTags: [],
        publicProjectId: undefined,
        projectCreatedAt: undefined,
      };
    },
    register: () => Promise.reject(new PosternError("unimplemented", "this gateway has fixed credentials")),
    ping: async () => {},
  };
}
