/** What the agent calls a trouble of its storage or its recorder, before the guard acts on it. */
import { describe, expect, it } from 'vitest';
import {
  Lasting,
  recorderProblem,
  storageProblem,
  tellHealth,
} from '../../../../agent/control/standby/node-health.ts';
import type { NodeHealth } from '../../../../agent/standby/guard/protocol/schema.ts';
import { settingsSchema } from '../../../../src/settings/schema.ts';
import { samplePairConfig } from '../../../support/sample-pair.ts';
import { FakeClock } from '../fake-clock.ts';

const share = (spaceId: string) => ({ spaceId, bytes: 1 << 20 });
const pool = (name: string, ...spaces: string[]) => ({
  id: name,
  name,
  strategy: 'capacity',
  shares: spaces.map(share),
  createdAtMs: 0,
});
const camera = (id: string, poolId: string | null, enabled = true) => ({
  id,
  name: id,
  url: 'rtsp://192.0.2.9/1',
  poolId,
  enabled,
  createdAtMs: 0,
});
const settings = settingsSchema.parse({
  version: 1,
  node: { id: 'n-1', name: 'store-01', timeZone: 'UTC', createdAtMs: 0 },
  pools: [pool('main', 's1', 's2'), pool('idle', 's3')],
  cameras: [camera('c1', 'main'), camera('c2', 'idle', false), camera('c3', null)],
  pair: {
    pairId: 'pair-7c1f9e',
    peer: { nodeId: 'n-2', name: 'store-02', host: '192.0.2.2', port: 7341, fingerprint: 'AB' },
    sealedKey: 'k',
    config: samplePairConfig(),
  },
});
const space = (id: string, state: 'normal' | 'lost' | 'error') => ({
  id,
  state,
  problem: state === 'normal' ? null : `${id} is gone`,
});

describe('storage of the pair', () => {
  it('is lost when no space of a pool with cameras is left, and not for one of several', () => {
    const some = [space('s1', 'lost'), space('s2', 'normal'), space('s3', 'lost')];
    expect(storageProblem(settings, some, 'active')).toBeNull();
    const all = [space('s1', 'lost'), space('s2', 'error'), space('s3', 'normal')];
    expect(storageProblem(settings, all, 'active')).toBe(
      'pool main has no space left to record into: s1 is gone',
    );
  });

  it('is not lost on a standby because the active holds the space', () => {
    const held = [space('s1', 'error'), space('s2', 'error')];
    expect(storageProblem(settings, held, 'standby')).toBeNull();
    expect(storageProblem(settings, [space('s1', 'lost'), space('s2', 'lost')], 'standby')).not.toBeNull();
  });

  it('is not called lost while the recorder has said nothing of its spaces', () => {
    expect(storageProblem(settings, [], 'active')).toBeNull();
  });
});

describe('the recorder', () => {
  it.each([
    ['running', 900, null],
    ['running', 10_500, 'the recorder does not answer'],
    ['waiting', 0, 'the recorder does not run'],
  ] as const)('%s and silent for %d ms: %s', (phase, ageMs, problem) => {
    expect(recorderProblem({ phase, status: () => ({ status: statusWith([]), ageMs }) })).toBe(problem);
  });
});

describe('a trouble', () => {
  it('counts once it has lasted, and is over once all is sound', () => {
    const lasting = new Lasting(5_000, 2_000);
    expect(lasting.look('bad', 0)).toBeNull();
    expect(lasting.look('bad', 5_000)).toBe('bad');
    expect(lasting.look(null, 6_000)).toBe('bad');
    expect(lasting.look(null, 8_000)).toBeNull();
    expect(lasting.look('bad', 9_000)).toBeNull();
  });

  it('counts although it pauses, as with a process that dies again and again', () => {
    const lasting = new Lasting(15_000, 10_000);
    let last: string | null = null;
    for (let atMs = 0; atMs <= 16_000; atMs += 1_000)
      last = lasting.look(atMs % 4_000 < 2_000 ? 'dies' : null, atMs);
    expect(last).toBe('dies');
  });

  it('is none when one restart was enough', () => {
    const lasting = new Lasting(15_000, 10_000);
    const seen = new Set<string | null>();
    for (let atMs = 0; atMs <= 40_000; atMs += 1_000)
      seen.add(lasting.look(atMs < 8_000 ? 'dies' : null, atMs));
    expect([...seen]).toEqual([null]);
  });
});

describe('what the guard is told', () => {
  const run = async (config: typeof settings, forMs: number) => {
    const clock = new FakeClock();
    const sent: NodeHealth[] = [];
    const spaces = [space('s1', 'lost'), space('s2', 'lost')];
    const end = tellHealth({
      clock,
      settings: () => config,
      recorder: { phase: 'waiting', status: () => ({ status: statusWith(spaces), ageMs: 0 }) },
      role: () => 'active',
      send: async (health) => {
        sent.push(health);
        throw new Error('the guard is being started');
      },
    });
    await clock.run(forMs, 500);
    end();
    expect(clock.pendingTimers).toBe(0);
    return sent;
  };

  it('is both troubles once they last, every second, whether or not it listens', async () => {
    const sent = await run(settings, 20_000);
    expect(sent).toHaveLength(20);
    expect(sent[0]).toEqual({ storage: null, process: null });
    expect(sent[6]?.storage).toContain('pool main');
    expect(sent.at(-1)?.process).toBe('the recorder does not run');
  });

  it('is nothing of a recorder that the pair does not use', async () => {
    const pair = settings.pair && { ...settings.pair, config: samplePairConfig({ resources: [] }) };
    const sent = await run({ ...settings, pair }, 20_000);
    expect(sent.at(-1)).toEqual({ storage: null, process: null });
  });
});

function statusWith(spaces: readonly ReturnType<typeof space>[]) {
  const whole = spaces.map((each) => ({
    name: each.id,
    path: `/${each.id}`,
    deviceType: 'ssd' as const,
    progress: null,
    quotaBytes: 0,
    blockBytes: 0,
    blocks: { total: 0, free: 0, open: 0, sealed: 0, bad: 0 },
    usedBytes: 0,
    allocatedBytes: 0,
    latencyMs: null,
    checkedAtMs: null,
    hint: null,
    ...each,
  }));
  return {
    pid: 1,
    startedAtMs: 0,
    rssBytes: 0,
    cpuPercent: 0,
    bitsPerSecond: 0,
    partsLost: 0,
    spaces: whole,
    pools: [],
    cameras: [],
  };
}
