import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { nodeId, pairOf, resource } from '../agent/standby/resources/fakes.ts';
import { canUse, RealRig } from '../agent/standby/resources/real.ts';
import { TwoHosts } from './resources-network.ts';

const canTest = canUse({
  programs: { ip: 'iproute2', arping: 'iputils-arping', ping: 'iputils-ping' },
  root: true,
});
const sendUa = '/usr/libexec/heartbeat/send_ua';

const cleanups: (() => unknown)[] = [];
function hosts(options = {}): { net: TwoHosts; rig: RealRig } {
  const net = new TwoHosts(options);
  const rig = new RealRig(net.prefix);
  cleanups.push(
    () => rig.end(),
    () => net.end(),
  );
  return { net, rig };
}

afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

const vip = (address: string, more: Record<string, unknown> = {}) =>
  resource({ kind: 'ip', id: 'vip', address, interfaces: { [nodeId]: 'eth0' }, ...more });

describe.skipIf(!canTest).each([
  ['IPv4', '10.77.0.50', 24],
  ['IPv6', 'fd77::50', 64],
])('a virtual IP of %s', (_, host, prefix) => {
  const address = `${host}/${prefix}`;

  it('is reached by a neighbour that remembered another machine, and is gone after stop', async () => {
    const { net, rig } = hosts();
    net.mislead(host);
    await rig.configure(vip(address)).runner.start(1);
    await rig.until(() => net.believed(host) === net.mac(net.here), 'the neighbour heard the announcement');
    expect(net.reaches(host)).toBe(true);
    await rig.runner.start(1);
    await rig.runner.stop();
    expect(net.has(net.here, host)).toBe(false);
    await rig.runner.stop();
  });

  it('in use on the network is refused, with who answers', async () => {
    const { net, rig } = hosts();
    net.in(net.there, 'address', 'add', address, 'dev', 'eth0', ...(host.includes(':') ? ['nodad'] : []));
    await rig.until(() => net.hasLinkLocal(), 'the link-local address is there');
    await expect(rig.configure(vip(address)).runner.start(1)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(
        `${host} is already in use on the network of eth0: ${net.mac(net.there)} answers`,
      ),
      details: { mac: net.mac(net.there), id: 'vip' },
    });
    expect(net.has(net.here, host)).toBe(false);
  });

  it('in use on the network is refused on an interface that has just come up, too', async () => {
    const { net, rig } = hosts({ askFirst: true });
    net.in(net.there, 'address', 'add', address, 'dev', 'eth0', ...(host.includes(':') ? ['nodad'] : []));
    await expect(rig.configure(vip(address)).runner.start(1)).rejects.toThrow(
      `${host} is already in use on the network of eth0`,
    );
    expect(net.has(net.here, host)).toBe(false);
  });

  it('that somebody removes is put back', async () => {
    const { net, rig } = hosts();
    await rig.configure(vip(address, { monitorIntervalSeconds: 0.1 })).runner.start(1);
    net.in(net.here, 'address', 'delete', address, 'dev', 'eth0');
    await rig.until(() => rig.state('vip')?.restarts === 1 && net.has(net.here, host), 'it is back');
  });

  it('with a virtual hardware address moves with it, and the node keeps its own', async () => {
    const { net, rig } = hosts();
    const virtualMac = '02:00:5e:00:01:50';
    const own = net.mac(net.here);
    net.mislead(host);
    await rig.configure(vip(address, { virtualMac })).runner.start(1);
    await rig.until(() => net.believed(host) === virtualMac, 'the neighbour knows the virtual address');
    expect(net.reaches(host)).toBe(true);
    expect(net.believed(host)).toBe(virtualMac);
    expect(net.mac(net.here)).toBe(own);
    expect(net.reaches('10.77.0.1')).toBe(true);
    await rig.runner.stop();
    expect(net.in(net.here, '-o', 'link')).not.toContain('macvlan');
    expect(net.reaches(host)).toBe(false);
  });

  it('is dropped within half a second while another resource hangs', async () => {
    const { net, rig } = hosts();
    const slow = resource({
      kind: 'script',
      id: 'slow',
      start: ['true'],
      stop: ['sleep', '20'],
      monitor: ['true'],
      stopTimeoutSeconds: 0.5,
    });
    await rig.configure(vip(address), slow).runner.start(1);
    const stopping = rig.runner.stop();
    stopping.catch(() => undefined);
    const startedMs = performance.now();
    await rig.runner.dropAddresses();
    expect(performance.now() - startedMs).toBeLessThan(500);
    expect(net.has(net.here, host)).toBe(false);
    await expect(stopping).rejects.toMatchObject({ details: { id: 'slow' } });
  });

  it('dropped in the middle of its start does not come back', async () => {
    const { net, rig } = hosts();
    rig.configure(vip(address));
    for (const delayMs of [0, 20, 100, 160, 170, 180, 200]) {
      const starting = rig.runner.start(1);
      starting.catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      // On a busy machine it may be late, and says so.
      const late = (error: unknown) => expect(error).toMatchObject({ code: 'timeout' });
      await rig.runner.dropAddresses().catch(late);
      await starting.catch(() => undefined);
      expect(net.has(net.here, host), `after ${delayMs} ms`).toBe(false);
      expect(rig.state('vip')?.state).toBe('unknown');
      await rig.runner.stop();
    }
  });
});

