/** Digests in the group's store: sealed between the members, bounded in size and time, and only ever a newer one over an older. */
import { toAppError } from '../../../../src/errors.ts';
import type { Clock } from '../../../adapters/clock.ts';
import type { BackupSealer } from '../../../spare/backup/seal.ts';
import type { BackupStore } from '../../../spare/types.ts';
import { createDeadline } from '../../../standby/lease/deadline.ts';
import { type Digest, decodeDigest, digestName, encodeDigest } from './codec.ts';

const timeoutMs = 5_000;
/** Of a digest that is not even fetched. */
const bytesMax = 4 * 1024 * 1024;

export interface DigestStoreOptions {
  readonly clock: Clock;
  /** Asked each time, as the group may open its store anew. */
  readonly backups: () => BackupStore;
  readonly sealer: BackupSealer;
}

export interface FoundDigest {
  /** 0: there is none. */
  readonly version: number;
  /** Null when there is none, it cannot be understood, or it is the one of the version that is known. */
  readonly digest: Digest | null;
}

export class DigestStore {
  readonly #options: DigestStoreOptions;

  constructor(options: DigestStoreOptions) {
    this.#options = options;
  }

  /** The body is fetched when its version is another than `known`. @throws AppError as the store does. */
  read(memberId: string, known: number | null): Promise<FoundDigest> {
    return this.#inTime(async (backups) => {
      const name = digestName(memberId);
      const head = await backups.head(name);
      if (head === null) return { version: 0, digest: null };
      if (head.version === known || head.bytes > bytesMax) return { version: head.version, digest: null };
      const stored = await backups.get(name);
      if (stored === null) return { version: 0, digest: null };
      return { version: stored.backup.version, digest: await this.#open(name, stored) };
    });
  }

  /** @throws AppError `conflict` when one of the same or a higher version is there. */
  async publish(memberId: string, version: number, digest: Digest): Promise<void> {
    const { sealer, clock } = this.#options;
    const name = digestName(memberId);
    const sealed = await sealer.seal(Buffer.from(encodeDigest(digest)), { name, version });
    await this.#inTime((backups) => backups.put(name, version, sealed, Math.round(clock.nowMs())));
  }

  async #open(
    name: string,
    { backup: { version }, body }: { backup: { version: number }; body: Uint8Array },
  ): Promise<Digest | null> {
    try {
      const opened = await this.#options.sealer.open(body, { name, version });
      return decodeDigest(Buffer.from(opened).toString());
    } catch (error) {
      if (toAppError(error).code === 'unauthorized') return null;
      throw error;
    }
  }

  #inTime<T>(step: (backups: BackupStore) => Promise<T>): Promise<T> {
    const { clock, backups } = this.#options;
    return createDeadline(clock, timeoutMs, "the group's store").within(step(backups()));
  }
}
