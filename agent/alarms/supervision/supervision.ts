/** Supervises devices: hears them live, and makes an event of each that falls silent and of each that is back; none is lost on the way. */
import type { Cancel, Clock } from '../../adapters/clock.ts';
import type { JournalEvent } from '../intake/teller.ts';
import type { AlarmEvent } from '../types.ts';
import { SupervisionMachine, type Transition, type Watch } from './machine.ts';
import { supervisionEvent } from './supervision-event.ts';

/** With `checksPerSweepMax`: 50,000 devices that come up at once are through in two seconds. */
const sweepEveryMs = 200;
/** Events that are not safe yet; devices beyond wait in the machine, which forgets none. */
const pendingMax = 1_000;
const takeAtOnceMax = 64;
const retryMs = 1_000;
/** Accounts that a journal entry names; of more the number is told. */
const namedMax = 5;

export interface SupervisedDevice {
  readonly account: string;
  readonly intervalMs: number;
}

/** What is known from before a restart. */
export interface SupervisionPast {
  /** UTC. */
  readonly heard: Iterable<{ readonly account: string; readonly heardMs: number }>;
  /** The newest first: what was last told of a device, and which format it uses. */
  readonly events: Iterable<Pick<AlarmEvent, 'account' | 'kind' | 'format' | 'content'>>;
}

export interface Supervision {
  /** Watches these and no others; those that stay keep what is known of them. */
  set(devices: Iterable<SupervisedDevice>): void;
  put(device: SupervisedDevice): void;
  remove(account: string): void;
  /** After `set`: whoever was told as lost and is heard again is told as back. */
  restore(past: SupervisionPast): void;
  /** Any message of an account. */
  heard(account: string): void;
  /** Another receiver of the group heard it so long ago. */
  heardEarlier(account: string, ageMs: number): void;
  /** Watched accounts heard at or after a monotonic time, and when: by this receiver, as long as it does not work. */
  heardSince(sinceMs: number): Iterable<{ readonly account: string; readonly heardMs: number }>;
  /** Accounts that were told as lost and not yet as back: whoever answers for the devices next must know them. */
  toldLost(): readonly string[];
  /** Grows whenever `toldLost` may have changed. */
  toldChanges(): number;
  /** Before `work`: who answered last told exactly these as lost. */
  adopt(toldLost: ReadonlySet<string>): void;
  /** An event of a device: its format is the one to speak of it in. */
  noteFormat(event: Pick<AlarmEvent, 'account' | 'format'>): void;
  /** From now on we answer for the devices: each has a whole interval from here. */
  work(): void;
  /** Another answers for them, or nobody; what was found is still handed over. */
  rest(): void;
  /** Null for an account that is not watched. `heardMs` is UTC. */
  watchOf(account: string): { readonly watch: Watch; readonly heardMs: number | null } | null;
  counts(): {
    readonly total: number;
    readonly online: number;
    readonly lost: number;
    readonly never: number;
  };
  close(): void;
}

export interface SupervisionOptions {
  readonly clock: Clock;
  /** Receiver id, or `hub`. */
  readonly takenBy: string;
  /** As `IntakeSink.take`: when it rejects, the event is handed over again. */
  readonly take: (event: AlarmEvent) => Promise<void>;
  readonly onEvent: (event: JournalEvent) => void;
}

