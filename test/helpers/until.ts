/** Resolves when the condition holds. Looks at every turn of the event loop, so nothing is waited for in vain. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
