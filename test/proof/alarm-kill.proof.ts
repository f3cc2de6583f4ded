/** Forty kills of a process that records alarms: every event that it had acknowledged is there, and the chain holds. */
import { expect, it } from 'vitest';
import { killRounds } from '../agent/alarms/store/kill-rounds.ts';
import { createRandom } from '../support/random.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000);

it(`forty kill -9 while alarms are recorded (HOLDFAST_SEED=${seed})`, async () => {
  const result = await killRounds(40, createRandom(seed));
  console.log(
    JSON.stringify({ kills: 40, acknowledged: result.acknowledged, missing: result.missing.length }),
  );
  expect(result).toMatchObject({ missing: [], verified: true, counted: true });
}, 300_000);
