/**
 * Many panels at once: makes events at a rate, sends each over its account's line (or two), and holds it until it was
 * acknowledged. An account has one event under way at a time, so its events arrive in the order of their serials.
 */
import type { Clock } from '../adapters/clock.ts';
import { createAccounts } from './accounts.ts';
import { createAnswers } from './answers.ts';
import type { PanelOptions } from './options.ts';
import { createMessageMaker, type PanelMessage } from './panel-message.ts';
import { createTally, type PanelSummary } from './tally.ts';
import { openWay, type Way } from './ways.ts';

const tickMs = 4;
/** One tick makes no more than this, so that answers are read in between. */
const eventsPerTickMax = 256;
const heartbeatsPerTickMax = 64;
/** What a flooding account has under way; all others one. */
const floodUnderWayMax = 256;

export interface PanelRun {
  /** Resolves when all is acknowledged, or given up. */
  readonly done: Promise<void>;
  /** No more events; what is under way is still waited for. */
  stop(): void;
  /** Ends at once. */
  abort(): void;
  summary(): PanelSummary;
  /** Where each line is. */
  addresses(): string[];
}

export interface PanelTools {
  readonly clock: Clock;
  /** Called once for each event that was acknowledged. */
  acknowledged?(account: string, number: number): void;
}

export function runPanels(options: PanelOptions, { clock, acknowledged }: PanelTools): PanelRun {
  const { ratePerSecond, durationMs, drainMs, heartbeatMs, fault } = options;
  const accounts = createAccounts(options.first, options.count, fault === 'flood' ? floodUnderWayMax : 1);
  const beganMs = clock.monotonicMs();
  const tally = createTally(beganMs);
  const { counts } = tally;
  const maker = createMessageMaker(options, clock);
  const answers = createAnswers(options, {
    tally,
    maker,
    nowMs: () => clock.monotonicMs(),
    acknowledged: ({ account, number }) => acknowledged?.(account, number),
    settled: ({ panel }) => accounts.release(panel),
    again: (message) => send(message),
  });
  const ways: Way[] = [options.targets, options.secondWay]
    .filter((targets) => targets.length > 0)
    .map((targets) => openWay(targets, options, clock, answers));
  let heartbeatAt = 0;
  let stoppedMs: number | null = null;
  let ended = false;
  let cancelTick = () => {};
  const { promise: done, resolve: finish } = Promise.withResolvers<void>();

  const send = (message: PanelMessage) => {
    message.waysLeft = ways.length;
    for (const way of ways) way.send(message);
  };

  const makeEvents = (nowMs: number) => {
    const paced = ratePerSecond > 0;
    const due = paced ? ((nowMs - beganMs) / 1_000) * ratePerSecond : Number.POSITIVE_INFINITY;
    for (let made = 0; counts.sent < due && made < eventsPerTickMax; made += 1) {
      const panel = accounts.take();
      if (panel === null) return;
      const dueMs = paced ? beganMs + (counts.sent / ratePerSecond) * 1_000 : nowMs;
      counts.sent += 1;
      send(maker.event(panel, dueMs));
    }
  };

  /** Beside the turns of events: a heartbeat that waits for its answer holds no event up. */
  const makeHeartbeats = (nowMs: number) => {
    const { all } = accounts;
    for (let looked = 0; looked < Math.min(heartbeatsPerTickMax, all.length); looked += 1) {
      heartbeatAt = (heartbeatAt + 1) % all.length;
      const panel = all[heartbeatAt];
      if (panel === undefined || panel.underWay > 0 || nowMs - panel.lastMs < heartbeatMs) continue;
      counts.heartbeats += 1;
      send(maker.heartbeat(panel));
    }
  };

  const tick = () => {
    const nowMs = clock.monotonicMs();
    if (durationMs > 0 && nowMs - beganMs >= durationMs) stoppedMs ??= nowMs;
    if (stoppedMs === null) {
      makeEvents(nowMs);
      if (heartbeatMs > 0) makeHeartbeats(nowMs);
    } else if (nowMs - stoppedMs >= drainMs || accounts.all.every(({ underWay }) => underWay === 0)) {
      end();
      return;
    }
    cancelTick = clock.after(tickMs, tick);
  };

  const end = () => {
    if (ended) return;
    ended = true;
    stoppedMs ??= clock.monotonicMs();
    cancelTick();
    for (const way of ways) way.close();
    counts.unanswered = counts.sent - counts.acknowledged - counts.refused;
    finish();
  };

  cancelTick = clock.after(0, tick);
  return {
    done,
    stop() {
      stoppedMs ??= clock.monotonicMs();
    },
    abort: end,
    addresses: () => ways.flatMap((way) => way.addresses()),
    summary: () =>
      tally.summary({
        run: options.run,
        seconds: ((stoppedMs ?? clock.monotonicMs()) - beganMs) / 1_000,
        accounts: accounts.all.length,
        connections: options.connections * ways.length,
      }),
  };
}
