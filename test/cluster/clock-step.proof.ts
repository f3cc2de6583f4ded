/** A wall clock that is set by an hour under a running pair moves nothing: no decision reads it. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PreflightCheck } from '../../src/contract/index.ts';
import { longestOutageMs, overlapMs } from './measure.ts';
import { canProve } from './needs.ts';
import { buildPair, type NodeName, type TestPair } from './pair.ts';
import { until } from './recording.ts';

/** Debian's place of libfaketime, by the machine's architecture. */
const library = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((path) => existsSync(path));
const canTest = canProve('a clock that is set by an hour', { faketime: 'faketime' }) && library !== undefined;

describe.skipIf(!canTest)('a clock that is set by an hour', { timeout: 90_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'hf-time-'));
  const offset = join(folder, 'offset');
  let pair: TestPair;

  beforeAll(async () => {
    writeFileSync(offset, '+0\n');
    // CLOCK_REALTIME has no namespace of its own; only what runs on node a is told another time. Monotonic time stays.
    const env = {
      LD_PRELOAD: library ?? '',
      FAKETIME_TIMESTAMP_FILE: offset,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    pair = await buildPair({ profile: 'default', env: { a: env } });
  }, 60_000);
  afterAll(async () => {
    await pair?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  /** How far a is from b, as the preflight of the pair measures it over the peer link. */
  const offsetMs = (): number => {
    let text = '';
    try {
      text = pair.cli('a', 'standby', 'preflight', '--json');
    } catch (error) {
      // A check fails, which the exit code says too; the document is there.
      text = String(error).slice(String(error).indexOf('['));
    }
    const checks = JSON.parse(text.slice(text.indexOf('['), text.lastIndexOf(']') + 1)) as PreflightCheck[];
    const evidence = checks.find(({ id }) => id === 'clock')?.evidence ?? '';
    const [, ms = '0', way] = /is (\d+) ms (behind|ahead of)/.exec(evidence) ?? [];
    return way === 'behind' ? Number(ms) : -Number(ms);
  };

  const stays = async (active: NodeName, step: string, expectedMs: number) => {
    const { witness } = pair;
    const { epoch } = pair.status(active);
    const [service] = pair.servicePids(active);
    const fromMs = Date.now();
    writeFileSync(offset, `${step}\n`);
    await until(async () => Math.abs(offsetMs() - expectedMs) < 2_000, `a clock ${step} s off`);
    expect((await pair.settled()).active).toBe(active);
    expect(pair.status(active).epoch).toBe(epoch);
    expect(pair.servicePids(active)).toContain(service);
    // Longer than a lease could be taken over in; and the answers that waited behind the commands above are read.
    const untilMs = Math.max(Date.now(), fromMs + 6_000);
    let lastMs = 0;
    while (lastMs < untilMs) ({ atMs: lastMs } = await witness.answerFrom(active, 10_000));
    expect(longestOutageMs(witness.answers, fromMs, lastMs)).toBeLessThan(2_000);
    expect(pair.servicePids(active)).toContain(service);
    expect(overlapMs(witness.holdings('a'), witness.holdings('b'), Date.now())).toBe(0);
  };

  it.each(['active', 'standby'] as const)('forward and back changes nothing on the %s', async (role) => {
    if ((await pair.settled()).active !== (role === 'active' ? 'a' : 'b')) {
      pair.cli('a', 'standby', 'switch');
      await pair.witness.answerFrom(role === 'active' ? 'a' : 'b', 10_000);
    }
    const { active } = await pair.settled();
    await stays(active, '+3600', 3_600_000);
    await stays(active, '-3600', -3_600_000);
    await stays(active, '+0', 0);
  });

  it('does not keep the pair from switching, nor from telling what happened', async () => {
    writeFileSync(offset, '+3600\n');
    await until(async () => Math.abs(offsetMs() - 3_600_000) < 2_000, 'a clock off by an hour');
    const { active, standby } = await pair.settled();
    pair.cli(active, 'standby', 'switch');
    await pair.witness.answerFrom(standby, 10_000);
    expect((await pair.settled()).active).toBe(standby);
    expect(pair.cli(standby, 'standby', 'explain')).toMatch(/was released to it/);
  });
});