describe.skipIf(!canTest)('the network of a virtual IP', () => {
  it('without link is told at start and by the monitor', async () => {
    const { net, rig } = hosts();
    rig.configure(vip('10.77.0.50/24', { monitorIntervalSeconds: 0.1, restartTriesMax: 0 }));
    await rig.runner.start(1);
    net.in(net.there, 'link', 'set', 'eth0', 'down');
    await rig.until(() => rig.failures.length === 1, 'the failure is reported');
    expect(rig.failures[0]).toEqual({ id: 'vip', problem: 'eth0 has no link' });
    await rig.runner.stop();
    await expect(rig.runner.start(2)).rejects.toThrow('vip could not be started: eth0 has no link');
  });

  it('on an interface that is not there is refused', async () => {
    const { rig } = hosts();
    rig.configure(vip('10.77.0.50/24', { interfaces: { '*': 'eth7' } }));
    await expect(rig.runner.start(1)).rejects.toThrow('this node has no interface eth7');
  });

  it('set by hand on another interface of the node is refused', async () => {
    const { net, rig } = hosts();
    net.in(net.here, 'address', 'add', '10.77.0.50/32', 'dev', 'lo');
    await expect(rig.configure(vip('10.77.0.50/24')).runner.start(1)).rejects.toThrow(
      '10.77.0.50 is configured on lo of this node already',
    );
  });

  it('forgotten is told again after five seconds', { timeout: 15_000 }, async () => {
    if (!existsSync(sendUa)) console.warn('SKIPPED in part: install resource-agents for send_ua');
    const { net, rig } = hosts();
    const six = resource({ kind: 'ip', id: 'six', address: 'fd77::50/64', interfaces: { '*': 'eth0' } });
    await rig.configure(vip('10.77.0.50/24'), six).runner.start(1);
    await rig.until(() => net.has(net.here, '10.77.0.50'), 'up');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const wanted = existsSync(sendUa) ? ['10.77.0.50', 'fd77::50'] : ['10.77.0.50'];
    for (const host of wanted) net.mislead(host);
    await rig.until(() => wanted.every((host) => net.believed(host) === net.mac(net.here)), 'told again');
  });
});

const hasIPaddr2 =
  canTest && canUse({ programs: { '/usr/lib/ocf/resource.d/heartbeat/IPaddr2': 'resource-agents' } });

describe.skipIf(!hasIPaddr2)('the real agent ocf:heartbeat:IPaddr2', () => {
  it('brings an address up and down', async () => {
    const { net, rig } = hosts();
    const parameters = { ip: '10.77.0.60', cidr_netmask: '24', nic: 'eth0' };
    rig.configure(resource({ kind: 'ocf', id: 'ip2', agent: 'heartbeat:IPaddr2', parameters }));
    await rig.runner.start(1);
    expect(net.reaches('10.77.0.60')).toBe(true);
    await rig.runner.stop();
    expect(net.has(net.here, '10.77.0.60')).toBe(false);
  });
});

describe.skipIf(!canTest)('an application of several resources', () => {
  it('is up and down as a whole, in order', async () => {
    const { net, rig } = hosts();
    const web = resource({
      kind: 'process',
      id: 'web',
      after: ['vip'],
      command: ['python3', '-m', 'http.server', '--bind', '10.77.0.50', '8080'],
    });
    rig.runner.configure(pairOf([web, vip('10.77.0.50/24')]), nodeId);
    await rig.runner.start(1);
    expect(net.has(net.here, '10.77.0.50')).toBe(true);
    expect(rig.state('web')?.state).toBe('running');
    await rig.runner.stop();
    expect(net.has(net.here, '10.77.0.50')).toBe(false);
  });
});
