/**
 * Supervision in a group: whoever works answers for devices that report to any member, and goes on from what the one before
 * told of them, so that none is lost only because it dialled a spare, and each that was told as lost is told as back.
 */
import type { Clock } from '../../adapters/clock.ts';
import type { BackupSealer } from '../../spare/backup/seal.ts';
import type { BackupStore } from '../../spare/types.ts';
import { DigestPublisher } from './digest/publisher.ts';
import { DigestReader } from './digest/reader.ts';
import { DigestStore } from './digest/store.ts';
import type { Supervision } from './supervision.ts';

/** What a device said at another member is known here so much later: 10 s until it is told, 5 s until it is read, and the way. */
export const groupGraceMs = 20_000;

export interface GroupSupervisionOptions {
  readonly clock: Clock;
  readonly selfId: string;
  /** The other members' ids. */
  readonly others: () => readonly string[];
  /** Asked each time, as the group may open its store anew. */
  readonly backups: () => BackupStore;
  readonly sealer: BackupSealer;
  readonly supervision: Supervision;
}

export class GroupSupervision {
  readonly #options: GroupSupervisionOptions;
  readonly #store: DigestStore;
  readonly #publisher: DigestPublisher;
  #reader: DigestReader | null = null;

  constructor(options: GroupSupervisionOptions) {
    const { clock, selfId, backups, sealer, supervision } = options;
    this.#options = options;
    this.#store = new DigestStore({ clock, backups, sealer });
    this.#publisher = new DigestPublisher({ clock, selfId, supervision, store: this.#store });
  }

  start(): void {
    this.#publisher.start();
  }

  /** This receiver works from now on, under this epoch: it answers for the devices as soon as it knows what was told. */
  work(epoch: number): void {
    this.#reader?.close();
    const { clock, others, supervision } = this.#options;
    const reader = new DigestReader({ clock, others, supervision, store: this.#store });
    this.#reader = reader;
    void this.#begin(reader, epoch);
  }

  rest(): void {
    this.#reader?.close();
    this.#reader = null;
    this.#publisher.rests();
    this.#options.supervision.rest();
  }

  /** Tells nothing more until it is started again; resolves when nothing is under way. */
  quiet(): Promise<void> {
    return this.#publisher.close();
  }

  close(): Promise<void> {
    this.#reader?.close();
    this.#reader = null;
    return this.#publisher.close();
  }

  async #begin(reader: DigestReader, epoch: number): Promise<void> {
    const publisher = this.#publisher;
    // Without its own it knows what is in its memory and on its disk.
    const [told] = await Promise.all([reader.first(), publisher.load().catch(() => undefined)]);
    if (reader !== this.#reader) return;
    const { supervision } = this.#options;
    const [latest] = [...told].sort((one, other) => other.epoch - one.epoch);
    if (latest !== undefined && latest.epoch > publisher.epoch) supervision.adopt(new Set(latest.lost));
    publisher.works(epoch);
    supervision.work();
    reader.follow();
  }
}
