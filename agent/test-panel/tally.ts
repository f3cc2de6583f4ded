/** Counts what a run of panels sent and what came back. */
import { createHistogram } from 'node:perf_hooks';

const microsecondsPerMs = 1_000;
const roundTripMaxMs = 3_600_000;

export interface PanelCounts {
  /** Events, each once however often it was repeated. */
  sent: number;
  acknowledged: number;
  /** Given up without an answer: spoilt ones, and those of the end. */
  unanswered: number;
  repeats: number;
  /** DUH: received and not processed. */
  refused: number;
  nak: number;
  /** Answers that our key does not open. */
  unreadable: number;
  heartbeats: number;
  reconnects: number;
  /** Longest time in which nothing was acknowledged while something was due. */
  longestSilenceMs: number;
}

/** What a run ends with. */
export interface PanelSummary extends PanelCounts {
  run: string;
  seconds: number;
  accounts: number;
  connections: number;
  /** Acknowledged a second while events were made. */
  eventsPerSecond: number;
  /** First sending to acknowledgement. */
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** The moment at which the rate made it due to acknowledgement: also tells what waited in the panels. */
  fromDueP99Ms: number;
  /** Acknowledged by address. */
  byAddress: Record<string, number>;
}

/** A message that was acknowledged: when it was first sent, and when the rate asked for it. */
interface Acknowledged {
  readonly bornMs: number;
  readonly dueMs: number;
}

export function createTally(beganMs: number) {
  const counts: PanelCounts = {
    sent: 0,
    acknowledged: 0,
    unanswered: 0,
    repeats: 0,
    refused: 0,
    nak: 0,
    unreadable: 0,
    heartbeats: 0,
    reconnects: 0,
    longestSilenceMs: 0,
  };
  const byAddress: Record<string, number> = {};
  const highest = roundTripMaxMs * microsecondsPerMs;
  const trips = createHistogram({ highest });
  const fromDue = createHistogram({ highest });
  const record = (into: typeof trips, ms: number) =>
    into.record(Math.min(highest, Math.max(1, Math.round(ms * microsecondsPerMs))));
  const percentile = (of: typeof trips, percent: number) =>
    of.count === 0 ? 0 : Math.round(of.percentile(percent) / 10) / 100;
  let lastAckMs = beganMs;

  return {
    counts,
    acknowledged(address: string, { bornMs, dueMs }: Acknowledged, nowMs: number): void {
      counts.acknowledged += 1;
      byAddress[address] = (byAddress[address] ?? 0) + 1;
      record(trips, nowMs - bornMs);
      record(fromDue, nowMs - dueMs);
      const silenceMs = Math.round(nowMs - Math.max(lastAckMs, bornMs));
      counts.longestSilenceMs = Math.max(counts.longestSilenceMs, silenceMs);
      lastAckMs = nowMs;
    },
    summary(of: Pick<PanelSummary, 'run' | 'seconds' | 'accounts' | 'connections'>): PanelSummary {
      return {
        ...of,
        seconds: Math.round(of.seconds * 10) / 10,
        ...counts,
        eventsPerSecond: Math.round(counts.acknowledged / Math.max(of.seconds, 0.001)),
        p50Ms: percentile(trips, 50),
        p99Ms: percentile(trips, 99),
        maxMs: percentile(trips, 100),
        fromDueP99Ms: percentile(fromDue, 99),
        byAddress: { ...byAddress },
      };
    },
  };
}
export type Tally = ReturnType<typeof createTally>;
