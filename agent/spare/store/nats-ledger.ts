/** Keeps a queue's ledger on NATS: the compare-and-set of the leases fences it, so that only the epoch that has the queue settles. */
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import { createDeadline } from '../../standby/lease/deadline.ts';
import type { LeaseDriver } from '../../standby/lease/driver.ts';
import { formatRevision, type Revision } from '../../standby/lease/revision.ts';
import { wentBack } from '../../standby/lease/watched-store.ts';
import { decodeLedger, emptyLedger, encodeLedger, type Ledger } from './ledger/codec.ts';

const callTimeoutMs = 5_000;
/** Two receivers write at once only while one takes over from the other. */
const triesMax = 5;

interface Kept {
  ledger: Ledger;
  revision: Revision | null;
}

export interface NatsLedger {
  /** The latest. @throws AppError `data_loss` when NATS went back behind what this client saw. */
  read(): Promise<Ledger>;
  /**
   * Writes what `change` makes of the one that was last seen; asks it again when another write came first. Returns what is
   * stored then. What `change` throws is thrown. `fresh`: it is read first, since an unchanged one is not written.
   */
  update(change: (ledger: Ledger) => Ledger, options?: { fresh: boolean }): Promise<Ledger>;
  close(): Promise<void>;
}

export function openNatsLedger(driver: LeaseDriver, clock: Clock): NatsLedger {
  let seen: Revision | null = null;
  /** As this client last saw or wrote it; null when it must be read first. */
  let kept: Kept | null = null;
  const deadline = () => createDeadline(clock, callTimeoutMs, 'NATS');

  const read = async (): Promise<Kept> => {
    const before = seen;
    const within = deadline();
    const stored = await within.within(driver.read(before, within));
    const revision = stored?.revision ?? null;
    if (before && (revision?.lineage !== before.lineage || revision.number < before.number)) {
      throw wentBack('NATS', { seen: formatRevision(before), found: revision && formatRevision(revision) });
    }
    if (revision && (seen === null || revision.number >= seen.number)) seen = revision;
    const found = { ledger: stored ? decodeLedger(stored.text) : emptyLedger, revision };
    // A write that was confirmed while this was read is newer.
    if (!kept?.revision || (revision && revision.number >= kept.revision.number)) kept = found;
    return found;
  };
  const write = async ({ revision }: Kept, ledger: Ledger) => {
    const within = deadline();
    const options = { byHolder: true, deadline: within };
    seen = await within.within(driver.write(revision, encodeLedger(ledger), options));
    kept = { ledger, revision: seen };
  };

  return {
    read: async () => (await read()).ledger,
    async update(change, { fresh } = { fresh: false }) {
      for (let tries = 1; ; tries += 1) {
        const current: Kept = fresh || !kept ? await read() : kept;
        const next = change(current.ledger);
        if (next === current.ledger) return next;
        try {
          await write(current, next);
          return next;
        } catch (error) {
          // Whatever went wrong, it may have been written: the next step looks.
          kept = null;
          if (!(error instanceof AppError) || error.code !== 'conflict' || tries >= triesMax) throw error;
        }
      }
    },
    close: () => driver.close(),
  };
}
