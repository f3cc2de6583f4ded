/** A store without workers in a folder of its own, with a wall clock that the test sets; reopens it as a restart would. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Clock, systemClock } from '../../../../agent/adapters/clock.ts';
import { startAnswering } from '../../../../agent/alarms/store/answering.ts';
import type { StoreRequest } from '../../../../agent/alarms/store/messages.ts';
import { openAlarmStoreOn } from '../../../../agent/alarms/store/store.ts';
import type { AlarmStore } from '../../../../agent/alarms/store/types.ts';
import type { AskStore } from '../../../../agent/alarms/store/worker-client.ts';
import { startMs } from './sample-events.ts';

export interface TestStore {
  store: AlarmStore;
  readonly path: string;
  nowMs: number;
  reopen(): Promise<AlarmStore>;
  /** With the store closed, runs `change` on its file, and opens it again. */
  tamper(change: (database: DatabaseSync) => void): Promise<AlarmStore>;
  remove(): Promise<void>;
}

export async function openTestStore(eventsMax = 1_000_000): Promise<TestStore> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-alarms-'));
  const path = join(folder, 'alarms.db');
  const clock: Clock = { ...systemClock, nowMs: () => test.nowMs };
  const onError = (error: Error) => {
    throw error;
  };
  const open = () =>
    openAlarmStoreOn(
      { path, clock, eventsMax, onError },
      { write: inThisThread(path, 'writer'), read: inThisThread(path, 'reader') },
    );
  const test: Omit<TestStore, 'store'> & { store: AlarmStore | null } = {
    store: null,
    path,
    nowMs: startMs,
    async reopen() {
      await test.store?.close();
      test.store = await open();
      return test.store;
    },
    async tamper(change) {
      await test.store?.close();
      const database = new DatabaseSync(path);
      change(database);
      database.close();
      test.store = await open();
      return test.store;
    },
    async remove() {
      await test.store?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return Object.assign(test, { store: await open() });
}

/** Without a worker, which takes longer to start than most tests to run. */
function inThisThread(path: string, role: 'writer' | 'reader'): AskStore {
  const answer = startAnswering({ role, path });
  return async (method, ask) => {
    await new Promise<void>((resolve) => setImmediate(resolve));
    const answered: unknown = answer({ method, ask } as StoreRequest);
    return answered as never;
  };
}
