/** Whose each connection at the ARC is: looked up while it is open, since a receiver that was killed cannot be asked any more. */
export interface Senders {
  opened(connection: number, port: number): void;
  /** From now on there is somebody to ask. */
  lookUpWith(ownerOf: (port: number) => string | null): void;
  of(connection: number): string;
}

export function createSenders(): Senders {
  const known = new Map<number, string>();
  /** Connections by their port, of which only one can be open at a time. */
  const unknown = new Map<number, number>();
  let ownerOf: (port: number) => string | null = () => null;
  const lookUp = () => {
    for (const [port, connection] of unknown) {
      const owner = ownerOf(port);
      if (owner === null) continue;
      known.set(connection, owner);
      unknown.delete(port);
    }
  };
  return {
    opened(connection, port) {
      unknown.set(port, connection);
      lookUp();
    },
    lookUpWith(next) {
      ownerOf = next;
      lookUp();
    },
    of: (connection) => known.get(connection) ?? 'unknown',
  };
}
