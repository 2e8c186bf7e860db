/**
 * Resolves when the condition holds. Looks at every turn of the event loop, so nothing is waited for in vain. Throws after
 * `limitMs`: a test that waits for what never comes says so, and does not hold up all others in silence.
 */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it did not come true in ${limitMs} ms: ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
