/** What every store of a receiver group promises, run against real servers: registers, backups, and the queue of alarms. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlarmEvent, AlarmQueue, QueuedEvent } from '../../agent/alarms/types.ts';
import { openGroupStore } from '../../agent/spare/store/open.ts';
import type { GroupStore } from '../../agent/spare/types.ts';
import { groupStoreSchema } from '../../src/contract/index.ts';
import { until } from '../peers/lease-servers/member.ts';
import { type StoreKind, type StoreServers, untilServing } from '../peers/lease-servers/servers.ts';
import { newEvent, newEvents, settled } from './group-events.ts';

const enoughMs = 10_000;
const roomyMs = 60_000;

const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );
const idsOf = (events: readonly QueuedEvent[]) => events.map(({ event }) => event.id);
const positionsOf = (events: readonly QueuedEvent[]) => events.map(({ position }) => settled(position));

export function openMember(servers: StoreServers, arcId: string, memberId = 'receiver-1'): GroupStore {
  return openGroupStore(groupStoreSchema.parse(servers.config), arcId, { memberId });
}

/** Appends as a receiver does: again until it is taken. */
export async function appendForSure(queue: AlarmQueue, events: readonly AlarmEvent[]): Promise<void> {
  await until(
    'the queue takes events',
    roomyMs,
    async () => (await queue.append(events)).length === events.length,
  );
}

/** Everything that is unsettled, in a new opening. */
export async function drain(queue: AlarmQueue, epoch: number): Promise<QueuedEvent[]> {
  await until('the queue opens', roomyMs, async () => (await failure(queue.open(epoch))) === 'done');
  const all: QueuedEvent[] = [];
  for (;;) {
    const some = await queue.pull(epoch, 512, 0);
    if (some.length === 0) return all;
    all.push(...some);
  }
}

