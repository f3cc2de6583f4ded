/** Supervision across a group: one answers for the devices of all, and a change of the one that works tells nothing twice or never. */
import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { GroupSupervision, groupGraceMs } from '../../../../agent/alarms/supervision/group-supervision.ts';
import { createSupervision } from '../../../../agent/alarms/supervision/supervision.ts';
import { createBackupSealer } from '../../../../agent/spare/backup/seal.ts';
import { MemoryGroup } from '../../../support/memory-group-store.ts';
import { FakeClock } from '../../control/fake-clock.ts';

const inflate = promisify(inflateRaw);
const intervalMs = 60_000 + groupGraceMs;

class Desk {
  readonly clock = new FakeClock();
  readonly store = new MemoryGroup();
  /** `a: 1234 new`, in order. */
  readonly said: string[] = [];
  readonly members = new Map<string, Member>();
  accounts = ['1234'];

  member(id: string, secret = 'secret'): Member {
    const member = new Member(this, id, secret);
    this.members.set(id, member);
    return member;
  }

  /** Meanwhile `heard` says which account dials which member, every 30 seconds. */
  async run(ms: number, heard: readonly (readonly [string, string])[] = []): Promise<void> {
    for (let doneMs = 0; doneMs < ms; doneMs += 500) {
      if (doneMs % 30_000 === 0) for (const [id, account] of heard) this.hears(id, account);
      await this.clock.run(500, 500);
      // Sealing and opening are other threads' work.
      for (let round = 0; round < 4; round += 1) await inflate(Buffer.from([3, 0]));
    }
  }

  hears(id: string, account: string): void {
    this.members.get(id)?.supervision.heard(account);
  }
}

class Member {
  readonly supervision;
  readonly group: GroupSupervision;

  constructor(desk: Desk, id: string, secret: string) {
    const { clock, store } = desk;
    this.supervision = createSupervision({
      clock,
      takenBy: id,
      take: async ({ account, content }) => void desk.said.push(`${id}: ${account} ${content.qualifier}`),
      onEvent: () => {},
    });
    this.supervision.set(desk.accounts.map((account) => ({ account, intervalMs })));
    const client = store.open(id);
    this.group = new GroupSupervision({
      clock,
      selfId: id,
      others: () => [...desk.members.keys()].filter((other) => other !== id),
      backups: () => client.backups,
      sealer: createBackupSealer(secret, 'site'),
      supervision: this.supervision,
    });
    this.group.start();
  }

  async close(): Promise<void> {
    this.supervision.close();
    await this.group.close();
  }
}

describe('a device that dials a spare only', () => {
  it('is not lost, and is when it falls silent', async () => {
    const desk = new Desk();
    const [a] = [desk.member('a'), desk.member('b')];
    a.group.work(1);
    await desk.run(600_000, [['b', '1234']]);
    expect(desk.said).toEqual([]);
    expect(a.supervision.watchOf('1234')?.watch).toBe('online');
    await desk.run(120_000);
    expect(desk.said).toEqual(['a: 1234 new']);
    await desk.run(60_000, [['b', '1234']]);
    expect(desk.said).toEqual(['a: 1234 new', 'a: 1234 restore']);
  });

  it('is known by its age, however late the store lets it through', async () => {
    const desk = new Desk();
    const [a] = [desk.member('a'), desk.member('b')];
    a.group.work(1);
    await desk.run(5_000);
    desk.store.cut.add('b');
    desk.hears('b', '1234');
    await desk.run(60_000);
    desk.store.cut.delete('b');
    await desk.run(15_000);
    const { heardMs } = a.supervision.watchOf('1234') ?? {};
    expect(desk.clock.nowMs() - (heardMs ?? 0)).toBeGreaterThan(65_000);
    await desk.run(20_000);
    expect(desk.said).toEqual(['a: 1234 new']);
  });

  it('is not taken as living by what was told before the work began', async () => {
    const desk = new Desk();
    const [a, b] = [desk.member('a'), desk.member('b')];
    await desk.run(15_000, [['b', '1234']]);
    await b.close();
    await desk.run(600_000);
    a.group.work(1);
    await desk.run(intervalMs + 2_000);
    expect(desk.said).toEqual(['a: 1234 new']);
  });
});

