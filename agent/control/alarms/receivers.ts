/** Alarms on this node as control sees them: keeps the receiver process while it is wanted, and passes the API's calls on to it. */
import type { InferContractRouterOutputs } from '@orpc/contract';
import type {
  contract,
  GroupClearing,
  GroupStatus,
  ReceiverSettings,
  ReceiverStatus,
} from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { maskAddresses } from '../../../src/model/secrets.ts';
import type { Settings } from '../../../src/settings/schema.ts';
import type { Clock } from '../../adapters/clock.ts';
import { groupEndedEvent, type ReceiverConfig } from '../../alarms/protocol/schema.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Sealer } from '../../settings/seal.ts';
import type { SettingsStore } from '../../settings/store.ts';
import type { EventMessage } from '../supervision/protocol.ts';
import type { ProcessPorts } from '../supervision/supervisor.ts';
import { blankGroup, blankReceiver } from './blank.ts';
import type { AlarmFacts } from './concerns.ts';
import { type GroupAccount, openGroup, sealGroup } from './group-settings.ts';
import { createReceiverSupervisor, type ReceiverSupervisor, shownState } from './receiver-supervisor.ts';

type Outputs = InferContractRouterOutputs<Pick<typeof contract, 'alarm' | 'device' | 'group'>>;
/** `alarm.list`, `device.add`… */
type Procedure = {
  [Noun in keyof Outputs]: `${Noun}.${keyof Outputs[Noun] & string}`;
}[keyof Outputs];
type OutputOf<P extends Procedure> = P extends `${infer Noun extends keyof Outputs}.${infer Name}`
  ? Name extends keyof Outputs[Noun]
    ? Outputs[Noun][Name]
    : never
  : never;

export interface ReceiversOptions {
  settings: SettingsStore;
  sealer: Sealer;
  journal: Journal;
  clock: Clock;
  version: string;
  receiver: ProcessPorts;
  /** Something that the Home page shows has changed. */
  onChange: () => void;
  onUnexpected: (thrown: unknown, where: string) => void;
}

/** Fields that are left out stay as they are. */
type ReceiverChange = { [Key in keyof ReceiverSettings]?: ReceiverSettings[Key] | undefined };

/** A status older than this says nothing of now. */
const staleAfterMs = 5_000;
/** Watchers of events at the same time, all of them woken by one status. */
const watchersMax = 256;

export class Receivers {
  readonly #options: ReceiversOptions;
  readonly #watchers = new Set<() => void>();
  #supervisor: ReceiverSupervisor | null = null;
  #turn: Promise<void> = Promise.resolve();
  #shown = '';
  #unknown = 0;
  #lastUnknownMs: number | null = null;

  constructor(options: ReceiversOptions) {
    this.#options = options;
  }

