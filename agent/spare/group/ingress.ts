/** Tells the hub's ingress which accounts it serves: the host with each change, and whoever begins to work. */
import { toAppError } from '../../../src/errors.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import type { GroupStore } from '../types.ts';
import type { DirectoryHooks, GroupNote } from './ports.ts';

const retryMs = 5_000;
/** A store that comes and goes is not sent everything each time. */
const againMs = 5_000;

interface IngressOptions {
  readonly clock: Clock;
  readonly store: () => GroupStore;
  readonly directory: DirectoryHooks;
  readonly onNote: (note: GroupNote) => void;
}

export class IngressTeller {
  readonly #options: IngressOptions;
  #wanted: number | null = null;
  #job: Promise<void> | null = null;
  #cancel: Cancel = () => {};
  #failed = false;

  constructor(options: IngressOptions) {
    this.#options = options;
  }

  /** `version` is of the backup that the table belongs to. */
  publish(version: number): void {
    this.#wanted = version;
    this.#cancel();
    this.#job ??= this.#drain().finally(() => {
      this.#job = null;
    });
  }

  /** The store was away and may have lost the table. */
  publishAgain(version: number): void {
    if (this.#job) return;
    this.#cancel();
    this.#cancel = this.#options.clock.after(againMs, () => this.publish(version));
  }

  async close(): Promise<void> {
    this.#wanted = null;
    this.#cancel();
    await this.#job;
  }

  async #drain(): Promise<void> {
    while (this.#wanted !== null) {
      const version = this.#wanted;
      this.#wanted = null;
      const { store, directory, onNote, clock } = this.#options;
      try {
        await store().publishIngress({ version, accounts: directory.ingress() });
        this.#failed = false;
      } catch (error) {
        const text = `the ingress of the store does not know the devices yet: ${toAppError(error).message}`;
        if (!this.#failed) onNote({ level: 'warning', event: 'group.ingress-failed', text });
        this.#failed = true;
        if (this.#wanted === null) this.#cancel = clock.after(retryMs, () => this.publish(version));
        return;
      }
    }
  }
}
