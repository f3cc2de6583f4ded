import { expect, it } from 'vitest';
import { createRandom } from '../../../support/random.ts';
import { killRounds } from './kill-rounds.ts';

it('loses no event that it acknowledged, however often it is killed', { timeout: 120_000 }, async () => {
  const result = await killRounds(4, createRandom(7));
  expect(result).toMatchObject({ missing: [], verified: true, counted: true });
  expect(result.acknowledged).toBeGreaterThan(3);
});
