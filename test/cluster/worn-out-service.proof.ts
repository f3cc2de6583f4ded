/** A service that dies more often than its restart tries allow is handed to the other node, which says why. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killNow } from './lab.ts';
import { longestOutageMs, overlapMs } from './measure.ts';
import { canProve } from './needs.ts';
import { buildPair, type NodeName, type TestPair } from './pair.ts';
import { until } from './recording.ts';

const canTest = canProve('a service that dies again and again');

describe.skipIf(!canTest)('a service that dies again and again', { timeout: 60_000 }, () => {
  let pair: TestPair;
  beforeAll(async () => {
    pair = await buildPair({ profile: 'default', restartTriesMax: 1 });
  }, 60_000);
  afterAll(() => pair?.remove(), 30_000);

  const kill = (node: NodeName) => {
    for (const pid of pair.servicePids(node)) killNow(pid);
  };
  const web = (node: NodeName) => pair.status(node).resources.find(({ id }) => id === 'web');

  it('is started again in place once, and then runs on the other node', async () => {
    const { witness } = pair;
    const { active, standby } = await pair.settled();
    await witness.answerFrom(active, 10_000);
    const { epoch } = pair.status(active);
    kill(active);
    await until(async () => web(active)?.restarts === 1 && web(active)?.state === 'running', 'a restart');
    await witness.answerFrom(active, 10_000);
    const fromMs = Date.now();
    kill(active);
    await witness.answerFrom(standby, 10_000);
    expect((await pair.settled()).active).toBe(standby);
    expect(pair.status(standby).epoch).toBe(epoch + 1);
    expect(pair.servicePids(active)).toEqual([]);
    const outageMs = longestOutageMs(witness.answers, fromMs, Date.now());
    console.log(JSON.stringify({ outageMs }));
    expect(outageMs).toBeLessThan(3_000);
    expect(overlapMs(witness.holdings('a'), witness.holdings('b'), Date.now())).toBe(0);
    const told = pair.cli(standby, 'standby', 'explain');
    expect(told).toMatch(/web failed for good/);
    expect(told).toMatch(/was released to it/);
  });

  it('goes nowhere while the trigger is switched off: it is tried again where it is', async () => {
    const { witness } = pair;
    const { active } = await pair.settled();
    pair.cli(active, 'standby', 'policy', 'set', 'triggers.resource=false');
    await until(async () => pair.status(active).settingsAgree === true, 'agreement');
    const { epoch } = pair.status(active);
    kill(active);
    await until(async () => web(active)?.restarts === 1 && web(active)?.state === 'running', 'a restart');
    kill(active);
    await until(
      async () => /the trigger is switched off/.test(pair.cli(active, 'standby', 'explain')),
      'words',
    );
    await witness.answerFrom(active, 15_000);
    expect((await pair.settled()).active).toBe(active);
    expect(pair.status(active).epoch).toBe(epoch);
  });
});
