/** A hub and its clients in one process: strangers see nothing, bounds hold, and a restart makes a candidate look again. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../agent/adapters/clock.ts';
import { type RunningHub, startHub, withAccounts } from '../../../agent/hub/hub.ts';
import { createFrameReader, encodeFrame } from '../../../agent/hub/protocol/codec.ts';
import { openGroupStore } from '../../../agent/spare/store/open.ts';
import { openLeaseStore } from '../../../agent/standby/lease/open.ts';
import type { LeaseStore } from '../../../agent/standby/types.ts';
import type { ArbiterConfig } from '../../../src/contract/standby.ts';
import { newEvents } from '../../contract/group-events.ts';

const enoughMs = 5_000;
let dataDir: string;
let hub: RunningHub;
let key: string;
const stores: LeaseStore[] = [];
const sockets: TLSSocket[] = [];

const start = (listen = '127.0.0.1:0') =>
  startHub({
    ...{ dataDir, listen, clock: systemClock },
    onEvent: () => {},
    onFatal: (error) => {
      throw error;
    },
  });

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'hf-hub-'));
  key = await withAccounts(dataDir, (accounts) => accounts.add('site-1', 0));
  hub = await start();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await hub.close();
  rmSync(dataDir, { recursive: true, force: true });
});

function open(changes: Partial<Extract<ArbiterConfig, { kind: 'hub' }>> = {}): LeaseStore {
  const { listen, fingerprint } = hub.status();
  const config = { kind: 'hub', url: listen, account: 'site-1', key, fingerprint, ...changes } as const;
  const store = openLeaseStore(config, 'pair-1');
  if (!store) throw new Error('no store');
  stores.push(store);
  return store;
}

/** A client that keeps to no rule: what it hears until the hub hangs up. */
async function stranger(
  ...messages: (object | Uint8Array)[]
): Promise<{ heard: unknown[]; closed: boolean }> {
  const [host, port] = hub.status().listen.split(':');
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
  sockets.push(socket);
  const frames = createFrameReader(100_000);
  const heard: unknown[] = [];
  socket.on('data', (bytes: Buffer) => heard.push(...frames.push(bytes)));
  socket.on('error', () => {});
  for (const message of messages)
    socket.write(message instanceof Uint8Array ? message : encodeFrame(message));
  await new Promise((resolve) => {
    socket.on('close', resolve);
    setTimeout(resolve, 1_500);
  });
  return { heard, closed: socket.destroyed };
}

const record = (holder: string | null, epoch: number, seq: number) => ({
  ...{ pairId: 'pair-1', holder, epoch, seq, successor: null },
});
const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );
const hello = (changes: object = {}) => ({
  op: 'hello',
  version: 1,
  account: 'site-1',
  key,
  seen: null,
  ...changes,
});
const read = { op: 'read', id: 1, register: 'lease/pair-1' };

describe('a stranger', () => {
  const refused = [expect.objectContaining({ kind: 'refused', id: null, code: 'unauthorized' })];

  it.each([
    ['with a wrong key', () => hello({ key: 'x' })],
    ['with an unknown account', () => hello({ account: 'nobody' })],
    ['that asks first', () => read],
    ['that asks for the status', () => ({ op: 'status', id: 1 })],
    ['of another version', () => hello({ version: 2 })],
  ])('%s hears the same refusal and is hung up on', async (_name, message) => {
    const { heard, closed } = await stranger(message(), read);
    expect(heard).toEqual(refused);
    expect(closed).toBe(true);
    const texts = heard.map((each) => JSON.stringify(each));
    expect(new Set(texts).size).toBe(1);
  });

  it('that announces a large frame is hung up on', async () => {
    const { heard, closed } = await stranger(Uint8Array.from([0, 1, 0, 0]));
    expect({ heard, closed }).toEqual({ heard: refused, closed: true });
  });

  it('cannot take all places: many from one address are turned away at the door', async () => {
    const [host, port] = hub.status().listen.split(':');
    let turnedAway = 0;
    for (let at = 0; at < 24; at += 1) {
      const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
      socket.on('error', () => {});
      socket.on('close', () => {
        turnedAway += 1;
      });
      sockets.push(socket);
    }
    await vi.waitFor(() => expect(turnedAway).toBe(8), 4_000);
  });
});

describe.skipIf(process.platform !== 'linux')('strangers at many addresses', () => {
  it('cannot keep out who has a key', async () => {
    const [host, port] = hub.status().listen.split(':');
    const visits = Array.from({ length: 64 }, (_, at) => {
      const localAddress = `127.0.1.${1 + (at % 8)}`;
      const plain = connectPlain({ host: host ?? '', port: Number(port), localAddress });
      const socket = connect({ socket: plain, rejectUnauthorized: false });
      sockets.push(socket);
      socket.on('error', () => {});
      return new Promise((resolve) => socket.on('secureConnect', resolve));
    });
    await Promise.all(visits);
    expect(await failure(open().read(enoughMs))).toBe('done');
  });
});

