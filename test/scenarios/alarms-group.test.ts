/** Two receivers of one group as real processes, on a real hub: joining, following, switching, leaving. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GroupClearing, GroupStatus, GroupStoreConfig } from '../../src/contract/index.ts';
import type { AppError } from '../../src/errors.ts';
import { startHub } from '../peers/lease-servers/hub.ts';
import type { StoreServers } from '../peers/lease-servers/servers.ts';
import { type Arc, startArc } from '../support/arc.ts';
import { report } from '../support/panel.ts';
import { killReceiver, startReceiver, type TestReceiver, toArc, until } from '../support/receiver.ts';

describe('two receivers in a group on a hub', { timeout: 90_000 }, () => {
  let hub: StoreServers;
  let store: GroupStoreConfig;
  let arc: Arc;
  let host: TestReceiver;
  let spare: TestReceiver;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hf-hub-'));
    hub = await startHub(folder);
    if (hub.config.kind !== 'hub') throw new Error('not a hub');
    store = hub.config;
    arc = await startArc();
    [host, spare] = await Promise.all([startReceiver('host'), startReceiver('spare')]);
    await host.node.client.alarm.setOutput(toArc(arc));
    await host.node.client.device.add({ account: '1234', name: 'Main street 4' });
  }, 90_000);
  afterAll(async () => {
    await Promise.all([host?.node.remove(), spare?.node.remove()]);
    await hub?.close();
    await arc?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 90_000);

  const group = (receiver: TestReceiver): Promise<GroupStatus> => receiver.node.client.group.status();
  const works = async (receiver: TestReceiver) => (await group(receiver)).self.status === 'working';

  it('become host and spare, and the host works', async () => {
    const first = await host.node.client.group.connect({ store, arcId: 'site-1' });
    expect(first.role).toBe('host');
    const second = await spare.node.client.group.connect({ store, arcId: 'site-1' });
    expect(second.role).toBe('spare-1');
    await until('the host works', () => works(host));
    const shown = JSON.stringify([await group(host), await spare.node.client.log.search({})]);
    expect(store.kind === 'hub' && shown.includes(store.key)).toBe(false);
  });

  it('the spare follows an edit on the host within two seconds, and refuses its own', async () => {
    const { client } = spare.node;
    await until('the spare has the device', async () => (await client.device.list({})).total === 1);
    const atMs = Date.now();
    await host.node.client.device.add({ account: '5678', name: 'Harbour' });
    await until('the spare has it', async () => (await client.device.list({})).total === 2);
    expect(Date.now() - atMs).toBeLessThan(4_000);
    await expect(client.device.add({ account: '9999', name: 'Here' })).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('host host'),
    });
    expect((await client.alarm.outputs()).map(({ id }) => id)).toEqual(['arc']);
  });

  it('an event at the spare is forwarded by the host', async () => {
    expect(await report(spare.port, '5678', 'Nri1/BA1')).toMatch(/^"ACK"/);
    await until('the ARC has it', async () => arc.events.length === 1);
    await until('the host shows it', async () => {
      const { alarms } = await host.node.client.alarm.list({ account: '5678' });
      return alarms[0]?.state === 'acknowledged' && alarms[0].device === 'Harbour';
    });
    expect(await host.node.client.alarm.status()).toMatchObject({ queue: { waiting: 0, unshared: 0 } });
  });

  it('the spare works when the host is killed, and the host again when it is back', async () => {
    killReceiver(host);
    process.kill(host.node.pid(), 'SIGKILL');
    expect(await report(spare.port, '1234', 'Nri1/BA2')).toMatch(/^"ACK"/);
    const atMs = Date.now();
    await until('the spare works', () => works(spare));
    await until('the ARC has it', async () => arc.events.length === 2);
    expect(Date.now() - atMs).toBeLessThan(15_000);
    await host.node.start();
    await until('the host works again', () => works(host));
    // Each tells its own status, a tenth of a second old at most: only the store knows who works at one moment.
    await until('the spare stands by', async () => (await group(spare)).self.status === 'standby');
    expect(await report(host.port, '1234', 'Nri1/BA3')).toMatch(/^"ACK"/);
    await until('the ARC has it', async () => arc.events.length === 3);
  });

  it('events are acknowledged while the hub is away, and reach the ARC when it is back', async () => {
    const [member] = hub.members;
    await member?.end();
    expect(await report(host.port, '1234', 'Nri1/BA4')).toMatch(/^"ACK"/);
    expect(await report(host.port, '1234', 'Nri1/BA5')).toMatch(/^"ACK"/);
    await until('it is told', async () => (await host.node.client.alarm.status()).queue.unshared === 2);
    member?.start();
    await until('the ARC has both', async () => arc.events.length === 5);
    expect(arc.byAccount.get('1234')?.slice(-2)).toEqual(['#1234|Nri1/BA4', '#1234|Nri1/BA5']);
  });

  it('ends when the host leaves: the spare forgets its copy and stands alone', async () => {
    await until('all is well', async () => (await works(host)) && (await group(host)).queue.waiting === 0);
    const { client } = host.node;
    const plan = await client.group.disable({ dryRun: true });
    expect(plan).toMatchObject({ done: false });
    await expect(client.group.disable({ dryRun: false })).rejects.toMatchObject({ code: 'invalid_input' });
    // While the hub counts an alarm as waiting the host may not leave; what the ARC has is settled a moment later.
    let summary: GroupClearing | undefined;
    await until('the host may leave', async () => {
      summary = await client.group.disable({ dryRun: false, confirm: 'site-1' }).catch((error: AppError) => {
        if (error.code !== 'conflict') throw error;
        return undefined;
      });
      return summary !== undefined;
    });
    expect(summary).toMatchObject({ done: true, clears: plan.clears });
    expect(await group(host)).toMatchObject({ enabled: false });
    expect((await client.device.list({})).total).toBe(2);
    await until('the spare stands alone', async () => {
      const { enabled } = await group(spare);
      return !enabled && (await spare.node.client.device.list({})).total === 0;
    });
    await spare.node.client.device.add({ account: '9999', name: 'Here' });
  });

  it('a former spare keeps what comes for an output, and told otherwise answers no device until it has one', async () => {
    const { client } = spare.node;
    expect(await report(spare.port, '9999', 'Nri1/BA5')).toMatch(/^"ACK"/);
    await client.alarm.configure({ keepWithoutOutput: false });
    const before = await client.alarm.status();
    expect(before.outputs).toEqual([]);
    expect(await report(spare.port, '9999', 'Nri1/BA6', 500)).toBe(null);
    expect((await client.alarm.status()).lastNumber).toBe(before.lastNumber);
    // Its ARC does not answer: that is what the queue is for.
    await client.alarm.setOutput({ ...toArc(arc), port: 1 });
    expect(await report(spare.port, '9999', 'Nri1/BA7')).toMatch(/^"ACK"/);
    await client.alarm.removeOutput({ id: 'arc' });
    expect(await report(spare.port, '9999', 'Nri1/BA8', 500)).toBe(null);
    await client.alarm.configure({ keepWithoutOutput: true });
    expect(await report(spare.port, '9999', 'Nri1/BA9')).toMatch(/^"ACK"/);
  });
});
