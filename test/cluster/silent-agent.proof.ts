/** An agent that stands still while its guard works: the application is left to the other node, and `explain` says why. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { overlapMs } from './measure.ts';
import { canProve } from './needs.ts';
import { buildPair, type TestPair } from './pair.ts';
import { until } from './recording.ts';

const canTest = canProve('an agent that stands still');

describe.skipIf(!canTest)('an agent that stands still', { timeout: 90_000 }, () => {
  let pair: TestPair;
  beforeAll(async () => {
    pair = await buildPair({ profile: 'default' });
  }, 60_000);
  afterAll(() => pair?.remove(), 30_000);

  it('hands over after 15 s, and takes nothing back when it wakes', async () => {
    const { witness } = pair;
    const { active, standby } = await pair.settled();
    await witness.answerFrom(active, 10_000);
    const { agent } = pair.pids(active);
    const fromMs = Date.now();
    process.kill(agent, 'SIGSTOP');
    let movedMs = 0;
    try {
      ({ atMs: movedMs } = await witness.answerFrom(standby, 40_000));
    } finally {
      process.kill(agent, 'SIGCONT');
    }
    expect(movedMs - fromMs).toBeGreaterThan(14_000);
    expect((await pair.settled()).active).toBe(standby);
    expect(overlapMs(witness.holdings('a'), witness.holdings('b'), Date.now())).toBe(0);
    const told = async () => pair.cli(active, 'standby', 'explain');
    await until(async () => /the agent has said nothing for 15 s/.test(await told()), 'the reason');
    expect(await told()).toMatch(/process-lost/);
  });
});