export function createSupervision({ clock, takenBy, take, onEvent }: SupervisionOptions): Supervision {
  const machine = new SupervisionMachine();
  const formats = new Map<string, string>();
  const pending: AlarmEvent[] = [];
  let toldChanges = 0;
  let working = false;
  let pumping = false;
  let closed = false;
  let cancelSweep: Cancel = () => undefined;
  let cancelRetry: Cancel = () => undefined;

  /** Monotonic to UTC: as far back from now on either clock. */
  const utcOf = (monotonicMs: number) => Math.round(clock.nowMs() - (clock.monotonicMs() - monotonicMs));

  const remove = (account: string) => {
    machine.remove(account);
    formats.delete(account);
  };

  const put = ({ account, intervalMs }: SupervisedDevice) =>
    machine.put(account, intervalMs, clock.monotonicMs());

  const noteFormat = ({ account, format }: Pick<AlarmEvent, 'account' | 'format'>) => {
    if (formats.get(account) === format || machine.watchOf(account) === null) return;
    formats.set(account, format);
  };

  const sweep = () => {
    const found = machine.sweep(clock.monotonicMs(), pendingMax - pending.length);
    for (const transition of found) pending.push(eventOf(transition));
    if (found.length > 0) toldChanges += 1;
    tellOf(found, onEvent);
    void pump();
    cancelSweep = clock.after(sweepEveryMs, sweep);
  };

  const eventOf = (transition: Transition) =>
    supervisionEvent(transition, {
      format: formats.get(transition.account) ?? 'SIA-DCS',
      heardMs: transition.heardMs === null ? null : utcOf(transition.heardMs),
      nowMs: clock.nowMs(),
      takenBy,
    });

  /** In order of each account: a batch ends before an account comes a second time, and the next waits for it. */
  const pump = async () => {
    if (pumping) return;
    pumping = true;
    while (pending.length > 0 && !closed) {
      const batch = batchOf(pending);
      const taken = await Promise.allSettled(batch.map((event) => take(event)));
      const failed = batch.filter((_, at) => taken[at]?.status === 'rejected');
      pending.splice(0, batch.length, ...failed);
      if (failed.length > 0) await retryTime();
    }
    pumping = false;
  };

  const retryTime = () =>
    new Promise<void>((resolve) => {
      cancelRetry = clock.after(retryMs, resolve);
    });

  return {
    set(devices) {
      const kept = new Set<string>();
      for (const device of devices) {
        kept.add(device.account);
        put(device);
      }
      for (const account of [...machine.accounts()]) if (!kept.has(account)) remove(account);
    },
    put,
    remove,
    restore({ heard, events }) {
      const nowMs = clock.nowMs();
      const monotonicMs = clock.monotonicMs();
      const lost = new Set<string>();
      const told = new Set<string>();
      for (const event of events) {
        if (!formats.has(event.account)) noteFormat(event);
        if (event.kind !== 'supervision' || told.has(event.account)) continue;
        told.add(event.account);
        if (event.content.qualifier === 'new') lost.add(event.account);
      }
      for (const { account, heardMs } of heard) {
        machine.restore(account, monotonicMs - Math.max(0, nowMs - heardMs), lost.delete(account));
      }
      for (const account of lost) machine.restore(account, null, true);
      toldChanges += 1;
    },
    heard: (account) => machine.heard(account, clock.monotonicMs()),
    heardEarlier(account, ageMs) {
      const nowMs = clock.monotonicMs();
      machine.heardEarlier(account, nowMs - ageMs, nowMs);
    },
    heardSince: (sinceMs) => machine.heardSince(sinceMs),
    toldLost: () => machine.toldLost(),
    toldChanges: () => toldChanges,
    adopt(toldLost) {
      machine.adopt(toldLost, clock.monotonicMs());
      toldChanges += 1;
    },
    noteFormat,
    work() {
      if (working || closed) return;
      working = true;
      machine.begin(clock.monotonicMs());
      sweep();
    },
    rest() {
      working = false;
      cancelSweep();
    },
    watchOf(account) {
      const found = machine.watchOf(account);
      if (found === null) return null;
      return { watch: found.watch, heardMs: found.heardMs === null ? null : utcOf(found.heardMs) };
    },
    counts: () => machine.counts(),
    close() {
      closed = true;
      working = false;
      cancelSweep();
      cancelRetry();
    },
  };
}

function batchOf(pending: readonly AlarmEvent[]): AlarmEvent[] {
  const accounts = new Set<string>();
  const batch: AlarmEvent[] = [];
  for (const event of pending) {
    if (batch.length >= takeAtOnceMax || accounts.has(event.account)) break;
    accounts.add(event.account);
    batch.push(event);
  }
  return batch;
}

/** One journal entry a sweep and kind: a dead line takes a thousand devices with it. */
function tellOf(found: readonly Transition[], onEvent: (event: JournalEvent) => void): void {
  for (const kind of ['lost', 'restored'] as const) {
    const accounts = found.filter((each) => each.kind === kind).map(({ account }) => account);
    const [first] = accounts;
    if (first === undefined) continue;
    const named = accounts.slice(0, namedMax).join(', ');
    const more = accounts.length > namedMax ? ` and ${accounts.length - namedMax} more` : '';
    const what = kind === 'lost' ? 'not heard within their interval' : 'heard again';
    onEvent({
      level: kind === 'lost' ? 'warning' : 'info',
      event: kind === 'lost' ? 'alarm.device-lost' : 'alarm.device-back',
      subject: accounts.length === 1 ? first : `${accounts.length} devices`,
      text: `${accounts.length === 1 ? 'device' : 'devices'} ${named}${more}: ${what}`,
    });
  }
}
