/** Real faults in network namespaces: whatever is killed, frozen, cut or filled, never two holders, and the service comes back. */
import { spawnSync } from 'node:child_process';
import { statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { isLabPossible, killNow } from './lab.ts';
import { overlapMs } from './measure.ts';
import { buildPair, type NodeName, powerOff, powerOn, type TestPair } from './pair.ts';

const missing = ['nginx', 'nft', 'ip'].filter(
  (program) => spawnSync('sh', ['-c', 'command -v "$0"', program]).status !== 0,
);
const canTest = isLabPossible() && missing.length === 0;
if (!canTest) {
  console.warn(
    `SKIPPED: real failover of a pair: needs root, network namespaces, and the packages iproute2, nftables, nginx-light${
      missing.length > 0 ? ` (missing here: ${missing.join(', ')})` : ''
    }`,
  );
}

const patienceMs = 20_000;

describe.skipIf(!canTest)('a pair with real faults', { timeout: 60_000 }, () => {
  let pair: TestPair;
  let active: NodeName;
  let standby: NodeName;
  /** Of the lease, before the fault: what is said of an earlier fault does not count. */
  let epoch: number;

  beforeAll(async () => {
    pair = await buildPair({ profile: 'default', smallDiskMib: 48 });
  }, 60_000);
  afterAll(() => pair?.remove(), 30_000);
  beforeEach(async () => {
    ({ active, standby } = await pair.settled());
    ({ epoch } = pair.status(active));
  });
  afterEach(async () => {
    const { witness } = pair;
    expect(overlapMs(witness.holdings('a'), witness.holdings('b'), Date.now())).toBe(0);
  });

  const explained = (node: NodeName) => pair.cli(node, 'standby', 'explain');
  const notRenewed = () => new RegExp(`lease of epoch ${epoch} was not renewed for`);
  const released = (before = epoch) => new RegExp(`lease of epoch ${before} was released to it`);
  const answers = (node: NodeName) => pair.witness.answerFrom(node, patienceMs);
  const anyAnswer = () => pair.witness.answerFrom(['a', 'b'], patienceMs);
  /** The whole explanation when the words are not in it. */
  const untilExplained = async (node: NodeName, words: RegExp) => {
    const deadlineMs = Date.now() + patienceMs;
    while (!words.test(explained(node)) && Date.now() < deadlineMs) await anyAnswer();
    expect(explained(node)).toMatch(words);
  };
  /** The service goes on where it is for longer than a lease could be taken over in. */
  const staysFor = async (ms: number) => {
    const [before] = pair.servicePids(active);
    const sinceMs = Date.now();
    for (let at = sinceMs; at < sinceMs + ms; at = (await answers(active)).atMs);
    expect(pair.servicePids(active)).toContain(before);
    expect((await pair.settled()).active).toBe(active);
  };

  it('answers at the virtual address from the node that was brought in', async () => {
    expect((await answers(active)).from).toBe('a');
    await untilExplained('a', /node-a is active .*renews its lease/);
  });

  it('moves with a switch', async () => {
    pair.cli(active, 'standby', 'switch');
    await answers(standby);
    await untilExplained(standby, released());
  });

  it('starts a crashed service again where it ran', async () => {
    for (const pid of pair.servicePids(active)) killNow(pid);
    await answers(active);
    expect((await pair.settled()).active).toBe(active);
    const web = () => pair.status(active).resources.find(({ id }) => id === 'web');
    expect(web()).toMatchObject({ state: 'running', restarts: 1 });
  });

  it('ends a service that does not want to stop, and then moves', async () => {
    pair.setStubborn(true);
    pair.cli(active, 'standby', 'switch');
    await answers(standby);
    pair.setStubborn(false);
    await pair.settled();
    pair.cli(standby, 'standby', 'switch');
    await answers(active);
    expect(pair.servicePids(standby)).toEqual([]);
    await untilExplained(active, released(epoch + 1));
  });

  it('goes on while the agent is dead', async () => {
    const [service] = pair.servicePids(active);
    const { agent, guard } = pair.pids(active);
    killNow(agent);
    await answers(active);
    // Its supervisor starts another, which finds the guard at work.
    await vi.waitFor(() => expect(pair.pids(active).agent).not.toBe(agent), { timeout: patienceMs });
    expect((await pair.settled()).active).toBe(active);
    expect(pair.pids(active).guard).toBe(guard);
    expect(pair.servicePids(active)).toContain(service);
    await untilExplained(standby, /did not take over: .*renewed/);
  });

  it('runs again after the guard of the active was killed', async () => {
    killNow(pair.pids(active).guard);
    const after = await pair.settled().then(async () => {
      await anyAnswer();
      return pair.settled();
    });
    expect(pair.status(after.active).epoch).toBeGreaterThan(epoch);
    await untilExplained(after.active, notRenewed());
  });

  it('takes over from a node without power, which joins again as the standby', async () => {
    powerOff(pair, active);
    await answers(standby);
    await untilExplained(standby, notRenewed());
    await powerOn(pair, active);
    expect((await pair.settled()).active).toBe(standby);
    await untilExplained(active, /did not take over: .*renewed/);
  });

  it('never lets a frozen guard keep the address, and runs on', async () => {
    const { guard } = pair.pids(active);
    process.kill(guard, 'SIGSTOP');
    await untilExplained(standby, notRenewed());
    await anyAnswer();
    wake([guard]);
    await pair.settled();
  });

  it('takes over from a node of which every process is frozen', async () => {
    const frozen = pair.lab.pids(active).filter((pid) => !pair.witness.pids.includes(pid));
    for (const pid of frozen) process.kill(pid, 'SIGSTOP');
    try {
      await answers(standby);
      await untilExplained(standby, notRenewed());
    } finally {
      wake(frozen);
    }
    expect((await pair.settled()).active).toBe(standby);
  });

  it('goes on without the heartbeat cable', async () => {
    pair.lab.cut(active, 'heartbeat');
    await staysFor(4_000);
    expect(pair.status(active).links.find(({ id }) => id === 'direct')?.state).toBe('down');
    pair.lab.mend(active, 'heartbeat');
  });

  it.each([
    { name: 'the service cable of the active is cut', networks: ['service'] },
    { name: 'all cables of the active are cut', networks: ['service', 'heartbeat'] },
  ] as const)('takes over when $name', async ({ networks }) => {
    for (const network of networks) pair.lab.cut(active, network);
    await answers(standby);
    await untilExplained(standby, notRenewed());
    for (const network of networks) pair.lab.mend(active, network);
    expect((await pair.settled()).active).toBe(standby);
    await untilExplained(active, /node-[ab](: | stopped|.*service network|.*ran out)/);
  });

  it.each([
    { name: 'on the service network', networks: ['service'], why: /released|network/ },
    { name: 'by nobody at all', networks: ['service', 'heartbeat'], why: /was not renewed for/ },
  ] as const)('takes over when the active hears all but is not heard $name', async ({ networks, why }) => {
    for (const network of networks) pair.lab.mute(active, network);
    try {
      await answers(standby);
      await untilExplained(standby, why);
    } finally {
      for (const network of networks) pair.lab.unmute(active, network);
    }
    expect((await pair.settled()).active).toBe(standby);
  });

  it('goes on by promise while the arbiter is dead', async () => {
    pair.stopHub();
    await untilExplained(active, /promises not to take over/);
    await staysFor(4_000);
    await pair.startHub();
    await untilExplained(active, /It renews its lease/);
  });

  it.each([
    { name: 'the active', side: () => active, words: /promises not to take over/ },
    { name: 'the standby', side: () => standby, words: /renews its lease/ },
  ])('stays where it is while the arbiter is out of reach for $name alone', async ({ side, words }) => {
    const cutOff = side();
    pair.lab.deny(cutOff, 'arbiter');
    try {
      await staysFor(4_000);
      await untilExplained(active, words);
      expect(pair.status(cutOff).arbiter.state).toBe('unreachable');
    } finally {
      pair.lab.allow(cutOff);
    }
  });

  it('goes on, or moves, when the disk of the active is full', async () => {
    if (active !== 'a') {
      pair.cli(active, 'standby', 'switch');
      await answers('a');
      await pair.settled();
    }
    const filler = join(pair.dataDir('a'), 'filler');
    fill(filler);
    try {
      expect(statSync(filler).size).toBeGreaterThan(0);
      for (const pid of pair.servicePids('a')) killNow(pid);
      await anyAnswer();
      await untilExplained('b', /did not take over|took the lease/);
    } finally {
      unlinkSync(filler);
    }
    pair.cli('b', 'standby', 'switch');
    await anyAnswer();
    await pair.settled();
  });
});

function wake(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // Ended meanwhile, as it should be.
    }
  }
}

/** Writes until there is no room left. */
function fill(path: string): void {
  const block = Buffer.alloc(1 << 20);
  for (let mib = 0; mib < 1_024; mib += 1) {
    try {
      writeFileSync(path, block, { flag: 'a' });
    } catch {
      return;
    }
  }
  throw new Error(`${path} lies on a disk without an end`);
}
