/** The hub's machine dies for good with alarms in its queue: the host leaves the group, and the ARC gets them from it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHub } from '../peers/lease-servers/hub.ts';
import type { StoreServers } from '../peers/lease-servers/servers.ts';
import { type Arc, startArc } from '../support/arc.ts';
import { report } from '../support/panel.ts';
import { startReceiver, type TestReceiver, toArc, until } from '../support/receiver.ts';

describe('a host whose hub is gone for good', { timeout: 90_000 }, () => {
  let hub: StoreServers;
  let arc: Arc;
  let host: TestReceiver;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hf-hub-'));
    [hub, arc, host] = await Promise.all([startHub(folder), startArc(), startReceiver('host')]);
    await host.node.client.alarm.setOutput(toArc(arc));
    await host.node.client.device.add({ account: '1234', name: 'Main street 4' });
    if (hub.config.kind !== 'hub') throw new Error('not a hub');
    await host.node.client.group.connect({ store: hub.config, arcId: 'site-1' });
    await until('it works', async () => (await host.node.client.group.status()).self.status === 'working');
  }, 90_000);
  afterAll(async () => {
    await host?.node.remove();
    await Promise.all([hub?.close(), arc?.close()]);
    rmSync(folder, { recursive: true, force: true });
  }, 90_000);

  it('says how many alarms it sends again, and sends them, with those that came meanwhile, in their order', async () => {
    const { client } = host.node;
    expect(await report(host.port, '1234', 'Nri1/BA1')).toMatch(/^"ACK"/);
    await until('the ARC has the first', async () => arc.events.length === 1);
    await until('the queue is empty', async () => (await client.group.status()).queue.waiting === 0);
    arc.setFault('silent');
    expect(await report(host.port, '1234', 'Nri1/BA2')).toMatch(/^"ACK"/);
    expect(await report(host.port, '1234', 'Nri1/BA3')).toMatch(/^"ACK"/);
    await until('both are in the queue', async () => (await client.group.status()).queue.waiting === 2);
    await hub.members[0]?.end();
    expect(await report(host.port, '1234', 'Nri1/BA4')).toMatch(/^"ACK"/);
    await until('it says so', async () => (await client.group.status()).store.state === 'unreachable');
    arc.setFault(null);
    const plan = await client.group.disable({ dryRun: true });
    expect(plan.keeps.join('\n')).toMatch(
      /[23] alarms of the group's queue whose end is not known here: they are sent/,
    );
    expect(await client.group.disable({ dryRun: false, confirm: 'site-1' })).toMatchObject({ done: true });
    await until('the ARC has all', async () => arc.events.length === 4);
    const said = arc.byAccount.get('1234')?.map((data) => data.slice(-3));
    expect(said).toEqual(['BA1', 'BA2', 'BA3', 'BA4']);
    await until('all are settled here', async () => {
      const { alarms } = await client.alarm.list({});
      return alarms.length === 4 && alarms.every(({ state }) => state === 'acknowledged');
    });
    expect(await client.alarm.verify()).toMatchObject({ ok: true });
  });
});
