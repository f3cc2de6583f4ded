import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TestNode } from '../support/node.ts';
import { roleOf, startPair, type TestPair } from '../support/pair.ts';

let pair: TestPair;

beforeAll(async () => {
  pair = await startPair();
}, 60_000);
afterAll(() => pair?.remove(), 60_000);

const isRole = (role: string) => (status: Parameters<typeof roleOf>[0]) => roleOf(status) === role;
async function activeOf(): Promise<[TestNode, TestNode]> {
  const status = await pair.a.client.standby.status();
  return roleOf(status) === 'active' ? [pair.a, pair.b] : [pair.b, pair.a];
}

/** No run of the application on one node overlaps one on the other. */
function expectNeverTwo(): void {
  const runs = pair.runs();
  for (const one of runs) {
    for (const other of runs) {
      if (one.node >= other.node) continue;
      expect(
        one.lastMs < other.firstMs || other.lastMs < one.firstMs,
        `${JSON.stringify(one)} and ${JSON.stringify(other)} ran at the same time`,
      ).toBe(true);
    }
  }
}

describe('a pair of real agents', { timeout: 60_000 }, () => {
  it('refuses a wrong pairing code, and pairs with the right one', async () => {
    const { code, address } = await pair.a.client.standby.pairingCode();
    const wrong = code.startsWith('A') ? `B${code.slice(1)}` : `A${code.slice(1)}`;
    await expect(pair.b.client.standby.join({ address, code: wrong })).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('4 tries are left'),
    });
    const joined = await pair.b.client.standby.join({ address, code: code.toLowerCase() });
    expect(joined.name).toBe('a');
  });

  it('takes settings on one node and has them on both, without a secret in any reply', async () => {
    const config = await pair.config();
    const dry = await pair.a.client.standby.apply({ config, dryRun: true });
    expect(dry).toMatchObject({ problems: [], applied: false });
    const applied = await pair.a.client.standby.apply({ config });
    expect(applied).toMatchObject({ problems: [], applied: true });
    await pair.statusUntil(pair.b, 'the settings on b', (status) => status.settingsAgree === true);
    const shown = JSON.stringify(await pair.b.client.standby.config());
    expect(config.arbiter.kind === 'hub' && shown.includes(config.arbiter.key)).toBe(false);
  });

  it('is brought in on one node, the other stands by', async () => {
    const plan = await pair.a.client.standby.bringIn({});
    expect(plan).toMatchObject({ possible: true, done: true });
    await pair.statusUntil(pair.a, 'a active', isRole('active'));
    const status = await pair.statusUntil(pair.b, 'b standby', isRole('standby'));
    expect(roleOf(status, false)).toBe('active');
    expect(status.forecast).toMatch(/b would take over/);
    expect(new Set(pair.runs().map(({ node }) => node))).toEqual(new Set(['a']));
  });

  it('switches to the other node, and back from there', async () => {
    expect(await pair.a.client.standby.switch({})).toMatchObject({ done: true });
    await pair.statusUntil(pair.b, 'b active', isRole('active'));
    // Active is who has started it; on a busy machine its first word comes later.
    await vi.waitFor(() => expect(pair.runs().at(-1)?.node).toBe('b'), 20_000);
    expect(await pair.a.client.standby.switch({})).toMatchObject({ done: true });
    await pair.statusUntil(pair.a, 'a active', isRole('active'));
    await vi.waitFor(() => expect(pair.runs()).toHaveLength(3), 20_000);
    expectNeverTwo();
    expect(pair.runs().map(({ node }) => node)).toEqual(['a', 'b', 'a']);
  });

  it('goes on while the agent of the active is killed and comes back', async () => {
    const [active] = await activeOf();
    const before = pair.runs().at(-1);
    const guard = pair.guardPid(active);
    process.kill(active.pid(), 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await active.start();
    await pair.statusUntil(active, 'the new agent to find its guard', isRole('active'));
    expect(pair.runs().at(-1)?.pid).toBe(before?.pid);
    expect(pair.guardPid(active)).toBe(guard);
  });

  it('goes on without the hub as long as the peer promises', async () => {
    const [active, standby] = await activeOf();
    const before = pair.runs().at(-1);
    await pair.hub.stop();
    await pair.statusUntil(
      active,
      'the hub to be missed',
      (status) => status.arbiter.state === 'unreachable',
    );
    const sinceMs = Date.now();
    await pair.statusUntil(standby, 'a lease time to pass', () => Date.now() - sinceMs > 4_000);
    expect(pair.runs().at(-1)).toMatchObject({ pid: before?.pid });
    expect(roleOf(await active.client.standby.status())).toBe('active');
    await pair.hub.start();
    await pair.statusUntil(active, 'the hub to be back', (status) => status.arbiter.state === 'reachable');
    expectNeverTwo();
  });

  it('runs it again after the guard of the active was killed, and never twice', async () => {
    const [active, other] = await activeOf();
    const runs = pair.runs().length;
    process.kill(pair.guardPid(active), 'SIGKILL');
    await pair.statusUntil(other, 'one of the two active', (status) => {
      const roles = status.nodes.map(({ role }) => role);
      return pair.runs().length > runs && roles.includes('active');
    });
    expectNeverTwo();
  });

  it('ends a guard that was frozen while it was active, before the other may take over', async () => {
    await pair.statusUntil(pair.a, 'both in their places', (status) =>
      status.nodes.every(({ role }) => role === 'active' || role === 'standby'),
    );
    const [active, other] = await activeOf();
    const runs = pair.runs().length;
    process.kill(pair.guardPid(active), 'SIGSTOP');
    await pair.statusUntil(other, 'it to run again', (status) => {
      const roles = status.nodes.map(({ role }) => role);
      return pair.runs().length > runs && roles.includes('active');
    });
    expectNeverTwo();
  });

  it('explains itself and remembers', async () => {
    const explained = await pair.a.client.standby.explain();
    expect(explained.summary.length).toBeGreaterThan(5);
    const history = await pair.a.client.standby.history({ limit: 100 });
    expect(history.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['bring-in', 'started']));
  });

  it('is not removed while it is brought in', async () => {
    const input = { confirm: 'trace', both: true };
    await expect(pair.a.client.standby.remove(input)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('is brought out on both', async () => {
    const plan = await pair.a.client.standby.bringOut({});
    expect(plan).toMatchObject({ possible: true, done: true });
    await pair.statusUntil(pair.a, 'a out', isRole('out'));
    await pair.statusUntil(pair.b, 'b out', isRole('out'));
    expectNeverTwo();
  });

  it('is removed on both at once', async () => {
    await pair.a.client.standby.remove({ confirm: 'trace', both: true });
    for (const node of [pair.a, pair.b]) {
      await pair.statusUntil(node, 'no pair', ({ configured, nodes }) => !configured && nodes.length === 0);
    }
  });

  it('is set up anew afterwards, and runs the application again', async () => {
    await pair.join();
    const config = await pair.config();
    expect(await pair.a.client.standby.apply({ config })).toMatchObject({ problems: [], applied: true });
    await pair.statusUntil(pair.b, 'the settings on b', (status) => status.settingsAgree === true);
    await pair.statusUntil(pair.a, 'a guard on a', isRole('out'));
    await pair.statusUntil(pair.b, 'a guard on b', isRole('out'));
    expect(await pair.a.client.standby.bringIn({})).toMatchObject({ possible: true, done: true });
    await pair.statusUntil(pair.a, 'a active', isRole('active'));
    await pair.statusUntil(pair.b, 'b standby', isRole('standby'));
    expectNeverTwo();
  });
});
