/** A processor that only looks is one that whoever is waited for does not have: on a machine with two, half of all. */
const spinMs = 10;
const pauseMs = 5;

/**
 * Resolves when the condition holds. Looks at every turn of the event loop at first, then every few milliseconds, so that
 * next to nothing is waited for in vain. Throws after `limitMs`: a test that waits for what never comes says so, and does
 * not hold up all others in silence.
 */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> {
  const began = performance.now();
  while (!(await condition())) {
    const waited = performance.now() - began;
    if (waited > limitMs) throw new Error(`it did not come true in ${limitMs} ms: ${condition}`);
    await new Promise((resolve) => (waited < spinMs ? setImmediate(resolve) : setTimeout(resolve, pauseMs)));
  }
}
