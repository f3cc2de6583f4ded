/** The alarm receiver as one piece: intake, store, directory, supervision, forwarding and group, wired to each other. */
import { join } from 'node:path';
import type { GroupStatus, ReceiverStatus } from '../../src/contract/index.ts';
import type { AppError } from '../../src/errors.ts';
import type { Clock } from '../adapters/clock.ts';
import { createRateMeter } from '../recorder/rate-meter.ts';
import type { Sealer } from '../settings/seal.ts';
import { createCalls } from './calls.ts';
import { openDirectory } from './directory/directory.ts';
import type { Directory, DirectoryPart, LiveDevice } from './directory/types.ts';
import { openOutput } from './forward/open-output.ts';
import { Forwarding } from './forwarding.ts';
import type { JournalEvent } from './intake/teller.ts';
import { createListening, type Listening } from './listening.ts';
import { Membership } from './membership.ts';
import type { ReceiverConfig } from './protocol/schema.ts';
import { createSink } from './sink.ts';
import { openAlarmStore } from './store/store.ts';
import type { AlarmStore } from './store/types.ts';
import { groupGraceMs } from './supervision/group-supervision.ts';
import { createSupervision, type Supervision } from './supervision/supervision.ts';
import { type AlarmEvent, takenByIngress } from './types.ts';
import { withWayOn } from './way-on.ts';

export interface ReceiverOptions {
  readonly clock: Clock;
  /** Holds `alarms.db`, `devices.db` and `group.json`. */
  readonly dataDir: string;
  readonly sealer: Sealer;
  /** Of this node, as long as the process runs. */
  readonly nodeId: string;
  readonly tell: (event: JournalEvent) => void;
  /** Something that a person waits for has changed. */
  readonly onChange: () => void;
  /** The store cannot go on: end the process. */
  readonly onFatal: (error: AppError) => void;
}

export interface Receiver {
  configure(config: ReceiverConfig): Promise<void>;
  /** One procedure of the contract by name. @throws AppError as it does. */
  call(procedure: string, input: unknown, user: string | null): Promise<unknown>;
  /** `rssBytes` is the process's to fill in. */
  status(): ReceiverStatus;
  groupStatus(): GroupStatus;
  /** Finishes what is acknowledged, hands over, and closes all files. */
  close(): Promise<void>;
}

/** Of the events before the start, so many tell which devices were told as lost and which format each speaks. */
const pastEventsMax = 1_000;
const passingFreshMs = 5_000;

/** @throws AppError when a file cannot be opened. */
export async function openReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { clock, dataDir, onFatal } = options;
  const store = await openAlarmStore({ path: join(dataDir, 'alarms.db'), clock, onError: onFatal });
  try {
    const receiver = new RunningReceiver(options, store);
    await receiver.restorePast();
    return receiver;
  } catch (error) {
    // It is tried again with the next settings: no second writer beside this one.
    await store.close();
    throw error;
  }
}

class RunningReceiver implements Receiver {
  readonly call: Receiver['call'];
  readonly #options: ReceiverOptions;
  readonly #store: AlarmStore;
  readonly #directory: Directory;
  readonly #supervision: Supervision;
  readonly #forwarding: Forwarding;
  readonly #membership: Membership;
  readonly #listening: Listening;
  readonly #rate = createRateMeter();
  #config: ReceiverConfig | null = null;

