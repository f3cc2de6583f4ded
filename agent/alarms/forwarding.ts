/** The forwarder of this receiver: on its own queue while it is alone, on the group's while the group says so. */
import type { AlarmOutput, OutputStatus } from '../../src/contract/index.ts';
import type { Clock } from '../adapters/clock.ts';
import type { ForwardHooks } from '../spare/group/ports.ts';
import { createForwarder, type Forwarder } from './forward/forwarder.ts';
import type { ForwardNote } from './forward/notes.ts';
import { historyQueue } from './history-queue.ts';
import type { AlarmStore } from './store/types.ts';
import type { AlarmEvent, AlarmQueue, ArcOutput } from './types.ts';

/** Nobody else opens the local queue. */
const ownEpoch = 1;

export interface ForwardingOptions {
  readonly clock: Clock;
  readonly store: Pick<AlarmStore, 'queue' | 'absorb'>;
  readonly openOutput: (config: AlarmOutput) => ArcOutput;
  readonly onNote: (note: ForwardNote) => void;
  /** It forwards under this epoch, or, with null, does not any more: whoever forwards answers for the devices too. */
  readonly onWork: (epoch: number | null) => void;
  /** An event of the group's queue came by. False: it is to be kept, and not forwarded. */
  readonly onPassing: (event: AlarmEvent) => boolean;
  /** The queue was opened by another. */
  readonly onFenced: () => void;
  readonly onChange: () => void;
}

export interface ForwardingStatus {
  readonly works: boolean;
  readonly outputs: readonly OutputStatus[];
  /** With the queue. */
  readonly problem: string | null;
}

export class Forwarding implements ForwardHooks {
  readonly #options: ForwardingOptions;
  readonly #forwarder: Forwarder;
  #outputs = new Map<string, { readonly text: string; readonly output: ArcOutput }>();
  #configs: readonly AlarmOutput[] = [];
  #acknowledged = 0;

  constructor(options: ForwardingOptions) {
    this.#options = options;
    this.#forwarder = createForwarder({
      clock: options.clock,
      onSettled: (_event, { outcome }) => {
        if (outcome === 'acknowledged') this.#acknowledged += 1;
      },
      onNote: options.onNote,
      onFenced: options.onFenced,
    });
  }

  /** By the ARC, since the process began. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** In order of preference; connections whose settings did not change are kept. */
  setOutputs(configs: readonly AlarmOutput[]): void {
    const next = new Map<string, { text: string; output: ArcOutput }>();
    for (const config of configs.filter(({ enabled }) => enabled)) {
      const text = JSON.stringify(config);
      const present = this.#outputs.get(config.id);
      const kept = present?.text === text ? present : { text, output: this.#options.openOutput(config) };
      next.set(config.id, kept);
    }
    this.#outputs = next;
    this.#configs = configs;
    this.#forwarder.setOutputs([...next.values()].map(({ output }) => output));
    this.#options.onChange();
  }

  /** Alone: nobody can take the work away. */
  workAlone(): void {
    if (this.#forwarder.status().running) return;
    this.#forwarder.start(this.#options.store.queue, ownEpoch);
    this.#forwarder.setDeadline(Number.POSITIVE_INFINITY);
    this.#tell(ownEpoch);
  }

  work({ epoch, rightUntilMs, queue }: Parameters<ForwardHooks['work']>[0]): void {
    const { store, onPassing } = this.#options;
    this.#forwarder.setDeadline(rightUntilMs);
    this.#forwarder.start(this.#history(queue, store, onPassing), epoch);
    this.#tell(epoch);
  }

  extend(rightUntilMs: number): void {
    this.#forwarder.setDeadline(rightUntilMs);
  }

  async drain(limitMs: number): Promise<void> {
    await this.#forwarder.drain(limitMs);
  }

  async rest(): Promise<void> {
    await this.#forwarder.stop();
    this.#tell(null);
  }

  status(): ForwardingStatus {
    const { running, outputs, problem } = this.#forwarder.status();
    const shown = this.#configs.map(
      (config) =>
        outputs.find(({ id }) => id === config.id) ?? {
          id: config.id,
          name: config.name,
          state: 'disabled' as const,
          active: false,
          acknowledged: 0,
          failedAttempts: 0,
          lastAckMs: null,
          roundTripMs: null,
          problem: null,
        },
    );
    return { works: running, outputs: shown, problem };
  }

  async close(): Promise<void> {
    await this.#forwarder.close();
    this.#outputs.clear();
  }

  #history(
    queue: AlarmQueue,
    store: ForwardingOptions['store'],
    onPassing: ForwardingOptions['onPassing'],
  ): AlarmQueue {
    return historyQueue({
      queue,
      clock: this.#options.clock,
      absorb: (items) => store.absorb(items),
      onPassing,
    });
  }

  #tell(epoch: number | null): void {
    this.#options.onWork(epoch);
    this.#options.onChange();
  }
}
