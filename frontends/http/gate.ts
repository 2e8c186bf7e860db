/** Counts what is under way and refuses more than `most` at a time. */
export interface Gate {
  /** Takes a place and returns how to give it back, or undefined when all are taken. */
  enter(): (() => void) | undefined;
  readonly inside: number;
}

export function createGate(most: number): Gate {
  let inside = 0;
  return {
    enter() {
      if (inside >= most) return undefined;
      inside++;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        inside--;
      };
    },
    get inside() {
      return inside;
    },
  };
}

/** Gates by name; a name costs nothing while nobody is inside. */
export function createKeyedGate(most: number): { enter(key: string): (() => void) | undefined } {
  const gates = new Map<string, Gate>();
  return {
    enter(key) {
      const gate = gates.get(key) ?? createGate(most);
      const leave = gate.enter();
      if (leave === undefined) return undefined;
      gates.set(key, gate);
      return () => {
        leave();
        if (gate.inside === 0) gates.delete(key);
      };
    },
  };
}
