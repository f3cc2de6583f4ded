/** A frozen active: the kernel takes its virtual address away, and it is not added back when it wakes. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLabPossible } from './lab.ts';
import { longestOutageMs, overlapMs } from './measure.ts';
import { buildPair, type NodeName, type TestPair } from './pair.ts';

const missing = ['nginx', 'nft', 'ip'].filter(
  (program) => spawnSync('sh', ['-c', 'command -v "$0"', program]).status !== 0,
);
const canTest = isLabPossible() && missing.length === 0;
if (!canTest)
  console.warn(`SKIPPED: frozen nodes need root and: ip nft nginx; missing: ${missing.join(' ')}`);

/** The default profile's W is 2 s. */
const stoppedWithinMs = 2_000;

describe.skipIf(!canTest)('an active that stands still', { timeout: 60_000 }, () => {
  let pair: TestPair;
  beforeAll(async () => {
    pair = await buildPair({ profile: 'default' });
  }, 60_000);
  afterAll(() => pair?.remove(), 30_000);

  const stillFrozen = (active: NodeName) =>
    pair.lab.pids(active).filter((pid) => !pair.witness.pids.includes(pid));

  it.each([
    { name: 'its guard is frozen', signal: 'SIGSTOP', whom: (node: NodeName) => [pair.pids(node).guard] },
    { name: 'its guard is killed', signal: 'SIGKILL', whom: (node: NodeName) => [pair.pids(node).guard] },
    { name: 'everything on it is frozen', signal: 'SIGSTOP', whom: stillFrozen },
  ] as const)(
    'loses the address in time when $name, and does not bring it back',
    async ({ signal, whom }) => {
      const { witness } = pair;
      const { active, standby } = await pair.settled();
      await witness.answerFrom(active, 10_000);
      const atMs = Date.now();
      const pids = whom(active);
      for (const pid of pids) process.kill(pid, signal);
      await witness.answerFrom(standby, 15_000);
      for (const pid of pids) {
        try {
          process.kill(pid, 'SIGCONT');
        } catch {
          // Ended meanwhile.
        }
      }
      const last = witness.holdings(active).at(-1);
      expect(last?.toMs).toBeGreaterThan(atMs);
      expect((last?.toMs ?? Number.POSITIVE_INFINITY) - atMs).toBeLessThan(stoppedWithinMs);
      expect((await pair.settled()).active).toBe(standby);
      expect(witness.holdings(active).at(-1)).toEqual(last);
      expect(overlapMs(witness.holdings('a'), witness.holdings('b'), Date.now())).toBe(0);
      expect(longestOutageMs(witness.answers, atMs, Date.now())).toBeLessThan(6_000);
    },
  );
});
