/** Most entries of a page of anything but buckets (storj/storj satellite/metabase/common.go, ListLimit). */
export const maxListLimit = 1000;

/** The limit to use for the one that was asked for. */
export function listLimit(asked: number): number {
  return asked <= 0 || asked > maxListLimit ? maxListLimit : asked;
}
