/** Questions to other processes, which answer only if they know. */
export interface AskOthers<T> {
  /** What one of them knows; undefined when none has told of it in time. */
  ask(id: string): Promise<{ readonly value: T } | undefined>;
  told(question: number, value: T): void;
}

/** How long others may take, in ms. */
const patienceMs = 250;
/** Questions at a time; more are not asked. */
const mostAtOnce = 1_000;

export function createAskOthers<T>(send: (question: number, id: string) => void): AskOthers<T> {
  const open = new Map<number, (value: T) => void>();
  let last = 0;
  return {
    async ask(id) {
      if (open.size >= mostAtOnce) return undefined;
      const question = ++last;
      return new Promise((resolve) => {
        const settle = (found: { readonly value: T } | undefined): void => {
          clearTimeout(timer);
          open.delete(question);
          resolve(found);
        };
        const timer = setTimeout(settle, patienceMs, undefined);
        open.set(question, (value) => settle({ value }));
        send(question, id);
      });
    },
    told: (question, value) => open.get(question)?.(value),
  };
}
