/** What is known of the pieces of a segment upload. */
export interface UploadState {
  /** The whole segment is encoded. */
  readonly encoded: boolean;
  /** The finished pieces meet the requirement. */
  readonly enough: boolean;
  /** They would if all that are under way finish. */
  readonly possible: boolean;
  readonly finished: number;
  readonly active: number;
  /** Pieces whose node failed and that have no other yet. */
  readonly failed: number;
  readonly successThreshold: number;
  /** Pieces can still be started from what is queued. */
  readonly atStart: boolean;
  /** The segment's bytes so far are kept, so that it can be encoded again. */
  readonly kept: boolean;
  /** Other nodes may still be asked for, and are not being asked for now. */
  readonly mayExchange: boolean;
  readonly exchanging: boolean;
}

export type UploadStep = "succeed" | "wait" | "exchange" | "fail";

/** What a segment upload does next. */
export function nextUploadStep(state: UploadState): UploadStep {
  if (state.encoded && state.enough) return "succeed";
  if (state.exchanging) return "wait";
  if (state.failed > 0 && state.mayExchange) {
    // At the start another node costs nothing. Later the segment is encoded once more: only when there is no other way.
    if (state.atStart) return "exchange";
    if (!state.possible && state.kept) return state.encoded ? "exchange" : "wait";
  }
  if (state.possible) return "wait";
  // Requirements on cohorts cannot be met any more. The real uplink offers what it has, and the satellite decides.
  if (state.finished + state.active >= state.successThreshold) return state.active > 0 ? "wait" : "succeed";
  return "fail";
}
