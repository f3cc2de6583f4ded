/** Whose connection each port at the ARC is: looked up while it is open, since a receiver that was killed cannot be asked any more. */
export interface Senders {
  opened(port: number): void;
  /** From now on there is somebody to ask. */
  lookUpWith(ownerOf: (port: number) => string | null): void;
  of(port: number): string;
}

export function createSenders(): Senders {
  const known = new Map<number, string>();
  const unknown = new Set<number>();
  let ownerOf: (port: number) => string | null = () => null;
  const lookUp = () => {
    for (const port of unknown) {
      const owner = ownerOf(port);
      if (owner === null) continue;
      known.set(port, owner);
      unknown.delete(port);
    }
  };
  return {
    opened(port) {
      known.delete(port);
      unknown.add(port);
      lookUp();
    },
    lookUpWith(next) {
      ownerOf = next;
      lookUp();
    },
    of: (port) => known.get(port) ?? 'unknown',
  };
}
