/** A node that is killed goes on by itself: a short run of the proof that `npm run proof` makes with fifty kills. */
import { expect, it } from 'vitest';
import { killRun } from '../support/kill-run.ts';

it('records again by itself after each kill -9, loses at most two seconds, and names the reason', async () => {
  const result = await killRun({ kills: 5, cameras: 4, seed: 7 });
  expect(result.faults).toEqual([]);
  expect(result.partsChecked).toBeGreaterThan(10);
  expect(Math.max(...result.costs.map((cost) => cost.lostBeforeMs))).toBeLessThanOrEqual(2_000);
  expect(result.unexplainedSeconds).toBe(0);
  for (const gap of result.gaps)
    expect(['recorder-restarted', 'agent-down', 'not-configured']).toContain(gap.reason);
}, 150_000);
