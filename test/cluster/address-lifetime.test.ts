import { afterEach, describe, expect, it } from 'vitest';
import { nodeId, pairOf, resource } from '../agent/standby/resources/fakes.ts';
import { canUse, RealRig } from '../agent/standby/resources/real.ts';
import { TwoHosts } from './resources-network.ts';

const canTest = canUse({ programs: { ip: 'iproute2', arping: 'iputils-arping' }, root: true });

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

/** As the guard does it: the right to work is confirmed every half second, until it is not. */
async function held(address: string, more: Record<string, unknown>) {
  const net = new TwoHosts();
  const rig = new RealRig(net.prefix);
  const grant = () => rig.runner.renewAddresses(1, performance.now() + 700);
  const timer = setInterval(grant, 500);
  cleanups.push(
    () => clearInterval(timer),
    () => rig.end(),
    () => net.end(),
  );
  const vip = resource({ kind: 'ip', id: 'vip', address, interfaces: { [nodeId]: 'eth0' }, ...more });
  const arbiter = { kind: 'hub' as const, url: '127.0.0.1:1', account: 'x', key: 'x', fingerprint: 'x' };
  rig.runner.configure({ ...pairOf([vip]), arbiter }, nodeId);
  grant();
  await rig.runner.start(1);
  return { net, rig, silence: () => clearInterval(timer) };
}

describe.skipIf(!canTest).each([
  ['IPv4', '10.77.0.50', 24, {}],
  ['IPv6', 'fd77::50', 64, {}],
  ['IPv4 with a hardware address of its own', '10.77.0.50', 24, { virtualMac: '02:00:5e:00:01:50' }],
])('an address of %s that a lease governs', (_, host, prefix, more) => {
  it('stays while the lease is renewed, and is taken away by the kernel when it is not', async () => {
    const { net, rig, silence } = await held(`${host}/${prefix}`, more);
    const untilMs = performance.now() + 2_500;
    await rig.until(() => {
      expect(net.has(net.here, host)).toBe(true);
      return performance.now() > untilMs;
    }, 'it stayed');
    silence();
    const sinceMs = performance.now();
    await rig.until(() => !net.has(net.here, host), 'it went');
    expect(performance.now() - sinceMs).toBeLessThan(1_500);
  });
});
