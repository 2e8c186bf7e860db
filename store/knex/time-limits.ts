/**
 * How long answers are waited for where a request waits, in ms; by the driver's name of the option. Where one connection
 * hangs, there is time to ask on another: see `repeated`.
 */

/** For rows found by their key. */
export const lookUp = { query_timeout: 2_500 };
/** For rows added or changed by their key: a commit may wait for a busy disk, or for other nodes. */
export const change = { query_timeout: 5_000 };
