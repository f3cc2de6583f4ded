/** What the receptions of an ARC say: what is missing, what came twice, in which order, from whom, with which pauses. */
import type { Reception } from './arc.ts';

export interface Verdict {
  readonly received: number;
  /** Acknowledged to a panel and never seen: must be none. */
  readonly missing: string[];
  /** Receptions of an event that had come before. */
  readonly duplicates: number;
  /** Events whose first reception came after that of a later one of the same account. */
  readonly outOfOrder: string[];
}

const idOf = ({ run, account, number }: Pick<Reception, 'run' | 'account' | 'number'>) =>
  `${run} ${account} ${number}`;

/** `acknowledged`: `run account number` of each event that a panel saw acknowledged. */
export function judge(receptions: readonly Reception[], acknowledged: readonly string[]): Verdict {
  const seen = new Set<string>();
  const last = new Map<string, number>();
  const outOfOrder: string[] = [];
  for (const reception of receptions) {
    const id = idOf(reception);
    if (seen.has(id)) continue;
    seen.add(id);
    const account = `${reception.run} ${reception.account}`;
    const before = last.get(account) ?? 0;
    if (reception.number < before) outOfOrder.push(`${id} after ${before}`);
    last.set(account, Math.max(before, reception.number));
  }
  return {
    received: receptions.length,
    missing: acknowledged.filter((id) => !seen.has(id)),
    duplicates: receptions.length - seen.size,
    outOfOrder,
  };
}

/** The longest time without any reception between two moments, and when it began. */
export function longestPause(
  receptions: readonly Reception[],
  fromMs: number,
  toMs: number,
): { pauseMs: number; atMs: number } {
  let worst = { pauseMs: 0, atMs: fromMs };
  let beforeMs = fromMs;
  for (const { atMs } of receptions) {
    if (atMs < fromMs || atMs > toMs) continue;
    if (atMs - beforeMs > worst.pauseMs) worst = { pauseMs: atMs - beforeMs, atMs: beforeMs };
    beforeMs = atMs;
  }
  return toMs - beforeMs > worst.pauseMs ? { pauseMs: toMs - beforeMs, atMs: beforeMs } : worst;
}

/** Stretches of one sender after the other. */
export interface Turn {
  readonly sender: string;
  readonly fromMs: number;
  toMs: number;
  events: number;
}

/**
 * Who sent when. Two that send at once show as turns that alternate: `overlaps` counts the turns of another one within a
 * stretch of which no gap is longer than `gapMaxMs`; a real hand-over and back takes longer.
 */
export function turnsOf(
  receptions: readonly Reception[],
  senderOf: (connection: number) => string,
  gapMaxMs: number,
): { turns: Turn[]; overlaps: number } {
  const turns: Turn[] = [];
  for (const { atMs, connection } of receptions) {
    const sender = senderOf(connection);
    const last = turns.at(-1);
    if (last?.sender === sender) {
      last.toMs = atMs;
      last.events += 1;
    } else turns.push({ sender, fromMs: atMs, toMs: atMs, events: 1 });
  }
  const overlaps = turns.filter((_, at) => {
    const [before, after] = [turns[at - 1], turns[at + 1]];
    return before !== undefined && before.sender === after?.sender && after.fromMs - before.toMs < gapMaxMs;
  }).length;
  return { turns, overlaps };
}
