import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventsWaitingMax } from '../../../../agent/alarms/store/committer.ts';
import { duplicateWindowMs, type Settlement, takenByHand } from '../../../../agent/alarms/types.ts';
import { openTestStore, type TestStore } from './open-store.ts';
import { sampleEvent, startMs } from './sample-events.ts';

let test: TestStore;
beforeEach(async () => {
  test = await openTestStore();
});
afterEach(() => test.remove());

const acknowledged = (position: number): Settlement => ({
  ...{ position, outcome: 'acknowledged', ackMs: startMs + 9, output: 'ARC', attempts: 2, problem: null },
});
const recordAll = (count: number, from = 0) =>
  Promise.all(Array.from({ length: count }, (_, index) => test.store.record(sampleEvent(from + index))));

describe('recording', () => {
  it('numbers events in the order in which they came, over restarts', async () => {
    const first = await recordAll(3);
    await test.reopen();
    const second = await recordAll(2, 3);
    expect([...first, ...second].map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
    expect((await test.store.show(4)).event).toEqual(sampleEvent(3));
  });

  it('knows the same event by another way within two minutes, also in the same commit and after a restart', async () => {
    const event = sampleEvent(1);
    const [one, two] = await Promise.all([test.store.record(event), test.store.record(event)]);
    await test.reopen();
    const late = { ...event, receivedMs: event.receivedMs + duplicateWindowMs, way: 'hub' as const };
    const three = await test.store.record(late);
    expect([one, two, three]).toEqual([
      { number: 1, duplicate: false },
      { number: 1, duplicate: true },
      { number: 1, duplicate: true },
    ]);
    expect(test.store.counts()).toMatchObject({ rows: 1, received: 1, duplicates: 2, waiting: 1 });
  });

  it('takes it as a new event when more time has passed', async () => {
    const event = sampleEvent(1);
    await test.store.record(event);
    const later = await test.store.record({ ...event, receivedMs: event.receivedMs + duplicateWindowMs + 1 });
    expect(later).toEqual({ number: 2, duplicate: false });
  });

  it('keeps what is not to be forwarded, and never hands it out', async () => {
    await test.store.record(sampleEvent(1, { forward: false }));
    expect((await test.store.show(1)).progress.state).toBe('kept');
    expect(await test.store.unshared(10)).toEqual([]);
    expect(test.store.counts()).toMatchObject({ waiting: 0, oldestMs: null });
  });

  it('has what the group had wait here again, in its order and from a number on, and no more', async () => {
    await recordAll(5);
    await test.store.markShared([1, 2, 3, 4]);
    await test.store.absorb([
      {
        event: sampleEvent(2),
        settlement: {
          ...{ outcome: 'acknowledged', ackMs: startMs, output: 'ARC' },
          ...{ attempts: 1, problem: null },
        },
      },
      { event: sampleEvent(9), settlement: null },
    ]);
    expect(await test.store.shared(0)).toBe(4);
    expect(await test.store.shared(1)).toBe(3);
    expect(await test.store.unshare(1)).toBe(3);
    expect(test.store.counts()).toMatchObject({ waiting: 4 });
    await test.reopen();
    expect(test.store.counts()).toMatchObject({ waiting: 4 });
    await test.store.queue.open(1);
    const pulled = await test.store.queue.pull(1, 10, 0);
    expect(pulled.map(({ position }) => position)).toEqual([2, 4, 5, 6]);
    expect(await test.store.shared(0)).toBe(1);
    expect(await test.store.verify()).toMatchObject({ ok: true });
  });

  it('gives what was asked for just before to whoever hands it on: no event falls between the two', async () => {
    const recorded = recordAll(5);
    expect((await test.store.unshared(10)).map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
    await recorded;
  });

  it('shows a damaged record as such, and neither it nor those behind it hold anything up', async () => {
    await recordAll(7);
    const store = await test.tamper((database) => {
      database.exec(
        `UPDATE event SET event = '{"id":1}' WHERE number < 5; UPDATE event SET event = 'x' WHERE number = 6`,
      );
    });
    const { alarms } = await store.list({ limit: 10, unacknowledged: false });
    expect(alarms.map(({ event }) => event.content.text?.includes('cannot be read') ?? false)).toEqual([
      ...[false, true, false],
      ...[true, true, true, true],
    ]);
    expect((await store.unshared(2)).map(({ number }) => number)).toEqual([5, 7]);
    await store.queue.open(1);
    const pulled = [...(await store.queue.pull(1, 2, 0)), ...(await store.queue.pull(1, 9, 0))];
    expect(pulled.map(({ position }) => position)).toEqual([5, 7]);
    const [resent, recorded] = await Promise.all([store.resend([1, 5], 'ann'), store.record(sampleEvent(9))]);
    // 5 waits as it is; 1 cannot be sent.
    expect([resent, recorded.duplicate]).toEqual([[], false]);
    expect(store.counts().waiting).toBe(8);
  });

  it('knows what came lately after a restart, also when the last row is an old event that was sent once more', async () => {
    await recordAll(1);
    test.nowMs += 10 * duplicateWindowMs;
    const late = sampleEvent(5, { receivedMs: test.nowMs });
    await test.store.record(late);
    await test.store.resend([1], 'ann');
    await test.reopen();
    expect(await test.store.record(late)).toEqual({ number: 2, duplicate: true });
  });

  it('knows how the same event went that the queue has by another way', async () => {
    const event = sampleEvent(1);
    await test.store.record(event);
    const twin = { ...event, receivedMs: event.receivedMs + 40, way: 'hub' as const, takenBy: 'hub' };
    await test.store.absorb([{ event: twin, settlement: null }]);
    const { position: _, ...settlement } = acknowledged(1);
    await test.store.absorb([{ event: twin, settlement }]);
    expect(test.store.counts()).toMatchObject({ rows: 1, waiting: 0, acknowledged: 1 });
    await test.store.absorb([{ event: sampleEvent(2, { forward: false }), settlement: null }]);
    expect((await test.store.show(2)).progress.state).toBe('kept');
  });

  it('refuses an event that is none, and stores the others of its commit', async () => {
    const bad = test.store.record(sampleEvent(1, { source: 'x'.repeat(65) }));
    const good = test.store.record(sampleEvent(2));
    await expect(bad).rejects.toMatchObject({ code: 'invalid_input' });
    expect(await good).toEqual({ number: 1, duplicate: false });
  });

  it('refuses more than its named maximum at once, and goes on when there is room again', async () => {
    const event = sampleEvent(1);
    const taken = Array.from({ length: eventsWaitingMax }, () => test.store.record(event));
    await expect(test.store.record(event)).rejects.toMatchObject({ code: 'unavailable' });
    await Promise.all(taken);
    expect(await test.store.record(event)).toMatchObject({ duplicate: true });
  });

  it('writes nothing of a commit that fails, and goes on as if it had not been', async () => {
    await recordAll(2);
    await test.tamper((database) => {
      database.exec(`CREATE TRIGGER refuse AFTER INSERT ON event WHEN new.code = 'ZZ'
                     BEGIN SELECT RAISE(ABORT, 'the disk will not'); END`);
    });
    const bad = sampleEvent(9, { content: { ...sampleEvent(9).content, code: 'ZZ' } });
    const both = await Promise.allSettled([test.store.record(sampleEvent(2)), test.store.record(bad)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(test.store.counts()).toMatchObject({ rows: 2, waiting: 2, lastNumber: 2 });
    expect(await test.store.record(sampleEvent(2))).toEqual({ number: 3, duplicate: false });
    expect(await test.store.verify()).toMatchObject({ ok: true, checked: 3 });
    expect(test.store.account('1002')?.alarms).toBe(1);
  });

  it('refuses when it is closed', async () => {
    const { store } = test;
    await test.reopen();
    await expect(store.record(sampleEvent(1))).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('its queue', () => {
  it('hands out each event once an opening, in order, and again to the next opening until it is settled', async () => {
    await recordAll(5);
    const { queue } = test.store;
    await queue.open(1);
    const positions = async (epoch: number, limit: number) =>
      (await queue.pull(epoch, limit, 0)).map(({ position }) => position);
    expect(await positions(1, 3)).toEqual([1, 2, 3]);
    expect(await positions(1, 3)).toEqual([4, 5]);
    expect(await positions(1, 3)).toEqual([]);
    await queue.settle(1, [acknowledged(2)]);
    await queue.open(2);
    expect(await positions(2, 9)).toEqual([1, 3, 4, 5]);
    await expect(queue.pull(1, 1, 0)).rejects.toMatchObject({ code: 'not_active' });
    await expect(queue.settle(1, [acknowledged(3)])).rejects.toMatchObject({ code: 'not_active' });
    await expect(queue.open(1)).rejects.toMatchObject({ code: 'not_active' });
  });

  it('wakes a pull when an event comes, and when another epoch takes it', async () => {
    const { queue } = test.store;
    await queue.open(1);
    const pull = queue.pull(1, 9, 60_000);
    await test.store.record(sampleEvent(1));
    expect((await pull).map(({ event }) => event)).toEqual([sampleEvent(1)]);
    const waiting = queue.pull(1, 9, 60_000);
    await queue.open(2);
    await expect(waiting).rejects.toMatchObject({ code: 'not_active' });
  });

  it('settles once: what came later changes nothing', async () => {
    await recordAll(1);
    const { queue } = test.store;
    await queue.open(1);
    await queue.settle(1, [acknowledged(1)]);
    await queue.settle(1, [{ ...acknowledged(1), outcome: 'refused', problem: 'no' }]);
    expect((await test.store.show(1)).progress).toEqual({
      ...{ state: 'acknowledged', attempts: 2, output: 'ARC', arcAckMs: startMs + 9, problem: null },
    });
    expect(test.store.counts()).toMatchObject({ waiting: 0, acknowledged: 1, refused: 0 });
  });

  it('tells how many wait and since when', async () => {
    test.nowMs = startMs + 5;
    await recordAll(1);
    test.nowMs = startMs + 50;
    await recordAll(2, 1);
    expect(await test.store.queue.counts()).toMatchObject({ waiting: 3, oldestMs: startMs + 5 });
  });
});

describe('in a group', () => {
  it('gives what is not shared yet, the oldest first, until it is marked', async () => {
    await recordAll(3);
    await test.store.markShared([1, 3]);
    expect((await test.store.unshared(9)).map(({ number }) => number)).toEqual([2]);
    expect((await test.store.show(1)).progress.state).toBe('shared');
    expect(test.store.counts().waiting).toBe(1);
  });

  it('settles its own row of an event from the queue, and adds a row for that of another member', async () => {
    await recordAll(1);
    await test.store.markShared([1]);
    const { position: _, ...settlement } = acknowledged(0);
    const other = sampleEvent(7, { takenBy: 'node-2', account: '7777' });
    const items = [sampleEvent(0), other].map((event) => ({ event, settlement }));
    expect(await test.store.absorb(items)).toEqual([1, 2]);
    expect(await test.store.absorb(items)).toEqual([1, 2]);
    expect((await test.store.show(2)).progress.state).toBe('acknowledged');
    expect(test.store.counts()).toMatchObject({ rows: 2, received: 1, acknowledged: 2, waiting: 0 });
    expect(test.store.account('7777')?.alarms).toBe(1);
  });

  it('shows an absorbed event as shared while it is under way', async () => {
    const event = sampleEvent(3);
    await test.store.absorb([{ event, settlement: null }]);
    expect((await test.store.show(1)).progress.state).toBe('shared');
    expect(await test.store.record(event)).toEqual({ number: 1, duplicate: true });
  });
});

describe('by hand', () => {
  it('sends an event again as a row of its own, which is no duplicate and counts for no device', async () => {
    await recordAll(2);
    await test.store.queue.open(1);
    await test.store.queue.settle(1, [{ ...acknowledged(1), outcome: 'refused', problem: 'DUH' }]);
    expect(await test.store.resend([1, 2, 99], 'anna')).toEqual([3]);
    const again = await test.store.show(3);
    expect(again).toMatchObject({ resentOf: 1, progress: { state: 'waiting' } });
    const own = { id: '', fingerprint: '', takenBy: takenByHand };
    expect({ ...again.event, ...own }).toEqual({ ...sampleEvent(0), ...own });
    expect(again.event.takenBy).toBe(takenByHand);
    expect(again.event.fingerprint).not.toBe(sampleEvent(0).fingerprint);
    expect(again.event.id).toMatch(/^[0-9a-f]{32}-[0-9a-z]+$/);
    expect(test.store.account('1000')?.alarms).toBe(1);
    expect((await test.store.queue.pull(1, 9, 0)).map(({ position }) => position)).toEqual([2, 3]);
  });

  it('is acknowledged once, by the first who saw it', async () => {
    await recordAll(3);
    expect(await test.store.acknowledge([1, 2], 'anna')).toBe(2);
    expect(await test.store.acknowledge([2, 3, 99], 'ben')).toBe(1);
    expect(await test.store.show(2)).toMatchObject({ acknowledgedBy: 'anna', acknowledgedMs: startMs });
    expect(test.store.counts().unacknowledged).toBe(0);
    await test.reopen();
    expect(test.store.counts().unacknowledged).toBe(0);
  });
});

describe('what it knows of accounts', () => {
  it('is there again after a restart', async () => {
    await recordAll(1_100);
    test.store.heard('1003', startMs + 77);
    test.store.heard('2999', startMs + 78);
    await test.reopen();
    expect(test.store.account('1003')).toEqual({
      alarms: 3,
      firstAlarmMs: startMs + 3_000,
      lastAlarmMs: startMs + 1_003_000,
      activatedMs: startMs + 3_000,
      lastHeardMs: startMs + 77,
    });
    expect(test.store.account('2999')).toMatchObject({ alarms: 0, activatedMs: startMs + 78 });
    expect(test.store.account('4711')).toBeNull();
    expect(test.store.heardSnapshot()).toEqual(
      expect.arrayContaining([
        { account: '1003', heardMs: startMs + 77 },
        { account: '2999', heardMs: startMs + 78 },
      ]),
    );
  });

  it('is counted again where a crash came before it was written', async () => {
    await recordAll(600);
    await test.tamper((database) => {
      database.exec("DELETE FROM account WHERE account < '1250'; UPDATE store SET counted = 0;");
    });
    const alarms = [1_000, 1_099, 1_100, 1_249, 1_250, 1_499].map(
      (each) => test.store.account(String(each))?.alarms,
    );
    expect(alarms).toEqual([2, 2, 1, 1, 1, 1]);
  });
});

describe('retention', () => {
  it('lets the oldest go, never what waits, and what stays can still be verified', async () => {
    await test.remove();
    test = await openTestStore(1_000);
    await test.store.queue.open(1);
    const round = async (from: number, stays: number | null) => {
      const recorded = await recordAll(400, from);
      const numbers = recorded.map(({ number }) => number).filter((number) => number !== stays);
      await test.store.queue.settle(1, numbers.map(acknowledged));
    };
    for (let from = 0; from < 4_000; from += 400) await round(from, 3);
    const [oldest, next] = await test.store.since(0, 2);
    expect(oldest?.number).toBe(3);
    expect(next?.number).toBeGreaterThan(1_500);
    expect(test.store.counts()).toMatchObject({ waiting: 1, lastNumber: 4_000 });
    expect(test.store.counts().rows).toBeLessThan(2_400);
    expect(await test.store.verify()).toMatchObject({ ok: true, checked: 8_000 - 1 - 2 });
    await expect(test.store.show(1)).rejects.toMatchObject({ code: 'not_found' });

    await test.store.queue.settle(1, [acknowledged(3)]);
    for (let from = 4_000; from < 8_000; from += 400) await round(from, null);
    expect((await test.store.since(0, 1))[0]?.number).toBeGreaterThan(4_000);
    const kept = await test.store.verify();
    expect(kept).toMatchObject({ ok: true });
    expect(kept.checked).toBeLessThan(2 * 2_400 + 400);
    await test.tamper((database) => {
      database.exec('DELETE FROM event WHERE number = (SELECT min(number) FROM event)');
    });
    expect(await test.store.verify()).toMatchObject({ ok: false });
  });
});
