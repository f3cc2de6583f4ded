/** Events, an in-memory queue and an output without a wire, for the tests of the forwarder. */
import type { Clock } from '../../../../agent/adapters/clock.ts';
import type {
  AlarmEvent,
  AlarmQueue,
  ArcOutput,
  QueuedEvent,
  SendResult,
  Settlement,
} from '../../../../agent/alarms/types.ts';
import { AppError } from '../../../../src/errors.ts';

export function sampleEvent(account: string, number: number, over: Partial<AlarmEvent> = {}): AlarmEvent {
  return {
    id: `${account}-${number}`,
    fingerprint: `${account}-${number}`,
    kind: 'device',
    account,
    known: true,
    format: 'SIA-DCS',
    sequence: '0001',
    data: `#${account}|Nri1/BA${number}`,
    extended: [],
    content: { code: 'BA', qualifier: 'new', area: '1', zone: String(number), user: null, text: null },
    category: 'burglary',
    receivedMs: 1_800_000_000_000,
    deviceTimeMs: null,
    way: 'direct',
    source: '127.0.0.1',
    encrypted: false,
    raw: '',
    takenBy: 'node',
    forward: true,
    ...over,
  };
}

export interface MemoryQueue extends AlarmQueue {
  put(...events: AlarmEvent[]): void;
  readonly settled: Settlement[];
  /** Positions that were given out in this opening. */
  opened: number;
  /** Makes the next calls fail. */
  fail: { pull: number; settle: number; code: 'unavailable' | 'not_active' };
}

/** A pull that finds nothing waits by this clock: a queue on real time beside a fake clock runs by luck. */
export function memoryQueue(clock: Clock): MemoryQueue {
  const rows: QueuedEvent[] = [];
  const done = new Set<number>();
  let position = 0;
  let next = 0;
  let wake: (() => void) | null = null;
  const queue: MemoryQueue = {
    settled: [],
    opened: 0,
    fail: { pull: 0, settle: 0, code: 'unavailable' },
    put(...events) {
      for (const event of events) rows.push({ position: ++position, event });
      wake?.();
    },
    async append(events) {
      queue.put(...events);
      return events.map(() => ({ duplicate: false }));
    },
    async open() {
      queue.opened += 1;
      next = 0;
    },
    async pull(_epoch, limit, waitMs) {
      const give = (): QueuedEvent[] => {
        const found: QueuedEvent[] = [];
        for (; next < rows.length && found.length < limit; next += 1) {
          const row = rows[next];
          if (row && !done.has(row.position)) found.push(row);
        }
        return found;
      };
      let found = give();
      if (found.length === 0) {
        await new Promise<void>((resolve) => {
          const cancel = clock.after(Math.min(waitMs, 20), resolve);
          wake = () => {
            cancel();
            resolve();
          };
        });
        wake = null;
        found = give();
      }
      if (queue.fail.pull > 0) {
        // The answer is lost: what was given stays given.
        queue.fail.pull -= 1;
        throw new AppError(queue.fail.code, 'the store is away');
      }
      return found;
    },
    async settle(_epoch, settlements) {
      if (queue.fail.settle > 0) {
        queue.fail.settle -= 1;
        throw new AppError(queue.fail.code, 'the store is away');
      }
      for (const settlement of settlements) {
        done.add(settlement.position);
        queue.settled.push(settlement);
      }
    },
    counts: async () => ({ waiting: rows.length - done.size, oldestMs: null }),
    close: async () => {},
  };
  return queue;
}

export interface FakeOutput extends ArcOutput {
  /** In order of sending; one that never resolves is under way. */
  readonly sent: AlarmEvent[];
  answer: (event: AlarmEvent) => Promise<SendResult> | SendResult;
  working: boolean;
  closed: boolean;
  reported: ReturnType<ArcOutput['state']>;
}

export function fakeOutput(id: string, over: Partial<FakeOutput> = {}): FakeOutput {
  const output: FakeOutput = {
    id,
    name: id,
    lanes: 4,
    attemptsMax: 3,
    supervised: false,
    sent: [],
    answer: () => ({ outcome: 'acknowledged' }),
    working: false,
    closed: false,
    reported: { state: 'connected', problem: null },
    async send(event, _lane, mayLeave) {
      if (!mayLeave()) return { outcome: 'failed', problem: 'not sent' };
      output.sent.push(event);
      return await output.answer(event);
    },
    work() {
      output.working = true;
    },
    rest() {
      output.working = false;
    },
    state: () => output.reported,
    async close() {
      output.closed = true;
    },
    ...over,
  };
  return output;
}
