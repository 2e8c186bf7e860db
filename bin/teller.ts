/** Sends what gathers: one message at a time, so that a process that takes none costs no memory. */
export interface Teller {
  /** There is something to send, within a while, or soon where it is urgent. */
  news(urgent: boolean): void;
}

/** `next` gives what has gathered, if anything; `send` calls back when it has left this process, in whatever way. */
export function createTeller<T>(
  next: (urgent: boolean) => T | undefined,
  send: (message: T, left: () => void) => void,
  everyMs: number,
): Teller {
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Immediate | undefined;
  let isSending = false;
  /** News that came meanwhile. */
  let late: { urgent: boolean } | undefined;

  const tell = (urgent: boolean): void => {
    clearTimeout(timer);
    clearImmediate(soon);
    timer = soon = undefined;
    const message = next(urgent);
    if (message === undefined) return;
    isSending = true;
    send(message, () => {
      isSending = false;
      if (late !== undefined) teller.news(late.urgent);
      late = undefined;
    });
  };
  const teller: Teller = {
    news(urgent) {
      if (isSending) late = { urgent: urgent || late?.urgent === true };
      else if (urgent) soon ??= setImmediate(tell, true);
      else timer ??= setTimeout(tell, everyMs, false).unref();
    },
  };
  return teller;
}
