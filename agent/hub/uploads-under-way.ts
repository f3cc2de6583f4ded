/** Uploads that were begun and not finished, of each account: of too many the oldest is given up, so that they take little room. */

export interface UploadsUnderWay {
  /** Returns what to call when it has ended, however it did; `giveUp` calls that too. */
  begin(account: string, giveUp: () => void): () => void;
  /** All of the account but the one that `own` gives up. */
  giveUpOthers(account: string, own: () => void): void;
}

export function createUploadsUnderWay(perAccountMax: number): UploadsUnderWay {
  const underWay = new Map<string, Set<() => void>>();
  return {
    begin(account, giveUp) {
      const begun = underWay.get(account) ?? new Set();
      for (const oldest of [...begun].slice(0, Math.max(0, begun.size + 1 - perAccountMax))) oldest();
      begun.add(giveUp);
      underWay.set(account, begun);
      return () => {
        begun.delete(giveUp);
        if (begun.size === 0) underWay.delete(account);
      };
    },
    giveUpOthers(account, own) {
      for (const giveUp of [...(underWay.get(account) ?? [])]) if (giveUp !== own) giveUp();
    },
  };
}