describe('an account', () => {
  it('cannot take the places of the others, however many connections it opens', async () => {
    const other = await withAccounts(dataDir, (accounts) => accounts.add('site-2', 0));
    const [host, port] = hub.status().listen.split(':');
    const codes: unknown[] = [];
    const visit = () =>
      new Promise<void>((resolve) => {
        const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
        sockets.push(socket);
        const frames = createFrameReader(100_000);
        socket.on('error', () => {});
        socket.on('close', () => resolve());
        socket.on('data', (bytes: Buffer) => {
          for (const reply of frames.push(bytes)) codes.push(reply);
          resolve();
        });
        socket.write(encodeFrame(hello()));
      });
    for (let batch = 0; batch < 25; batch += 1) await Promise.all(Array.from({ length: 8 }, visit));
    const refusal = expect.objectContaining({ kind: 'refused', code: 'unavailable' });
    expect(codes.slice(0, 192)).toEqual(Array(192).fill(expect.objectContaining({ kind: 'welcome' })));
    expect(codes.slice(192)).toEqual(Array(8).fill(refusal));
    expect(await failure(open({ account: 'site-2', key: other }).read(enoughMs))).toBe('done');
  }, 20_000);
});

describe('a client', () => {
  it('says nothing to a hub with another certificate', async () => {
    const fingerprint = hub.status().fingerprint.replace(/^../, (pair) => (pair === '00' ? '11' : '00'));
    expect(await failure(open({ fingerprint }).read(enoughMs))).toBe('forbidden');
    expect(hub.status().counts).toEqual({ reads: 0, writes: 0, conflicts: 0, refused: 0 });
  });

  it('that asks too fast is told so, and only it', async () => {
    const [flood, other] = [open(), open()];
    const outcomes: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      outcomes.push(...(await Promise.all(Array.from({ length: 200 }, () => failure(flood.read(enoughMs))))));
    }
    expect(outcomes.slice(0, 200).every((each) => each === 'done')).toBe(true);
    expect(outcomes).toContain('unavailable');
    expect(await failure(other.read(enoughMs))).toBe('done');
  });

  it('is refused as soon as its account is removed, with what it stored', async () => {
    const store = open();
    await store.compareAndSet(null, record('a', 1, 1), enoughMs);
    const held = await failure(
      withAccounts(dataDir, (accounts) => accounts.remove('site-1', false, async () => {})),
    );
    expect(held).toBe('conflict');
    await withAccounts(dataDir, (accounts) => accounts.remove('site-1', true, async () => {}));
    expect(await failure(store.read(enoughMs))).toBe('unauthorized');
    key = await withAccounts(dataDir, (accounts) => accounts.add('site-1', 0));
    expect(await open().read(enoughMs)).toBeNull();
  });
});

describe('the status', () => {
  it('names the members of a group, who of them works, and what waits', async () => {
    const { listen, fingerprint } = hub.status();
    const config = { kind: 'hub', url: listen, account: 'site-1', key, fingerprint } as const;
    const group = openGroupStore(config, 'arc-1', { memberId: 'r-1' });
    const member = { joinedMs: 0 };
    const members = [
      { ...member, id: 'r-1', name: 'North', role: 'host' },
      { ...member, id: 'r-2', name: 'South', role: 'spare-1' },
    ];
    await group.roster.write(null, JSON.stringify({ version: 1, members }), enoughMs);
    const lease = { pairId: 'group-arc-1', holder: 'r-2', epoch: 1, seq: 1, successor: null };
    await group.lease.compareAndSet(null, lease, enoughMs);
    await group.queue.append(newEvents(3));
    await group.backups.put('HF_Backup_arc-1_r-1', 4, Buffer.from('sealed'), 0);
    expect(hub.status().accounts).toMatchObject([
      {
        members: [
          { name: 'North', role: 'host', holdsLease: false },
          { name: 'South', role: 'spare-1', holdsLease: true },
        ],
        queue: { waiting: 3, appended: 3, settled: 0 },
        objects: [{ name: 'HF_Backup_arc-1_r-1', version: 4, bytes: 6 }],
      },
    ]);
    await group.close();
  });
});

describe('a restart of the hub', () => {
  const restart = async () => {
    const { listen } = hub.status();
    await hub.close();
    hub = await start(listen);
  };

  it('lets the holder renew and release on what it knew, but makes a candidate look again', async () => {
    const [holder, candidate] = [open(), open()];
    const held = await holder.compareAndSet(null, record('a', 1, 1), enoughMs);
    const watched = await candidate.read(enoughMs);
    await restart();
    const takeOver = candidate.compareAndSet(watched?.revision ?? null, record('b', 2, 1), enoughMs);
    expect(await failure(takeOver)).toBe('conflict');
    // It reads as another revision, so whoever waits for an unchanged one begins anew.
    const again = await candidate.read(enoughMs);
    expect(again?.record).toEqual(watched?.record);
    expect(again?.revision).not.toBe(watched?.revision);
    const renewed = await holder.compareAndSet(held.revision, record('a', 1, 2), enoughMs);
    await restart();
    const released = await holder.compareAndSet(renewed.revision, record(null, 1, 3), enoughMs);
    expect((await candidate.read(enoughMs))?.record).toEqual(released.record);
  });

  it('takes the take-over of a candidate that has looked again', async () => {
    const [holder, candidate] = [open(), open()];
    await holder.compareAndSet(null, record('a', 1, 1), enoughMs);
    await candidate.read(enoughMs);
    await restart();
    const watched = await candidate.read(enoughMs);
    const taken = await candidate.compareAndSet(watched?.revision ?? null, record('b', 2, 1), enoughMs);
    expect(taken.record.holder).toBe('b');
  });
});

describe('the data folder', () => {
  it('holds no key, and takes no second hub', async () => {
    const stored = readFileSync(join(dataDir, 'hub.db')).toString('latin1');
    expect(stored.includes(key)).toBe(false);
    expect(await failure(start())).toBe('conflict');
    expect(hub.status().accounts).toMatchObject([{ name: 'site-1', connections: 0 }]);
  });
});
