/** What is known of the pieces of a segment upload. */
export interface UploadState {
  /** The whole segment is encoded. */
  readonly encoded: boolean;
  /** The finished pieces meet the requirement. */
  readonly enough: boolean;
  /** They would with those that are under way. */
  readonly possible: boolean;
  /** They would with those that can be sent once the segment is encoded again, too. */
  readonly possibleAgain: boolean;
  readonly finished: number;
  readonly active: number;
  /** Pieces whose node failed and that have no other yet. */
  readonly failed: number;
  readonly successThreshold: number;
  /** Pieces can still be started from what is queued. */
  readonly atStart: boolean;
  /** The segment's bytes so far are kept, so that it can be encoded again. */
  readonly kept: boolean;
  /** Other nodes may still be asked for. */
  readonly mayExchange: boolean;
  /** They are being asked for. */
  readonly exchanging: boolean;
}

export type UploadStep = "succeed" | "wait" | "exchange" | "replay" | "fail";

/** What a segment upload does next. */
export function nextUploadStep(state: UploadState): UploadStep {
  if (state.encoded && state.enough) return "succeed";
  if (state.exchanging) return "wait";
  // At the start another node costs nothing. Later the segment is encoded once more: only when there is no other way.
  const useful = state.atStart || (!state.possibleAgain && state.kept);
  if (state.failed > 0 && state.mayExchange && useful) return "exchange";
  if (state.possible) return "wait";
  if (state.possibleAgain) return state.encoded ? "replay" : "wait";
  // Requirements on cohorts cannot be met any more. The real uplink offers what it has, and the satellite decides.
  if (state.finished + state.active >= state.successThreshold) return state.active > 0 ? "wait" : "succeed";
  return "fail";
}
