/** Tells the group whom this receiver heard while another answers for the devices, and whom it told as lost itself. */
import { toAppError } from '../../../../src/errors.ts';
import type { Cancel, Clock } from '../../../adapters/clock.ts';
import type { Supervision } from '../supervision.ts';
import { ageSecondsMax, type Digest } from './codec.ts';
import type { DigestStore } from './store.ts';

const turnMs = 1_000;
const heardEveryMs = 10_000;
/** What was heard so long before the last digest is told once more: the reader may have missed that one. */
const overlapMs = 30_000;

export interface DigestPublisherOptions {
  readonly clock: Clock;
  readonly selfId: string;
  readonly store: DigestStore;
  readonly supervision: Pick<Supervision, 'heardSince' | 'toldLost' | 'toldChanges' | 'adopt'>;
}

export class DigestPublisher {
  readonly #options: DigestPublisherOptions;
  /** Of the one in the store; null before it was looked at. */
  #version: number | null = null;
  /** Under which it last told devices as lost. */
  #epoch = 0;
  #working = false;
  #told: { readonly changes: number; readonly epoch: number } = { changes: 0, epoch: 0 };
  #publishedMs: number;
  #loading: Promise<void> | null = null;
  #publishing: Promise<void> = Promise.resolve();
  #cancel: Cancel = () => {};
  #closed = false;

  constructor(options: DigestPublisherOptions) {
    this.#options = options;
    this.#publishedMs = options.clock.monotonicMs();
    this.#told = { changes: options.supervision.toldChanges(), epoch: 0 };
  }

  get epoch(): number {
    return this.#epoch;
  }

  start(): void {
    this.#closed = false;
    this.#later();
  }

  /** What an earlier run of this receiver told is told by this one, too. @throws AppError as the store does. */
  load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  works(epoch: number): void {
    this.#working = true;
    this.#epoch = epoch;
  }

  /** What it heard until here does not matter to the next one, who gives each device a whole interval. */
  rests(): void {
    if (this.#working) this.#publishedMs = this.#options.clock.monotonicMs();
    this.#working = false;
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#publishing;
  }

  #later(): void {
    this.#cancel = this.#options.clock.after(turnMs, () => {
      this.#publishing = this.#turn().then(() => {
        if (!this.#closed) this.#later();
      });
    });
  }

  async #turn(): Promise<void> {
    try {
      await this.load();
      if (!this.#closed && this.#isDue()) await this.#publish();
    } catch (error) {
      // The store is away, which the group tells: the next digest has everything since the last one that arrived. Somebody
      // else's digest under this name has a version that must be looked at first.
      if (toAppError(error).code === 'conflict') this.#version = null;
    }
  }

  async #load(): Promise<void> {
    if (this.#version !== null) return;
    const { store, selfId, supervision } = this.#options;
    const { version, digest } = await store.read(selfId, null);
    if (digest !== null && digest.epoch > this.#epoch) {
      this.#epoch = digest.epoch;
      supervision.adopt(new Set([...digest.lost, ...supervision.toldLost()]));
    }
    this.#version = version;
  }

  #isDue(): boolean {
    const { clock, supervision } = this.#options;
    const { changes, epoch } = this.#told;
    if (supervision.toldChanges() !== changes || this.#epoch !== epoch) return true;
    if (this.#working || clock.monotonicMs() - this.#publishedMs < heardEveryMs) return false;
    const [one] = supervision.heardSince(this.#publishedMs);
    return one !== undefined;
  }

  async #publish(): Promise<void> {
    const { clock, supervision, store, selfId } = this.#options;
    const nowMs = clock.monotonicMs();
    const told = { changes: supervision.toldChanges(), epoch: this.#epoch };
    const heard = this.#working ? new Map<number, string[]>() : this.#heard(nowMs);
    const digest: Digest = { epoch: this.#epoch, heard, lost: supervision.toldLost() };
    const version = (this.#version ?? 0) + 1;
    await store.publish(selfId, version, digest);
    this.#version = version;
    this.#told = told;
    this.#publishedMs = nowMs;
  }

  #heard(nowMs: number): Map<number, string[]> {
    const byAge = new Map<number, string[]>();
    for (const { account, heardMs } of this.#options.supervision.heardSince(this.#publishedMs - overlapMs)) {
      const age = Math.min(ageSecondsMax, Math.max(0, Math.ceil((nowMs - heardMs) / 1_000)));
      const same = byAge.get(age);
      if (same === undefined) byAge.set(age, [account]);
      else same.push(account);
    }
    return byAge;
  }
}
