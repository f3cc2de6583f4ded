/** The hub's queue of alarms: one commit for a turn, duplicates by its own time, bounds, and an older database put back. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAccounts } from '../../../../agent/hub/accounts.ts';
import { openDatabase } from '../../../../agent/hub/database.ts';
import type { HubEvent } from '../../../../agent/hub/protocol/schema.ts';
import { type QueueLimits, queueLimits } from '../../../../agent/hub/queue/account-queue.ts';
import { type AlarmQueues, openAlarmQueues } from '../../../../agent/hub/queue/alarm-queues.ts';
import { openQueueRows } from '../../../../agent/hub/queue/rows.ts';
import type { AppError } from '../../../../src/errors.ts';
import { ShiftedClock } from '../../alarms/intake/desk.ts';

let folder: string;
let clock: ShiftedClock;
let queues: AlarmQueues;
let database: ReturnType<typeof openDatabase>;
let fatal: AppError[];
const present = new AbortController().signal;

function open(changes: Partial<QueueLimits> = {}): void {
  database = openDatabase(join(folder, 'hub.db'));
  const accounts = openAccounts(database);
  for (const name of ['one', 'two']) if (!accounts.exists(name)) accounts.add(name, 0);
  const onFatal = (error: AppError) => void fatal.push(error);
  queues = openAlarmQueues({ database, clock, onFatal, limits: { ...queueLimits, ...changes } });
}

function close(): void {
  queues.close();
  database.close();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-queues-'));
  clock = new ShiftedClock();
  fatal = [];
  open();
});
afterEach(() => {
  close();
  rmSync(folder, { recursive: true, force: true });
});

let made = 0;
function event(body = 'x'): HubEvent {
  made += 1;
  return { fingerprint: made.toString(16).padStart(32, '0'), receivedMs: made, body: `${body}${made}` };
}
const events = (count: number) => Array.from({ length: count }, () => event());
const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );
const pull = (epoch: number, after = 0, waitMs = 0, signal = present) =>
  queues.pull('one', { epoch, after, limit: 512, waitMs }, signal);
const bodies = async (epoch: number) => (await pull(epoch)).map(({ body }) => body);

describe('appends', () => {
  it('of one turn share a commit, and one that is refused leaves the others alone', async () => {
    const counted = () => Number(database.prepare('SELECT total_changes() AS changes').get()?.changes);
    const before = counted();
    const [good, gone, other] = [event(), event(), event()];
    const outcomes = await Promise.all([
      failure(queues.append('one', [good])),
      failure(queues.append('nobody', [gone])),
      failure(queues.settle('two', 9, [1])),
      failure(queues.append('one', [other])),
    ]);
    expect(outcomes).toEqual(['done', 'unauthorized', 'not_active', 'done']);
    // Two events with what is remembered of them, and the next place: written once for the turn.
    expect(counted() - before).toBe(5);
    await queues.open('one', 1);
    expect(await bodies(1)).toEqual([good.body, other.body]);
  });

  it('keep accounts apart', async () => {
    const same = event();
    expect(await queues.append('one', [same])).toEqual([]);
    expect(await queues.append('two', [same])).toEqual([]);
    await queues.open('one', 1);
    expect((await pull(1)).length).toBe(1);
    await queues.settle(
      'one',
      1,
      (await queues.pull('one', { epoch: 1, after: 0, limit: 9, waitMs: 0 }, present)).map(
        ({ position }) => position,
      ),
    );
    expect(queues.status('two').waiting).toBe(1);
  });

  it('are duplicates for as long as the window is, over a restart, and not after it', async () => {
    const first = event();
    await queues.append('one', [first]);
    clock.shift(60_000);
    close();
    open();
    expect(await queues.append('one', [first, event()])).toEqual([0]);
    clock.shift(59_000);
    expect(await queues.append('one', [first])).toEqual([0]);
    clock.shift(2_000);
    expect(await queues.append('one', [first])).toEqual([]);
    expect(queues.status('one')).toMatchObject({ waiting: 3, appended: 2, duplicates: 2 });
  });

  it('forget fingerprints that are older, in memory and on the disk', async () => {
    await queues.append('one', events(100));
    clock.shift(130_000);
    await queues.append('one', events(1));
    expect(database.prepare('SELECT count(*) AS rows FROM alarm_seen').get()?.rows).toBe(1);
  });

  it('remember so many fingerprints and no more, over a restart too', async () => {
    close();
    open({ seenMax: 3 });
    const [first, second, third, fourth] = [event(), event(), event(), event()];
    for (const each of [first, second, third, fourth]) await queues.append('one', [each]);
    close();
    open({ seenMax: 3 });
    expect(await queues.append('one', [second, third, fourth])).toEqual([0, 1, 2]);
    expect(await queues.append('one', [first, third, fourth])).toEqual([1, 2]);
    expect(await queues.append('one', [second])).toEqual([]);
  });

  it('are refused when the queue is full, wholly, and taken again when there is room', async () => {
    close();
    open({ eventsMax: 3, bytesMax: 1_000 });
    await queues.append('one', events(2));
    expect(await failure(queues.append('one', events(2)))).toBe('disk_full');
    expect(await failure(queues.append('one', [{ ...event(), body: 'x'.repeat(1_000) }]))).toBe('disk_full');
    expect(queues.status('one').waiting).toBe(2);
    await queues.open('one', 1);
    await queues.settle(
      'one',
      1,
      (await pull(1)).map(({ position }) => position),
    );
    expect(queues.status('one')).toMatchObject({ waiting: 0, bytes: 0, oldestMs: null });
    expect(await failure(queues.append('one', events(3)))).toBe('done');
    expect(fatal).toEqual([]);
  });

  it('of an account that was removed and made anew begin from nothing', async () => {
    await queues.append('one', events(3));
    const accounts = openAccounts(database);
    await accounts.remove('one', true, async () => {});
    expect(await failure(queues.append('one', events(1)))).toBe('unauthorized');
    accounts.add('one', 5);
    expect(queues.status('one')).toMatchObject({ waiting: 0, epoch: 0 });
    await queues.append('one', events(1));
    expect(queues.status('one').waiting).toBe(1);
  });
});

describe('pulls', () => {
  it('read no more than fits into an answer, and one event at least', async () => {
    await queues.append('one', [event('x'.repeat(100)), event('y'.repeat(100)), event('z'.repeat(100))]);
    const rows = openQueueRows(database);
    const letters = (bytesMax: number) => rows.page('one', 0, 512, bytesMax).map(({ body }) => body[0]);
    expect([250, 1, 1_000].map(letters)).toEqual([['x', 'y'], ['x'], ['x', 'y', 'z']]);
  });

  it('wait, and are answered by the next append only of their account', async () => {
    await queues.open('one', 1);
    const waiting = pull(1, 0, 10_000);
    await queues.append('two', events(1));
    const mine = event();
    await queues.append('one', [mine]);
    expect((await waiting).map(({ body }) => body)).toEqual([mine.body]);
  });

  it('end with nothing when their time is over, or the asker is gone', async () => {
    await queues.open('one', 1);
    const gone = new AbortController();
    const [late, left] = [pull(1, 0, 10_000), pull(1, 0, 10_000, gone.signal)];
    gone.abort();
    expect(await left).toEqual([]);
    clock.shift(10_001);
    expect(await late).toEqual([]);
  });

  it('of an earlier epoch end when a later one opens, and of the same one wait on', async () => {
    await queues.open('one', 1);
    const early = failure(pull(1, 0, 10_000));
    await queues.open('one', 2);
    expect(await early).toBe('not_active');
    const same = pull(2, 0, 10_000);
    await queues.open('one', 2);
    const mine = event();
    await queues.append('one', [mine]);
    expect((await same).length).toBe(1);
  });

  it('are bounded in number', async () => {
    await queues.open('one', 1);
    const waiting = Array.from({ length: 16 }, () => pull(1, 0, 10_000));
    expect(await failure(pull(1, 0, 10_000))).toBe('unavailable');
    clock.shift(10_001);
    await Promise.all(waiting);
  });

  it('bring no more than fits into an answer, and at least one', async () => {
    await queues.open('one', 1);
    const large = Array.from({ length: 4 }, () => event('ä'.repeat(45_000)));
    await queues.append('one', large);
    const first = await pull(1);
    expect(first.length).toBe(2);
    expect((await pull(1, first.at(-1)?.position)).length).toBe(2);
  });
});

describe('a database that was put back', () => {
  it('gives no place a second time, so that a late settlement meets no other event', async () => {
    await queues.open('one', 1);
    await queues.append('one', events(2));
    close();
    copyFileSync(join(folder, 'hub.db'), join(folder, 'old.db'));
    open();
    await queues.append('one', events(5));
    const lost = (await pull(1)).slice(2).map(({ position }) => position);
    close();
    for (const tail of ['-wal', '-shm']) rmSync(join(folder, `hub.db${tail}`), { force: true });
    copyFileSync(join(folder, 'old.db'), join(folder, 'hub.db'));
    clock.shift(10);
    open();
    await queues.append('one', events(5));
    await queues.settle('one', 1, lost);
    expect(queues.status('one').waiting).toBe(7);
    const places = (await pull(1)).map(({ position }) => position);
    expect(places.filter((place) => lost.includes(place))).toEqual([]);
  });

  it('keeps the fence over a plain restart', async () => {
    await queues.open('one', 7);
    close();
    open();
    expect(await failure(queues.open('one', 6))).toBe('not_active');
    expect(await failure(queues.settle('one', 6, [1]))).toBe('not_active');
    expect(await failure(queues.open('one', 7))).toBe('done');
  });
});
