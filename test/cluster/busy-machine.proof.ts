/** The guard keeps its deadlines while processors, memory and disk are saturated: no lease is lost, and clients notice nothing. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { longestOutageMs, overlapMs } from './measure.ts';
import { canProve } from './needs.ts';
import { buildPair, type TestPair } from './pair.ts';
import { until } from './recording.ts';

const canTest = canProve('a saturated machine', { 'stress-ng': 'stress-ng' });
const loadSeconds = 30;
const loads = [
  '--cpu',
  '4',
  '--io',
  '2',
  '--vm',
  '2',
  '--vm-bytes',
  '256M',
  '--hdd',
  '2',
  '--hdd-bytes',
  '64M',
];

describe.skipIf(!canTest)('a saturated machine', { timeout: 90_000 }, () => {
  let pair: TestPair;
  beforeAll(async () => {
    pair = await buildPair({ profile: 'default' });
  }, 60_000);
  afterAll(() => pair?.remove(), 30_000);

  it('loses no lease, keeps the address where it is, and its clients see no outage', async () => {
    const { lab, witness } = pair;
    const { active } = await pair.settled();
    await witness.answerFrom(active, 10_000);
    const { epoch } = pair.status(active);
    const [service] = pair.servicePids(active);
    await until(async () => witness.holdings(active).length > 0, 'word of the watcher');
    const holding = witness.holdings(active).at(-1);
    const fromMs = Date.now();
    const command = [
      'stress-ng',
      ...loads,
      '--timeout',
      String(loadSeconds),
      '--temp-path',
      pair.dataDir(active),
    ];
    const [code] = await once(lab.start(active, command), 'exit');
    expect(code).toBe(0);
    const toMs = Date.now();
    expect(toMs - fromMs).toBeGreaterThan(loadSeconds * 900);
    await witness.answerFrom(active, 10_000);
    const outageMs = longestOutageMs(witness.answers, fromMs, toMs);
    console.log(JSON.stringify({ loadSeconds, longestSilenceMs: outageMs }));
    expect((await pair.settled()).active).toBe(active);
    expect(pair.status(active).epoch).toBe(epoch);
    expect(pair.servicePids(active)).toContain(service);
    expect(witness.holdings(active).at(-1)).toEqual(holding);
    expect(overlapMs(witness.holdings('a'), witness.holdings('b'), toMs)).toBe(0);
    // The client itself waits for a processor among all these.
    expect(outageMs).toBeLessThan(1_500);
    expect(pair.cli(active, 'standby', 'explain')).not.toMatch(/ran out|not renewed for/);
  });
});