  /** Begins where the settings left off. */
  start(): void {
    if (wanted(this.#options.settings.current())) this.#run();
  }

  /** The receiver finishes what is acknowledged, hands over, and ends. */
  async stop(): Promise<void> {
    await this.#turn;
    await this.#end();
  }

  /**
   * One procedure of the contract as the receiver process answers it; the API checks what comes back.
   * @throws AppError as it answered; `unavailable` when none runs here.
   */
  async call<P extends Procedure>(procedure: P, input: unknown, user: string | null): Promise<OutputOf<P>> {
    const reply = await this.mustRun().request({ method: 'call', procedure, input: input ?? null, user });
    return reply.output as OutputOf<P>;
  }

  /** @throws AppError `unavailable` when nobody wants a receiver here. */
  mustRun(): ReceiverSupervisor {
    if (this.#supervisor) return this.#supervisor;
    throw new AppError('unavailable', 'this node receives no alarms', {
      hint: 'Enable the receiver: holdfast alarm settings --enable, or join a group: holdfast group connect.',
    });
  }

  status(): ReceiverStatus {
    const { settings } = this.#options;
    const live = this.#live();
    return live ? live.receiver : blankReceiver(settings.current(), this.#absence());
  }

  group(): GroupStatus {
    const { settings } = this.#options;
    const live = this.#live();
    return live ? live.group : blankGroup(settings.current(), this.#absence());
  }

  /** For the Home page. */
  facts(): Omit<AlarmFacts, 'nowMs'> {
    return {
      receiver: this.status(),
      group: this.group(),
      keepsWithoutOutput: this.settings().keepWithoutOutput,
      lastUnknownMs: this.#lastUnknownMs,
    };
  }

  settings(): ReceiverSettings {
    return this.#options.settings.current().receiver;
  }

  async configure(change: ReceiverChange): Promise<ReceiverSettings> {
    await this.#options.settings.update((draft) => {
      const given = Object.entries(change).filter(([, value]) => value !== undefined);
      Object.assign(draft.receiver, Object.fromEntries(given));
    });
    await this.#follow();
    return this.settings();
  }

  /** Joins through the process, which tries the store; the settings keep the account once it is a member. */
  async connect(
    input: GroupAccount & { replaceOwn: boolean },
    user: string | null,
  ): Promise<OutputOf<'group.connect'>> {
    const { settings, sealer } = this.#options;
    const present = settings.current().group;
    if (present) {
      throw new AppError('conflict', `this receiver belongs to the group ${present.arcId}`, {
        hint: 'Leave it first: holdfast group disable. It says what that clears.',
      });
    }
    this.#run();
    try {
      const joined = await this.call('group.connect', input, user);
      await settings.update((draft) => {
        draft.group = sealGroup(input, sealer);
      });
      return joined;
    } finally {
      await this.#follow();
    }
  }

  /** Leaves through the process, then forgets the account. */
  async disable(
    input: { dryRun: boolean; confirm?: string | undefined },
    user: string | null,
  ): Promise<GroupClearing> {
    const { group } = this.#options.settings.current();
    if (!group) {
      throw new AppError('not_found', 'this receiver is in no group', {
        hint: 'holdfast group status says so',
      });
    }
    if (!input.dryRun && input.confirm !== group.arcId) {
      throw new AppError('invalid_input', 'this leaves the group: confirm with its ARC ID', {
        hint: `Give confirm: ${group.arcId}. A dry run says what is cleared.`,
      });
    }
    const cleared = await this.call('group.disable', input, user);
    if (cleared.done) await this.#forgetGroup();
    return cleared;
  }

  /** Resolves with the next word of the receiver process, after `limitMs` at the latest, or when `signal` aborts. */
  nextStatus(limitMs: number, signal: AbortSignal): Promise<void> {
    if (this.#watchers.size >= watchersMax) {
      return Promise.reject(
        new AppError('unavailable', 'too many consoles watch the events', { hint: 'Close some of them.' }),
      );
    }
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        this.#watchers.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#options.clock.after(limitMs, done);
      this.#watchers.add(done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  #live() {
    const last = this.#supervisor?.phase === 'running' ? this.#supervisor.status() : null;
    return last && last.ageMs <= staleAfterMs ? last.status : null;
  }

  #absence(): string | null {
    if (!this.#supervisor) return null;
    const { phase, restarts } = this.#supervisor;
    const starting = restarts === 0 && phase !== 'waiting' && this.#supervisor.status() === null;
    return starting
      ? 'the alarm receiver is starting'
      : 'the alarm receiver process does not answer; it is being restarted';
  }

  #run(): void {
    if (this.#supervisor) return;
    const { clock, receiver } = this.#options;
    this.#supervisor = createReceiverSupervisor({
      ...receiver,
      clock,
      config: () => this.#config(),
      onEvent: (event) => this.#take(event),
      onChange: () => this.#changed(),
    });
    this.#supervisor.start();
  }

  async #end(): Promise<void> {
    const supervisor = this.#supervisor;
    this.#supervisor = null;
    await supervisor?.stop();
    this.#changed();
  }

  /** Starts, configures or ends the process as the settings are now; one change after the other. */
  #follow(): Promise<void> {
    const done = this.#turn.then(async () => {
      if (!wanted(this.#options.settings.current())) await this.#end();
      else if (this.#supervisor?.phase === 'running') await this.#supervisor.configure();
      else this.#run();
    });
    this.#turn = done.catch(() => {});
    return done;
  }

  async #forgetGroup(): Promise<void> {
    await this.#options.settings.update((draft) => {
      draft.group = null;
    });
    await this.#follow();
  }

  #config(): ReceiverConfig {
    const { settings, sealer, version } = this.#options;
    const { node, receiver, group } = settings.current();
    return { nodeId: node.id, nodeName: node.name, version, ...receiver, group: openGroup(group, sealer) };
  }

  #take({ timeMs, level, event, subject, text, details }: Omit<EventMessage, 'kind'>): void {
    const { journal, settings, onUnexpected } = this.#options;
    journal.append({
      type: 'event',
      timeMs,
      level,
      event: event.slice(0, 64),
      subject,
      text: maskAddresses(text),
      ...(details === undefined ? {} : { details }),
    });
    // The host has ended the group, or removed this member: it keeps no account of it.
    if (event === groupEndedEvent && settings.current().group?.arcId === subject) {
      void this.#forgetGroup().catch((error: unknown) => onUnexpected(error, 'end of the group'));
    }
    this.#options.onChange();
  }

  #changed(): void {
    for (const wake of [...this.#watchers]) wake();
    const last = this.#supervisor?.status()?.status;
    const unknown = last?.receiver.counts.unknownAccounts ?? 0;
    if (unknown > this.#unknown) this.#lastUnknownMs = this.#options.clock.nowMs();
    this.#unknown = unknown;
    const shown = `${this.#supervisor?.phase} ${last ? shownState(last) : ''}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#options.onChange();
  }
}

function wanted({ receiver, group }: Settings): boolean {
  return receiver.enabled || group !== null;
}
