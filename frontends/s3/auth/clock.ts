/** How far a client's clock may be from ours. */
export const skewMs = 15 * 60 * 1000;
