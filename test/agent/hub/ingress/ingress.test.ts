/** The hub's DC-09 ingress: devices of the published table are acknowledged when the queue has their event, and supervised. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalEvent } from '../../../../agent/alarms/intake/teller.ts';
import type { AlarmEvent } from '../../../../agent/alarms/types.ts';
import { type RunningHub, startHub, withAccounts } from '../../../../agent/hub/hub.ts';
import { parseDoor } from '../../../../agent/hub/ingress/ingress.ts';
import { openGroupStore } from '../../../../agent/spare/store/open.ts';
import type { GroupStore, IngressTable } from '../../../../agent/spare/types.ts';
import {
  eventually,
  frameOf,
  keyHex,
  openPanel,
  type Panel,
  ShiftedClock,
  secretFrame,
} from '../../alarms/intake/desk.ts';

let dataDir: string;
let clock: ShiftedClock;
let hub: RunningHub;
let store: GroupStore;
let key: string;
let told: JournalEvent[];
const panels: Panel[] = [];

async function start(): Promise<void> {
  hub = await startHub({
    dataDir,
    clock,
    listen: '127.0.0.1:0',
    dc09: ['127.0.0.1:0=site-1'],
    onEvent: (event) => void told.push(event),
    onFatal: (error) => {
      throw error;
    },
  });
  const { listen, fingerprint } = hub.status();
  const config = { kind: 'hub', url: listen, account: 'site-1', key, fingerprint } as const;
  store = openGroupStore(config, 'site-1', { memberId: 'receiver-1' });
}
async function stop(): Promise<void> {
  for (const { socket } of panels.splice(0)) socket.destroy();
  await store.close();
  await hub.close();
}

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'hf-ingress-'));
  clock = new ShiftedClock();
  told = [];
  key = await withAccounts(dataDir, (accounts) => accounts.add('site-1', 0));
  await start();
});
afterEach(async () => {
  await stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const device = (account: string, changes: Partial<IngressTable['accounts'][number]> = {}) => ({
  ...{ account, name: 'Panel', key: null, requireEncryption: false, enabled: true, supervisionSeconds: null },
  ...changes,
});
const publish = (...accounts: IngressTable['accounts']) => store.publishIngress({ version: 1, accounts });
const ingress = () => {
  const [found] = hub.status().ingress;
  if (!found) throw new Error('no ingress');
  return found;
};
async function panel(): Promise<Panel> {
  const opened = await openPanel(Number(ingress().listen?.split(':').at(-1)));
  panels.push(opened);
  return opened;
}
let epoch = 1;
async function queued(count: number): Promise<AlarmEvent[]> {
  epoch += 1;
  await store.queue.open(epoch);
  const events: AlarmEvent[] = [];
  await expect
    .poll(
      async () => {
        events.push(...(await store.queue.pull(epoch, 100, 0)).map(({ event }) => event));
        return events.length;
      },
      { timeout: 10_000 },
    )
    .toBeGreaterThanOrEqual(count);
  return events;
}

describe('the ingress', () => {
  it('acknowledges a device for what the queue has, plain and encrypted', async () => {
    await publish(device('1234'), device('ABCD', { key: keyHex, requireEncryption: true }));
    const one = await panel();
    one.send(frameOf(), secretFrame(clock.nowMs()));
    expect((await one.answered(2)).map(({ id, encrypted }) => [id, encrypted])).toEqual([
      ['ACK', false],
      ['ACK', true],
    ]);
    expect(await queued(2)).toMatchObject([
      { account: '1234', known: true, way: 'hub', takenBy: 'hub', forward: true, content: { code: 'BA' } },
      { account: 'ABCD', known: true, encrypted: true },
    ]);
    expect(ingress()).toMatchObject({ devices: 2, tableVersion: 1, received: 2, unknownAccounts: 0 });
  });

  it('keeps events of accounts that nobody published, flagged', async () => {
    const one = await panel();
    one.send(frameOf({ account: '9999' }));
    expect((await one.answered(1)).map(({ id }) => id)).toEqual(['ACK']);
    expect(await queued(1)).toMatchObject([{ account: '9999', known: false }]);
    expect(ingress()).toMatchObject({ tableVersion: null, unknownAccounts: 1 });
  });

  it('does not acknowledge what the queue cannot take', async () => {
    await publish(device('1234'));
    const one = await panel();
    await withAccounts(dataDir, (accounts) => accounts.remove('site-1', true, async () => {}));
    one.send(frameOf());
    await eventually(() => expect(told.length).toBeGreaterThan(0));
    expect(one.answers).toEqual([]);
  });

  it('queues the same event once when it also came by a receiver', async () => {
    await publish(device('1234'));
    const one = await panel();
    one.send(frameOf({ timestamp: null }));
    await one.answered(1);
    const [event] = await queued(1);
    if (!event) throw new Error('no event');
    const direct = {
      ...event,
      way: 'direct' as const,
      takenBy: 'receiver-1',
      receivedMs: event.receivedMs + 40,
    };
    expect(await store.queue.append([direct])).toEqual([{ duplicate: true }]);
  });

  it('knows its devices over a restart, and keeps no key of theirs in the open', async () => {
    await publish(device('ABCD', { key: keyHex, requireEncryption: true }));
    for (const file of ['hub.db', 'hub.db-wal']) {
      expect(readFileSync(join(dataDir, file)).toString('latin1')).not.toContain(keyHex);
    }
    await stop();
    await start();
    const one = await panel();
    one.send(secretFrame(clock.nowMs()));
    expect((await one.answered(1)).map(({ id }) => id)).toEqual(['ACK']);
    expect(ingress()).toMatchObject({ devices: 1, tableVersion: 1 });
  });

  it('starts without the key of its tables: the host publishes them again', async () => {
    await publish(device('1234'));
    await stop();
    rmSync(join(dataDir, 'hub.key'));
    await start();
    expect(ingress().tableVersion).toBeNull();
    await publish(device('1234'));
    expect(ingress().devices).toBe(1);
  });

  it('tells a device as lost after its interval, and as back, also over a restart of the hub', async () => {
    await publish(device('1234', { supervisionSeconds: 30 }), device('5678'));
    const one = await panel();
    one.send(frameOf());
    await one.answered(1);
    clock.shift(31_000);
    expect(await queued(2)).toMatchObject([
      { kind: 'device' },
      { kind: 'supervision', account: '1234', data: '#1234|NYC' },
    ]);
    await eventually(() => expect(ingress().lost).toBe(1));
    await stop();
    await start();
    expect(ingress().lost).toBe(1);
    const again = await panel();
    again.send(frameOf({ id: 'NULL', sequence: '0000', data: '' }));
    await again.answered(1);
    clock.shift(1_001);
    expect((await queued(3)).at(-1)).toMatchObject({
      kind: 'supervision',
      content: { qualifier: 'restore' },
    });
    await eventually(() => expect(ingress().lost).toBe(0));
  });
});

describe('a door', () => {
  it.each([
    ['6080=site-1', { host: '0.0.0.0', port: 6080, account: 'site-1' }],
    ['127.0.0.1:6080=a', { host: '127.0.0.1', port: 6080, account: 'a' }],
    ['[::1]:6080=a', { host: '::1', port: 6080, account: 'a' }],
  ])('is read from %s', (text, door) => {
    expect(parseDoor(text)).toEqual(door);
  });

  it.each(['6080', '=a', '6080=', '6080=No Name', 'x=a', '70000=a'])('is not read from %s', (text) => {
    expect(() => parseDoor(text)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});
