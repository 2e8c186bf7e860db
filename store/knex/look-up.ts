/**
 * Of a row by its key, for a request that waits. Where one connection hangs, the answer of another is still in time:
 * see `repeated`. The driver's name of the option.
 */
export const lookUp = { query_timeout: 2_500 };
