import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestStore, type TestStore } from './open-store.ts';
import { sampleEvent, startMs } from './sample-events.ts';

let test: TestStore;
beforeEach(async () => {
  test = await openTestStore();
  await Promise.all(Array.from({ length: 1_200 }, (_, index) => test.store.record(sampleEvent(index))));
  await test.store.queue.open(1);
  const common = { ackMs: startMs, output: 'ARC', attempts: 1, problem: null };
  await test.store.queue.settle(1, [
    { position: 5, outcome: 'acknowledged', ...common },
    { position: 6, outcome: 'refused', ...common, problem: 'DUH' },
  ]);
  await test.store.acknowledge([5], 'anna');
  await test.store.resend([6], 'anna');
});
afterEach(() => test.remove());

const sql = (text: string) => (database: DatabaseSync) => database.exec(text);

describe('verifying the chain', () => {
  it('finds nothing wrong with what was written, and its head moves with each entry', async () => {
    const before = await test.store.verify();
    expect(before).toMatchObject({ ok: true, checked: 1_200 + 2 + 1 + 2, firstBad: null });
    await test.store.acknowledge([7], 'ben');
    const after = await test.store.verify();
    expect(after).toMatchObject({ ok: true, checked: 1_206 });
    expect(after.head).not.toBe(before.head);
    await test.reopen();
    expect((await test.store.verify()).head).toBe(after.head);
  });

  it.each([
    ['a byte of an event', "UPDATE event SET event = replace(event, 'BA9', 'BA8') WHERE number = 10", 10],
    ['an event that is gone', 'DELETE FROM event WHERE number = 1000', 1_000],
    [
      'the last event and its entry gone',
      'DELETE FROM event WHERE number = 1201; DELETE FROM audit WHERE ref = 1201',
      1_201,
    ],
    [
      'the first event and its entry gone',
      'DELETE FROM event WHERE number = 1; DELETE FROM audit WHERE ref = 1',
      2,
    ],
    ['an entry that is gone', "DELETE FROM audit WHERE ref = 5 AND what = 'settled'", 6],
    ['an acknowledgement that never was', 'UPDATE event SET state = 2, arc_ack_ms = 1 WHERE number = 20', 20],
    ['an acknowledgement that was', 'UPDATE event SET state = 0, settled_n = NULL WHERE number = 5', 5],
    ['its time', 'UPDATE event SET arc_ack_ms = arc_ack_ms - 1 WHERE number = 5', 5],
    ['a refusal', "UPDATE event SET problem = 'late' WHERE number = 6", 6],
    ['who saw it', "UPDATE event SET seen_by = 'ben' WHERE number = 5", 5],
    ['a person who saw nothing', "UPDATE event SET seen_by = 'ben', seen_ms = 1 WHERE number = 9", 9],
    ['the account under which it is found', "UPDATE event SET account = '9999' WHERE number = 30", 30],
    ['the time under which it is found', 'UPDATE event SET received_ms = 1 WHERE number = 31', 31],
    ['of which event one was sent again', 'UPDATE event SET resent_of = 7 WHERE number = 1201', 1_201],
    ['an entry with its digest made to fit', 'UPDATE audit SET digest = zeroblob(32) WHERE n = 40', 40],
    ['the time of an entry', 'UPDATE audit SET time_ms = time_ms + 1 WHERE n = 41', 41],
  ])('finds %s', async (_, statement, number) => {
    await test.tamper(sql(statement));
    expect(await test.store.verify()).toMatchObject({ ok: false, firstBad: number });
  });

  it('finds an event that was slipped in', async () => {
    await test.tamper(
      sql(`INSERT INTO event (number, fingerprint, account, code, category, received_ms, stored_ms, state, event)
           SELECT 5000, fingerprint, account, code, category, received_ms, stored_ms, state, event FROM event WHERE number = 1`),
    );
    expect(await test.store.verify()).toMatchObject({ ok: false, firstBad: 5_000 });
  });

  it('still finds a cut end after new events were added to it', async () => {
    await test.tamper(sql('DELETE FROM event WHERE number > 1190; DELETE FROM audit WHERE ref > 1190'));
    await test.store.record(sampleEvent(5_000));
    expect(await test.store.verify()).toMatchObject({ ok: false });
  });

  it('goes on while events are recorded', async () => {
    const verifying = test.store.verify();
    await Promise.all(
      Array.from({ length: 300 }, (_, index) => test.store.record(sampleEvent(2_000 + index))),
    );
    expect(await verifying).toMatchObject({ ok: true });
  });
});
