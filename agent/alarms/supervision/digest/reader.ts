/** Follows what the other members tell, while this one answers for the devices. */
import type { Cancel, Clock } from '../../../adapters/clock.ts';
import type { Supervision } from '../supervision.ts';
import type { Digest } from './codec.ts';
import type { DigestStore } from './store.ts';

const lookMs = 5_000;
/** At the start: so often the store is asked for what it did not give. Then work begins without it. */
const triesMax = 5;
const retryMs = 1_000;

export interface DigestReaderOptions {
  readonly clock: Clock;
  /** The other members' ids. */
  readonly others: () => readonly string[];
  readonly store: DigestStore;
  readonly supervision: Pick<Supervision, 'heardEarlier'>;
}

export class DigestReader {
  readonly #options: DigestReaderOptions;
  /** Version of each member that is known; what was published before the first look is of unknown age. */
  readonly #seen = new Map<string, number>();
  #cancel: Cancel = () => {};
  #closed = false;

  constructor(options: DigestReaderOptions) {
    this.#options = options;
  }

  /** What the others have told so far: of whom they heard the age is not known any more, whom they told as lost is. */
  async first(): Promise<readonly Digest[]> {
    const found: Digest[] = [];
    for (let tries = 1; !this.#closed; tries += 1) {
      const missing = this.#options.others().filter((id) => !this.#seen.has(id));
      const digests = await Promise.all(missing.map((id) => this.#look(id)));
      found.push(...digests.filter((digest) => digest !== null));
      if (missing.every((id) => this.#seen.has(id)) || tries >= triesMax) break;
      await this.#wait(retryMs);
    }
    return found;
  }

  /** Call it after `first`. */
  follow(): void {
    if (!this.#closed) this.#cancel = this.#options.clock.after(lookMs, () => void this.#turn());
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  async #turn(): Promise<void> {
    await Promise.all(
      this.#options.others().map(async (id) => {
        const known = this.#seen.has(id);
        const digest = await this.#look(id);
        if (digest !== null && known && !this.#closed) this.#hear(digest);
      }),
    );
    this.follow();
  }

  /** Null: nothing new, or the store did not answer and is asked again. */
  async #look(id: string): Promise<Digest | null> {
    try {
      const { version, digest } = await this.#options.store.read(id, this.#seen.get(id) ?? null);
      this.#seen.set(id, version);
      return digest;
    } catch {
      return null;
    }
  }

  /** It was published since the last look: the ages are those of now, less some seconds. */
  #hear({ heard }: Digest): void {
    for (const [ageSeconds, accounts] of heard) {
      for (const account of accounts) this.#options.supervision.heardEarlier(account, ageSeconds * 1_000);
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(ms, resolve);
    });
  }
}