describe('a change of the one that works', () => {
  it('takes over who was told as lost, and says once that it is back', async () => {
    const desk = new Desk();
    const [a, b, c] = [desk.member('a'), desk.member('b'), desk.member('c')];
    a.group.work(1);
    await desk.run(intervalMs + 3_000);
    expect(desk.said).toEqual(['a: 1234 new']);
    a.group.rest();
    b.group.work(2);
    await desk.run(intervalMs * 2);
    expect(b.supervision.watchOf('1234')?.watch).toBe('lost');
    expect(desk.said).toEqual(['a: 1234 new']);
    await desk.run(60_000, [['c', '1234']]);
    expect(desk.said).toEqual(['a: 1234 new', 'b: 1234 restore']);
    b.group.rest();
    for (const [epoch, next] of [a, c].entries()) {
      next.group.work(3 + epoch);
      await desk.run(60_000, [['a', '1234']]);
      next.group.rest();
    }
    expect(desk.said).toHaveLength(2);
  });

  it('says at once that it is back when the new one hears it', async () => {
    const desk = new Desk();
    const [a, b] = [desk.member('a'), desk.member('b')];
    a.group.work(1);
    await desk.run(intervalMs + 3_000);
    desk.store.cut.add('a');
    a.group.rest();
    desk.hears('b', '1234');
    b.group.work(2);
    await desk.run(3_000);
    expect(desk.said).toEqual(['a: 1234 new', 'b: 1234 restore']);
  });

  it('does not take what it heard long ago for a sign of life', async () => {
    const desk = new Desk();
    const [a, b] = [desk.member('a'), desk.member('b')];
    a.group.work(1);
    await desk.run(intervalMs + 3_000);
    a.group.rest();
    b.group.work(2);
    await desk.run(5_000);
    // Only a hears it, once, and is cut off: for b it stays lost.
    desk.store.cut.add('a');
    desk.hears('a', '1234');
    await desk.run(intervalMs * 2);
    desk.store.cut.delete('a');
    b.group.rest();
    a.group.work(3);
    await desk.run(5_000);
    expect(a.supervision.watchOf('1234')?.watch).toBe('lost');
    expect(desk.said).toEqual(['a: 1234 new']);
  });

  it('keeps what an earlier run of the only one told', async () => {
    const desk = new Desk();
    const a = desk.member('a');
    a.group.work(1);
    await desk.run(intervalMs + 3_000);
    await a.close();
    const again = desk.member('a');
    await desk.run(3_000);
    again.group.work(2);
    await desk.run(intervalMs + 3_000);
    expect(desk.said).toEqual(['a: 1234 new']);
    desk.hears('a', '1234');
    await desk.run(2_000);
    expect(desk.said).toEqual(['a: 1234 new', 'a: 1234 restore']);
  });

  it('waits for nothing that cannot be had: no store, no key, another release', async () => {
    const desk = new Desk();
    const [a] = [desk.member('a'), desk.member('b', 'another secret')];
    const body = Buffer.from('of the next release');
    const backup = { name: 'heard-c', version: 9, publishedMs: 1, bytes: body.length };
    desk.store.backups.set('heard-c', { backup, body });
    desk.store.backups.set('heard-d', { backup: { ...backup, name: 'heard-d', bytes: 2 ** 30 }, body });
    for (const id of ['c', 'd']) desk.member(id).group.close();
    desk.store.cut.add('a');
    a.group.work(1);
    await desk.run(10_000, [['b', '1234']]);
    desk.store.cut.delete('a');
    await desk.run(intervalMs, [['b', '1234']]);
    expect(desk.said).toEqual(['a: 1234 new']);
  });
});

describe('50,000 devices', () => {
  it('are told in less than half a megabyte, and nothing is told when nothing is new', async () => {
    const desk = new Desk();
    desk.accounts = Array.from({ length: 50_000 }, (_, at) => (at * 7 + 4_096).toString(16).toUpperCase());
    const [a, b] = [desk.member('a'), desk.member('b')];
    a.group.work(1);
    await desk.run(5_000);
    for (const account of desk.accounts) b.supervision.heard(account);
    await desk.run(20_000);
    expect(a.supervision.counts().online).toBe(50_000);
    const { bytes, version } = desk.store.backups.get('heard-b')?.backup ?? { bytes: 0, version: 0 };
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(512 * 1024);
    await desk.run(60_000);
    expect(desk.store.backups.get('heard-b')?.backup.version).toBe(version);
    await desk.run(intervalMs);
    await desk.run(20_000);
    expect(desk.said).toHaveLength(50_000);
    const b2 = b.group;
    a.group.rest();
    b2.work(2);
    await desk.run(5_000);
    expect(b.supervision.counts().lost).toBe(50_000);
  }, 60_000);
});
