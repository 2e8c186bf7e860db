import type { StoredGrantRecord } from "../core/auth/grant-store.js";
import type { TokensOf } from "../core/auth/shared-limits.js";
import type { MetricsSnapshot } from "../frontends/auth/index.js";
import type { AuthConfig } from "./auth-config.js";

/** What the first process of `postern auth` tells those that serve. */
export type ToAuthWorker =
  | {
      readonly kind: "serve";
      readonly config: AuthConfig;
      /** Whether this one removes expired records. */
      readonly cleans: boolean;
      /** What clients and projects have had before. */
      readonly owed: TokensOf;
    }
  /** Others handed that out. */
  | { readonly kind: "taken"; readonly tokens: TokensOf }
  | { readonly kind: "count" }
  /** Another one asks, as the database is away. */
  | { readonly kind: "who knows"; readonly from: number; readonly question: number; readonly keyHash: string }
  | Known
  | { readonly kind: "look at certificates" }
  | { readonly kind: "stop" };

/** A record as the database has it: encrypted. Who knows none says nothing. */
interface Known {
  readonly kind: "known";
  readonly question: number;
  readonly record: StoredGrantRecord;
}

/** What they answer. */
export type FromAuthWorker =
  /** It hears messages from now on. */
  | { readonly kind: "here" }
  | { readonly kind: "ready"; readonly addresses: Readonly<Record<string, string>> }
  /** It can not serve; all that it had is closed again. */
  | { readonly kind: "failed"; readonly line: string }
  | { readonly kind: "taken"; readonly tokens: TokensOf; readonly urgent: boolean }
  | { readonly kind: "counted"; readonly snapshot: MetricsSnapshot }
  | { readonly kind: "who knows"; readonly question: number; readonly keyHash: string }
  | (Known & { readonly to: number });

/** How long what was handed out may gather before it is told, in ms; each way, if it is not urgent. */
export const tellEveryMs = 50;
