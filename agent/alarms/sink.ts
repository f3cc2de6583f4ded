/** Where events go when they come in: on the disk of this node and, in a group, into its queue. Resolves when they are safe. */
import type { GroupShare } from './group-share.ts';
import type { AlarmStore } from './store/types.ts';
import type { AlarmEvent, IntakeSink } from './types.ts';

export interface SinkOptions {
  readonly store: Pick<AlarmStore, 'record' | 'heard'>;
  /** Null for a receiver alone. */
  share(): GroupShare | null;
  /** It is safe. */
  onTaken(event: AlarmEvent): void;
  /** Any message of an account. */
  heard(account: string, nowMs: number): void;
}

/**
 * One copy is enough to acknowledge: the local one, or, when this disk refuses, the one in the queue of the group. With
 * neither it rejects, and the device sends again.
 */
export function createSink({ store, share, onTaken, heard }: SinkOptions): IntakeSink {
  return {
    async take(event: AlarmEvent) {
      const stored = store.record(event);
      const group = event.forward ? share() : null;
      const shared = group === null ? Promise.resolve(false) : group.share(event, stored);
      const [here, there] = await Promise.allSettled([stored, shared]);
      if (here.status === 'rejected' && !(there.status === 'fulfilled' && there.value)) throw here.reason;
      onTaken(event);
    },
    heard(account, nowMs) {
      store.heard(account, nowMs);
      heard(account, nowMs);
    },
  };
}
