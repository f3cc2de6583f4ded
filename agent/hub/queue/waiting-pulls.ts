/** Pulls that found nothing and wait: answered as soon as something comes, refused when another epoch takes the queue. */
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { StoredAlarm } from './rows.ts';

const waitingPerAccountMax = 16;

interface Waiting {
  readonly account: string;
  readonly epoch: number;
  look(): StoredAlarm[];
  settle(events: StoredAlarm[] | AppError): void;
}

export interface WaitingPulls {
  /** Looks again with `look` when woken. Resolves with nothing when the time is over or the asker is gone. */
  wait(options: {
    account: string;
    epoch: number;
    waitMs: number;
    signal: AbortSignal;
    look(): StoredAlarm[];
  }): Promise<StoredAlarm[]>;
  /** Something came for the account. */
  wake(account: string): void;
  /** Those of other epochs are refused with `error`. */
  refuse(account: string, exceptEpoch: number | null, error: AppError): void;
  close(): void;
}

export function createWaitingPulls(clock: Clock): WaitingPulls {
  const waiting = new Set<Waiting>();
  const of = (account: string) => [...waiting].filter((each) => each.account === account);
  return {
    wait({ account, epoch, waitMs, signal, look }) {
      if (of(account).length >= waitingPerAccountMax) {
        return Promise.reject(
          new AppError('unavailable', `${waitingPerAccountMax} requests wait for alarms already`, {
            hint: 'Only the working receiver asks for alarms; see who else uses the account.',
          }),
        );
      }
      return new Promise((resolve, reject) => {
        const settle = (outcome: StoredAlarm[] | AppError) => {
          waiting.delete(entry);
          cancel();
          signal.removeEventListener('abort', onGone);
          if (outcome instanceof AppError) reject(outcome);
          else resolve(outcome);
        };
        const entry: Waiting = { account, epoch, look, settle };
        const onGone = () => settle([]);
        const cancel = clock.after(waitMs, onGone);
        signal.addEventListener('abort', onGone, { once: true });
        waiting.add(entry);
      });
    },
    wake(account) {
      for (const entry of of(account)) {
        const events = entry.look();
        if (events.length > 0) entry.settle(events);
      }
    },
    refuse(account, exceptEpoch, error) {
      for (const entry of of(account)) if (entry.epoch !== exceptEpoch) entry.settle(error);
    },
    close() {
      for (const entry of [...waiting]) entry.settle([]);
    },
  };
}