export function groupStoreContract(kind: StoreKind): void {
  if (kind.missing !== null) console.warn(`SKIPPED: group store ${kind.name}; ${kind.missing}`);

  describe.skipIf(kind.missing !== null)(`the group store ${kind.name}`, { timeout: 90_000 }, () => {
    let servers: StoreServers;
    let groups = 0;
    const stores: GroupStore[] = [];
    const open = (arcId: string, memberId?: string) => {
      const store = openMember(servers, arcId, memberId);
      stores.push(store);
      return store;
    };
    /** A group of its own, with two members. On a hub the queue belongs to the account, so it is emptied. */
    const newGroup = async () => {
      groups += 1;
      const arcId = `arc-${groups}`;
      const [one, other] = [open(arcId), open(arcId, 'receiver-2')];
      await until('the store serves', roomyMs, async () => (await one.queue.counts()).waiting >= 0);
      const epoch = groups * 1_000;
      const left = await drain(one.queue, epoch);
      if (left.length > 0) await one.queue.settle(epoch, positionsOf(left));
      return { one, other, epoch: epoch + 1 };
    };
    beforeAll(async () => {
      servers = await kind.start();
    }, roomyMs);
    afterAll(async () => {
      await Promise.all(stores.map((store) => store.close()));
      await servers?.close();
    });

    describe('registers', () => {
      it('hold the roster with compare-and-set, and what each member says apart from it', async () => {
        const { one, other } = await newGroup();
        expect(await one.roster.read(enoughMs)).toBeNull();
        const first = await one.roster.write(null, 'ä'.repeat(8_192), enoughMs);
        expect(await failure(other.roster.write(null, 'b', enoughMs))).toBe('conflict');
        expect(await other.roster.read(enoughMs)).toEqual({ text: 'ä'.repeat(8_192), revision: first });
        const second = await other.roster.write(first, 'c', enoughMs);
        expect(await failure(one.roster.write(first, 'd', enoughMs))).toBe('conflict');
        expect(await one.roster.read(enoughMs)).toEqual({ text: 'c', revision: second });

        const mine = one.presence('receiver-1');
        const spoken = await mine.write(null, 'one', enoughMs);
        await other.presence('receiver-2').write(null, 'two', enoughMs);
        await mine.write(spoken, 'one again', enoughMs);
        expect((await other.presence('receiver-1').read(enoughMs))?.text).toBe('one again');
        expect((await one.presence('receiver-2').read(enoughMs))?.text).toBe('two');
        expect(await one.presence('receiver-3').read(enoughMs)).toBeNull();
        expect(await failure(mine.write(spoken, 'late', enoughMs))).toBe('conflict');
      });

      it('refuse a text that is too long', async () => {
        const { one } = await newGroup();
        expect(await failure(one.presence('receiver-1').write(null, 'x'.repeat(8_193), enoughMs))).toBe(
          'invalid_input',
        );
      });

      it('carry the lease of the group', async () => {
        const { one, other, epoch } = await newGroup();
        const pairId = `group-arc-${groups}`;
        const record = { pairId, holder: 'receiver-1', epoch, seq: 1, successor: null };
        const held = await one.lease.compareAndSet(null, record, enoughMs);
        expect(await other.lease.read(enoughMs)).toEqual(held);
      });
    });

    describe('backups', () => {
      it.each([0, 1, 262_144, 262_145, 3_000_000])('come back as they were, %i bytes', async (bytes) => {
        const { one, other } = await newGroup();
        const name = `HF_Backup_arc_${bytes}`;
        const body = Buffer.alloc(bytes, 'Holdfast ä');
        expect(await one.backups.head(name)).toBeNull();
        expect(await one.backups.get(name)).toBeNull();
        await one.backups.put(name, 1, body, 1_700_000_000_000);
        const backup = { name, version: 1, publishedMs: 1_700_000_000_000, bytes };
        expect(await other.backups.head(name)).toEqual(backup);
        const found = await other.backups.get(name);
        expect(found?.backup).toEqual(backup);
        expect(Buffer.compare(Buffer.from(found?.body ?? []), body)).toBe(0);
        await other.backups.remove(name);
        expect(await one.backups.head(name)).toBeNull();
        await one.backups.remove(name);
      });

      it('are replaced by newer versions only', async () => {
        const { one, other } = await newGroup();
        const put = (store: GroupStore, version: number, text: string) =>
          failure(store.backups.put('HF_Backup_arc_v', version, Buffer.from(text), version));
        expect(await put(one, 2, 'two')).toBe('done');
        expect(await put(other, 2, 'other two')).toBe('conflict');
        expect(await put(other, 1, 'one')).toBe('conflict');
        expect(Buffer.from((await one.backups.get('HF_Backup_arc_v'))?.body ?? []).toString()).toBe('two');
        expect(await put(other, 3, 'three')).toBe('done');
        expect(Buffer.from((await one.backups.get('HF_Backup_arc_v'))?.body ?? []).toString()).toBe('three');
        await one.backups.remove('HF_Backup_arc_v');
        expect(await put(one, 1, 'anew')).toBe('done');
        await one.backups.remove('HF_Backup_arc_v');
      });

      it('do not break each other off when one member publishes two at once', async () => {
        const { one, other } = await newGroup();
        const body = (text: string) => Buffer.alloc(1_500_000, text);
        const put = (name: string) => failure(one.backups.put(name, 1, body(name), 1));
        const names = ['HF_Backup_arc_one', 'HF_Backup_arc_two', 'HF_Backup_arc_three'];
        expect(await Promise.all(names.map(put))).toEqual(['done', 'done', 'done']);
        for (const name of names) {
          expect(Buffer.compare((await other.backups.get(name))?.body ?? Buffer.alloc(0), body(name))).toBe(
            0,
          );
          await one.backups.remove(name);
        }
      });

      it('stay what they were when a writer is cut off in the middle', async () => {
        const { one, other } = await newGroup();
        const name = 'HF_Backup_arc_cut';
        await one.backups.put(name, 1, Buffer.from('whole'), 1);
        const writer = open(`arc-${groups}`, 'receiver-3');
        const cut = failure(writer.backups.put(name, 2, Buffer.alloc(20_000_000, 'x'), 2));
        // As soon as it is under way, its connection goes.
        await until(
          'the writer is under way',
          enoughMs,
          async () => (await writer.backups.head(name)) !== null,
        );
        await writer.close();
        expect(await cut).not.toBe('done');
        expect(Buffer.from((await other.backups.get(name))?.body ?? []).toString()).toBe('whole');
        await one.backups.put(name, 2, Buffer.from('next'), 2);
        expect(Buffer.from((await other.backups.get(name))?.body ?? []).toString()).toBe('next');
        await one.backups.remove(name);
      });
    });

    describe('the queue', () => {
      it('gives events in the order in which they were appended, as they were', async () => {
        const { one, other, epoch } = await newGroup();
        const events = newEvents(300).map((event, at) => ({ ...event, account: `10${at % 7}` }));
        await one.queue.append(events.slice(0, 150));
        await one.queue.append(events.slice(150));
        const pulled = await drain(other.queue, epoch);
        expect(pulled.map(({ event }) => event.id).toSorted()).toEqual(events.map(({ id }) => id).toSorted());
        for (let account = 0; account < 7; account += 1) {
          const of = (each: { account: string }) => each.account === `10${account}`;
          expect(pulled.map(({ event }) => event).filter(of)).toEqual(events.filter(of));
        }
        const places = pulled.map(({ position }) => position);
        expect(places).toEqual([...places].sort((a, b) => a - b));
        expect(new Set(places).size).toBe(300);
      });

      it('takes the same event once, also by another member and within a batch', async () => {
        const { one, other, epoch } = await newGroup();
        const [first, second, third] = newEvents(3);
        if (!first || !second || !third) throw new Error('no events');
        expect(await one.queue.append([first, second])).toEqual([{ duplicate: false }, { duplicate: false }]);
        const byHub = { ...first, way: 'hub' as const, receivedMs: first.receivedMs + 9, takenBy: 'hub' };
        const again = await other.queue.append([byHub, third, { ...third }]);
        expect(again).toEqual([{ duplicate: true }, { duplicate: false }, { duplicate: true }]);
        const pulled = await drain(one.queue, epoch);
        expect(idsOf(pulled)).toEqual([first.id, second.id, third.id]);
        // Settled, it is still known.
        await one.queue.settle(epoch, positionsOf(pulled));
        expect(await other.queue.append([second])).toEqual([{ duplicate: true }]);
        expect(await drain(one.queue, epoch)).toEqual([]);
      });

      it('gives each event once per opening, and all that are unsettled again in the next', async () => {
        const { one, epoch } = await newGroup();
        const events = newEvents(5);
        await one.queue.append(events);
        const first = await drain(one.queue, epoch);
        expect(first.length).toBe(5);
        expect(await one.queue.pull(epoch, 10, 0)).toEqual([]);
        // Not in order: the one in the middle waits for its ARC.
        await one.queue.settle(
          epoch,
          positionsOf([first[0], first[1], first[3]].flatMap((each) => each ?? [])),
        );
        expect(await one.queue.counts()).toMatchObject({ waiting: 2, oldestMs: events[2]?.receivedMs });
        expect(idsOf(await drain(one.queue, epoch))).toEqual([events[2]?.id, events[4]?.id]);
        await one.queue.settle(epoch, positionsOf(first));
        await one.queue.settle(epoch, positionsOf(first));
        expect(await one.queue.counts()).toEqual({ waiting: 0, oldestMs: null });
        expect(await drain(one.queue, epoch + 1)).toEqual([]);
      });

      it('pulls no more at a time than asked for, and goes on where it was', async () => {
        const { one, epoch } = await newGroup();
        const events = newEvents(10);
        await one.queue.append(events);
        await one.queue.open(epoch);
        const pages = [await one.queue.pull(epoch, 4, 0), await one.queue.pull(epoch, 4, 0)];
        pages.push(await one.queue.pull(epoch, 4, 0));
        expect(pages.map((page) => page.length)).toEqual([4, 4, 2]);
        expect(pages.flatMap(idsOf)).toEqual(events.map(({ id }) => id));
      });

      it('reaches what lies behind a long stretch of settled ones', async () => {
        const { one, other, epoch } = await newGroup();
        const events = newEvents(700).map((event, at) => ({ ...event, account: `30${at % 50}` }));
        for (let at = 0; at < 700; at += 256) await one.queue.append(events.slice(at, at + 256));
        const pulled = await drain(one.queue, epoch);
        await one.queue.settle(epoch, positionsOf(pulled.slice(1, -1)));
        const ends = [pulled[0], pulled.at(-1)].map((each) => each?.event.id);
        expect(idsOf(await drain(other.queue, epoch + 1))).toEqual(ends);
        expect((await one.queue.counts()).waiting).toBe(2);
      });

      it('is fenced: an earlier epoch neither pulls nor settles once a later one has it', async () => {
        const { one, other, epoch } = await newGroup();
        await one.queue.append(newEvents(4));
        const pulled = await drain(one.queue, epoch);
        await one.queue.settle(epoch, positionsOf(pulled.slice(0, 1)));
        const parked = failure(one.queue.pull(epoch, 10, 8_000));
        await other.queue.open(epoch + 1);
        expect(await parked).toBe('not_active');
        expect(await failure(one.queue.settle(epoch, positionsOf(pulled)))).toBe('not_active');
        expect(await failure(one.queue.pull(epoch, 10, 0))).toBe('not_active');
        expect(await failure(one.queue.open(epoch))).toBe('not_active');
        const left = await drain(other.queue, epoch + 1);
        expect(idsOf(left)).toEqual(idsOf(pulled.slice(1)));
        await other.queue.settle(epoch + 1, positionsOf(left));
        expect((await one.queue.counts()).waiting).toBe(0);
      });

      it('refuses whoever has not opened it', async () => {
        const { one, other, epoch } = await newGroup();
        await one.queue.open(epoch);
        await one.queue.append(newEvents(1));
        expect(await failure(other.queue.pull(epoch + 1, 10, 0))).toBe('not_active');
        expect(await failure(other.queue.settle(epoch + 1, [settled(1)]))).toBe('not_active');
      });

      it('answers a pull that waits as soon as something comes, and with nothing when its time is over', async () => {
        const { one, other, epoch } = await newGroup();
        await one.queue.open(epoch);
        expect(await one.queue.pull(epoch, 10, 50)).toEqual([]);
        const waiting = one.queue.pull(epoch, 10, 20_000);
        // Nothing else is held up by it.
        expect((await one.queue.counts()).waiting).toBe(0);
        const event = newEvent();
        const startMs = performance.now();
        await other.queue.append([event]);
        expect(idsOf(await waiting)).toEqual([event.id]);
        expect(performance.now() - startMs).toBeLessThan(5_000);
      });

      it('keeps order and loses nothing when many append at once', async () => {
        const { one, other, epoch } = await newGroup();
        const accounts = Array.from({ length: 20 }, (_, at) => ({
          queue: at % 2 ? one.queue : other.queue,
          at,
        }));
        await Promise.all(
          accounts.map(async ({ queue, at }) => {
            for (let turn = 0; turn < 10; turn += 1) await queue.append([newEvent(`2${at}00`)]);
          }),
        );
        const pulled = await drain(one.queue, epoch);
        expect(pulled.length).toBe(200);
        for (const { at } of accounts) {
          const received = pulled
            .filter(({ event }) => event.account === `2${at}00`)
            .map(({ event }) => event.receivedMs);
          expect(received).toEqual(received.toSorted((a, b) => a - b));
          expect(received.length).toBe(10);
        }
      });

      it('takes no more than a batch at a time', async () => {
        const { one } = await newGroup();
        expect(await failure(one.queue.append(newEvents(257)))).toBe('invalid_input');
      });
    });

    it('publishes a table for the ingress, large or not', async () => {
      const { one } = await newGroup();
      const accounts = Array.from({ length: 1_201 }, (_, at) => ({
        account: String(10_000 + at),
        name: 'Panel',
        key: null,
        requireEncryption: false,
        enabled: true,
        supervisionSeconds: null,
      }));
      await one.publishIngress({ version: 1, accounts });
      await one.publishIngress({ version: 2, accounts: [] });
    });

    it('keeps all that was acknowledged over kills of the servers, and goes on by itself', async () => {
      const { one, other, epoch } = await newGroup();
      const before = newEvents(20);
      await one.queue.append(before);
      const pulled = await drain(one.queue, epoch);
      await one.queue.settle(epoch, positionsOf(pulled.slice(0, 10)));
      await Promise.all(servers.members.map((member) => member.end('SIGKILL')));
      expect(['unavailable', 'timeout']).toContain(await failure(one.queue.append(newEvents(1))));
      expect(['unavailable', 'timeout']).toContain(await failure(one.queue.counts()));
      for (const member of servers.members) member.start();
      await untilServing(servers, 30_000);
      // Without a new opening: what was not settled is settled, and what comes is pulled.
      const after = newEvents(5);
      await appendForSure(other.queue, after);
      await until('the opening goes on', roomyMs, async () => {
        await one.queue.settle(epoch, positionsOf(pulled.slice(10, 15)));
        return true;
      });
      const next: string[] = [];
      await until('what came is pulled', roomyMs, async () => {
        next.push(...idsOf(await one.queue.pull(epoch, 100, 1_000)));
        return next.length >= 5;
      });
      expect(next).toEqual(after.map(({ id }) => id));
      expect(await other.queue.append([before[0] ?? newEvent(), after[0] ?? newEvent()])).toEqual([
        { duplicate: true },
        { duplicate: true },
      ]);
      const left = await drain(other.queue, epoch + 1);
      expect(idsOf(left)).toEqual([...before.slice(15), ...after].map(({ id }) => id));
    });
  });
}