  constructor(options: ReceiverOptions, store: AlarmStore) {
    const { clock, dataDir, nodeId, tell, onChange } = options;
    this.#options = options;
    this.#store = store;
    this.#directory = this.#openDirectory();
    this.#forwarding = this.#createForwarding();
    const sink = createSink({
      store,
      share: () => this.#membership.share(),
      heard: (account) => this.#supervision.heard(account),
      onTaken: (event) => {
        this.#rate.add(1, clock.monotonicMs());
        this.#supervision.noteFormat(event);
        onChange();
      },
    });
    this.#supervision = createSupervision({ clock, takenBy: nodeId, take: sink.take, onEvent: tell });
    this.#membership = new Membership({
      clock,
      dataDir,
      store,
      directory: this.#directory,
      forwarding: this.#forwarding,
      supervision: this.#supervision,
      facts: () => ({ ...this.#ability(), unshared: store.counts().waiting }),
      tell,
      onChange,
      onMember: () => this.#supervise(),
    });
    this.#listening = createListening(clock, {
      accounts: this.#directory,
      sink: withWayOn(sink, {
        isMember: () => this.#membership.share() !== null,
        hasOutput: () => this.#ability().ready,
        keeps: () => this.#config?.keepWithoutOutput === true,
      }),
      takenBy: nodeId,
      way: 'direct',
      categorise: (format, content) => this.#directory.categorise(format, content),
      onEvent: tell,
    });
    this.call = createCalls({
      store,
      directory: this.#directory,
      group: this.#membership,
      onResent: () => this.#membership.share()?.sweep(),
    });
    this.#follow('all');
  }

  async restorePast(): Promise<void> {
    const { alarms } = await this.#store.list({ unacknowledged: false, limit: pastEventsMax });
    this.#supervision.restore({
      heard: this.#store.heardSnapshot(),
      events: alarms.map(({ event }) => event),
    });
  }

  async configure(config: ReceiverConfig): Promise<void> {
    this.#config = config;
    const { enabled, listenHost, port, checkTime, forwardUnknown, nodeId: id, nodeName, version } = config;
    await this.#membership.configure({ id, name: nodeName, version }, config.group);
    await this.#listening.configure(enabled ? { listenHost, port, checkTime, forwardUnknown } : null);
    this.#options.onChange();
  }

  status(): ReceiverStatus {
    const counts = this.#store.counts();
    const intake = this.#listening.counts();
    const { works, outputs, problem } = this.#forwarding.status();
    const { online, lost } = this.#supervision.counts();
    const group = this.#membership.share() === null ? null : this.#membership.status();
    const { waiting, oldestMs } = counts;
    return {
      enabled: this.#config?.enabled ?? false,
      listen: this.#listening.address(),
      problem: this.#listening.problem() ?? problem,
      forwarding: works,
      queue:
        group === null
          ? { waiting, oldestMs, unshared: 0 }
          : { waiting: group.queue.waiting ?? 0, oldestMs: group.queue.oldestMs, unshared: waiting },
      counts: {
        received: counts.received,
        acknowledged: counts.acknowledged,
        duplicates: counts.duplicates,
        refusedFrames: intake?.refusedFrames ?? 0,
        unknownAccounts: intake?.unknownAccounts ?? 0,
        // The meter multiplies by eight, as it is made for bytes.
        eventsPerSecond: this.#rate.bitsPerSecond(this.#options.clock.monotonicMs()) / 8,
      },
      devices: works
        ? { total: this.#directory.devices(), online, lost }
        : { total: this.#directory.devices(), online: 0, lost: 0 },
      unacknowledged: counts.unacknowledged,
      lastNumber: counts.lastNumber,
      outputs: [...outputs],
      rssBytes: 0,
    };
  }

  groupStatus(): GroupStatus {
    return this.#membership.status();
  }

  async close(): Promise<void> {
    await this.#listening.close();
    this.#supervision.close();
    await this.#membership.close();
    await this.#forwarding.close();
    await this.#store.close();
    this.#directory.close();
  }

  #openDirectory(): Directory {
    const { dataDir, sealer, tell } = this.#options;
    return openDirectory({
      path: join(dataDir, 'devices.db'),
      sealer,
      live: (account) => this.#live(account),
      onChange: (part) => this.#follow(part),
      onError: (error) =>
        tell({ level: 'error', event: 'alarm.key-lost', subject: 'devices', text: error.message }),
    });
  }

  #createForwarding(): Forwarding {
    const { clock, tell, onChange } = this.#options;
    return new Forwarding({
      clock,
      store: this.#store,
      openOutput: (config) =>
        openOutput(config, {
          clock,
          convert: (event, to) => this.#directory.convert(event, to),
          onNote: tell,
        }),
      onNote: tell,
      onWork: (epoch) => this.#membership.answers(epoch),
      onPassing: (event) => {
        this.#hearPassing(event);
        return this.#isForwarded(event);
      },
      onFenced: () => this.#membership.fenced(),
      onChange,
    });
  }

  /** A device that reports to another member lives, too; one that waited in the queue for long may not. */
  #hearPassing(event: AlarmEvent): void {
    const { clock, nodeId } = this.#options;
    if (event.kind !== 'device' || event.takenBy === nodeId) return;
    this.#supervision.noteFormat(event);
    if (clock.nowMs() - event.receivedMs < passingFreshMs) this.#supervision.heard(event.account);
  }

  /** The hub's ingress leaves mappings and unknown accounts to the one that works. Who knows no devices judges none. */
  #isForwarded({ takenBy, kind, known, account, format, content }: AlarmEvent): boolean {
    if (takenBy !== takenByIngress || kind !== 'device' || this.#directory.devices() === 0) return true;
    if (!this.#directory.categorise(format, content).forward) return false;
    return known || this.#directory.find(account) !== null || this.#config?.forwardUnknown !== false;
  }

  /** The directory has changed. */
  #follow(part: DirectoryPart): void {
    if (part === 'outputs' || part === 'all') this.#forwarding.setOutputs(this.#directory.outputsWithKeys());
    if (part === 'devices' || part === 'all') this.#supervise();
    this.#membership.directoryChanged();
    this.#options.onChange();
  }

  #supervise(): void {
    const graceMs = this.#membership.share() === null ? 0 : groupGraceMs;
    this.#supervision.set(supervised(this.#directory, graceMs));
  }

  /** Whether it could forward. */
  #ability(): { ready: boolean; problem: string | null } {
    const ready = this.#forwarding.status().outputs.some(({ state }) => state !== 'disabled');
    return { ready, problem: ready ? this.#listening.problem() : 'it has no output to an ARC' };
  }

  #live(account: string): LiveDevice {
    const facts = this.#store.account(account);
    const seen = this.#supervision.watchOf(account);
    const heardMs = Math.max(facts?.lastHeardMs ?? 0, seen?.heardMs ?? 0);
    // Who does not forward does not judge: a device may report to another receiver of the group.
    const judged = this.#forwarding.status().works || seen?.watch === 'online';
    return {
      watch: judged ? (seen?.watch ?? null) : null,
      lastHeardMs: heardMs === 0 ? null : heardMs,
      alarms: facts?.alarms ?? 0,
      firstAlarmMs: facts?.firstAlarmMs ?? null,
      lastAlarmMs: facts?.lastAlarmMs ?? null,
      activatedMs: facts?.activatedMs ?? null,
    };
  }
}

/** Those with an interval that report here, be it as one of two ways. */
function* supervised(
  directory: Directory,
  graceMs: number,
): Iterable<{ account: string; intervalMs: number }> {
  for (const { account, enabled, mode, supervisionSeconds } of directory.heads()) {
    if (!enabled || mode === 'hub' || supervisionSeconds === null) continue;
    yield { account, intervalMs: supervisionSeconds * 1_000 + graceMs };
  }
}
