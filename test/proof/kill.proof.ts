/** Fifty kills of recorder and agent under load: I1 and I2 hold, and each kill's cost is printed. */
import { expect, it } from 'vitest';
import { killRun } from '../support/kill-run.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000);

it(`fifty kill -9 under load (HOLDFAST_SEED=${seed})`, async () => {
  const result = await killRun({ kills: 50, cameras: 16, seed, say: (line) => console.log(line) });
  const worst = (of: (cost: (typeof result.costs)[number]) => number) => Math.max(...result.costs.map(of));
  console.log(
    JSON.stringify({
      kills: result.costs.length,
      recorderKills: result.costs.filter((cost) => cost.victim === 'recorder').length,
      lostBeforeMsMax: worst((cost) => cost.lostBeforeMs),
      gapMsMax: worst((cost) => cost.gapMs),
      recoveredMsMax: worst((cost) => cost.recoveredMs),
      partsChecked: result.partsChecked,
    }),
  );
  expect(result.faults).toEqual([]);
  expect(worst((cost) => cost.lostBeforeMs)).toBeLessThanOrEqual(2_000);
  expect(result.unexplainedSeconds).toBe(0);
  for (const gap of result.gaps)
    expect(['recorder-restarted', 'agent-down', 'not-configured']).toContain(gap.reason);
}, 900_000);
