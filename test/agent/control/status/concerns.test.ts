import { describe, expect, it } from 'vitest';
import { doctorChecks } from '../../../../agent/control/doctor/checks.ts';
import { concernsOf } from '../../../../agent/control/status/concerns.ts';
import { mergeCameras, mergePools, mergeSpaces } from '../../../../agent/control/status/merge.ts';
import { servicesOf } from '../../../../agent/control/status/services.ts';
import { doctorCheckSchema } from '../../../../src/contract/index.ts';
import { parseSettings } from '../../../../src/settings/migrate.ts';
import { sampleStatus } from '../../../support/sample-status.ts';

const status = sampleStatus();
const well = {
  services: servicesOf({ recorder: 'running', spaces: [], listen: '127.0.0.1:6060' }),
  spaces: status.spaces.map((space) => ({ ...space, state: 'normal' as const, problem: null, hint: null })),
  pools: status.pools.map((pool) => ({ ...pool, status: 'normal' as const })),
  cameras: status.cameras.map((camera) => ({ ...camera, recording: 'normal' as const, enabled: true })),
  passwordChanged: true,
  dataFolderFreeBytes: 50e9,
  certificateExpiresAtMs: 1e15,
  alarms: [],
  pair: [],
  recordsNothing: false,
  nowMs: 1e12,
};

describe('the three questions', () => {
  it('are each answered with one word of peace when all is well', () => {
    const concerns = concernsOf(well);
    expect(concerns.map((concern) => concern.question).sort()).toEqual(['recorded', 'service', 'todo']);
    expect(concerns.every((concern) => concern.level === 'ok')).toBe(true);
  });

  it('are answered worst first, each trouble with a hint and a page', () => {
    const [first] = well.cameras;
    if (!first) throw new Error('no sample camera');
    const concerns = concernsOf({
      ...well,
      cameras: [{ ...first, id: 'c9', recording: 'streaming-error', problem: 'no answer from 10.0.0.9' }],
      services: servicesOf({ recorder: 'starting', spaces: [], listen: null }),
      passwordChanged: false,
    });
    const levels = concerns.map((concern) => concern.level);
    expect(levels).toEqual(
      [...levels].sort(
        (a, b) => ['error', 'warning', 'ok'].indexOf(a) - ['error', 'warning', 'ok'].indexOf(b),
      ),
    );
    expect(concerns[0]).toMatchObject({ level: 'error', question: 'recorded', page: 'recording' });
    expect(concerns[0]?.text).toContain('no answer from 10.0.0.9');
    for (const concern of concerns) if (concern.level !== 'ok') expect(concern.hint).toBeTruthy();
  });

  it('count many cameras instead of listing them all, and leave out those switched off', () => {
    const [first] = well.cameras;
    if (!first) throw new Error('no sample camera');
    const failing = Array.from({ length: 40 }, (_, index) => ({
      ...first,
      id: `c${index}`,
      enabled: index < 20,
      recording: 'streaming-error' as const,
    }));
    const recorded = concernsOf({ ...well, cameras: failing }).filter(
      (concern) => concern.question === 'recorded',
    );
    expect(recorded).toHaveLength(6);
    expect(recorded.at(-1)?.text).toContain('15 more');
  });

  it.each([
    ['no space', { spaces: [], pools: [], cameras: [] }, 'space add'],
    ['no pool', { pools: [], cameras: [] }, 'pool add'],
    ['no camera', { cameras: [] }, 'camera add'],
    ['a full data folder', { dataFolderFreeBytes: 1e6 }, 'Free space'],
    ['an ending certificate', { certificateExpiresAtMs: 1e12 + 86_400_000 }, 'certificate'],
  ])('say what to do about %s', (_, change, hint) => {
    const todo = concernsOf({ ...well, ...change }).filter((concern) => concern.question === 'todo');
    expect(todo[0]?.level).not.toBe('ok');
    expect(todo[0]?.hint).toContain(hint);
  });
});

describe('the merged status', () => {
  const settings = parseSettings({
    version: 1,
    node: { id: 'n', name: 'n', timeZone: 'UTC', createdAtMs: 1 },
    spaces: [{ id: 's1', name: 's', path: '/s', quotaBytes: 100, blockBytes: 10, createdAtMs: 1 }],
    pools: [
      { id: 'p1', name: 'p', strategy: 'capacity', shares: [{ spaceId: 's1', bytes: 50 }], createdAtMs: 1 },
    ],
    cameras: [
      { id: 'c1', name: 'c', url: 'rtsp://h/', poolId: 'p1', createdAtMs: 1 },
      { id: 'c2', name: 'c', url: 'rtsp://h/', poolId: 'p1', enabled: false, createdAtMs: 1 },
    ],
  });
  const [sample] = status.cameras;
  const live = {
    pid: 1,
    startedAtMs: 1,
    rssBytes: 1,
    cpuPercent: 1,
    bitsPerSecond: 1,
    partsLost: 0,
    spaces: [],
    pools: [],
    cameras: [
      {
        id: 'c1',
        connection: 'connected' as const,
        recording: 'normal' as const,
        reason: null,
        problem: null,
        sinceMs: 5,
        media: sample?.media ?? null,
        bitsPerSecond: 9,
        recordedBytes: 9,
        packetsLost: 0,
        partsLost: 0,
        reconnects: 0,
        lastFrameMs: 9,
      },
    ],
  };

  it('never shows a stale camera as recording', () => {
    expect(mergeCameras(settings, { status: live, health: 'running' })[0]).toMatchObject({
      recording: 'normal',
    });
    expect(mergeCameras(settings, { status: live, health: 'failed' })[0]).toMatchObject({
      recording: 'recording-error',
      connection: 'disconnected',
      bitsPerSecond: 0,
      recordedBytes: 9,
      problem: expect.stringContaining('not running'),
    });
  });

  it('shows what was never reported as in trouble, not as well', () => {
    const view = { status: null, health: 'failed' as const };
    expect(mergeSpaces(settings, view)[0]).toMatchObject({ state: 'error', allocatedBytes: 50 });
    expect(mergePools(settings, view)[0]).toMatchObject({ status: 'degraded', totalBytes: 50, cameras: 2 });
    expect(mergeCameras(settings, view)[1]).toMatchObject({
      connection: 'disabled',
      recording: 'off-plan',
      problem: null,
    });
  });
});

describe('the doctor', () => {
  const machine = {
    nodeVersion: '24.21.0',
    openFilesMax: 65_536,
    receiveBufferMaxBytes: 8e6,
    time: { daemon: 'chrony', synchronized: true },
    dataFolder: { writable: true, problem: null, freeBytes: 50e9 },
    socketMode: 0o600,
    memory: { totalBytes: 8e9, freeBytes: 6e9 },
  };
  const { spaces, pools, cameras, services } = well;
  const good = { ...status, spaces, pools, cameras, services, recorder: { ...status.recorder, restarts: 0 } };
  const resultOf = (name: string, change: object, changedStatus: object = {}) =>
    doctorChecks({
      machine: { ...machine, ...change },
      status: { ...good, ...changedStatus },
      certificateExpiresAtMs: good.timeMs + 1e11,
    }).find((check) => check.name === name);

  it('passes a node that is well, in every check', () => {
    const checks = doctorChecks({ machine, status: good, certificateExpiresAtMs: good.timeMs + 1e11 });
    for (const check of checks)
      expect(doctorCheckSchema.parse(check), check.name).toMatchObject({ result: 'pass', fix: null });
  });

  it('says what keeps the clock, and trusts a time daemon that cannot be asked', () => {
    const evidenceOf = (time: object) => resultOf('clock', { time });
    expect(evidenceOf({ daemon: 'ntpd', synchronized: null })).toMatchObject({ result: 'pass' });
    expect(evidenceOf({ daemon: 'ntpd', synchronized: null })?.evidence).toContain('ntpd runs');
    expect(evidenceOf({ daemon: null, synchronized: true })).toMatchObject({ result: 'pass' });
    expect(evidenceOf({ daemon: 'chrony', synchronized: false })?.fix).toContain('chrony');
  });

  it.each([
    ['node-version', { nodeVersion: '22.1.0' }, {}, 'fail'],
    ['data-folder', { dataFolder: { writable: false, problem: 'EROFS', freeBytes: 1e12 } }, {}, 'fail'],
    ['data-folder-room', { dataFolder: { writable: true, problem: null, freeBytes: 1e6 } }, {}, 'fail'],
    ['local-console', { socketMode: 0o666 }, {}, 'fail'],
    ['open-files', { openFilesMax: 256 }, {}, 'warn'],
    ['receive-buffer', { receiveBufferMaxBytes: 212_992 }, {}, 'warn'],
    ['memory', { memory: { totalBytes: 1e9, freeBytes: 1e6 } }, {}, 'warn'],
    ['clock', { time: { daemon: null, synchronized: null } }, {}, 'warn'],
    ['clock', { time: { daemon: 'ntpd', synchronized: false } }, {}, 'warn'],
    ['recorder', {}, { services: servicesOf({ recorder: 'failed', spaces: [], listen: null }) }, 'fail'],
    ['spaces', {}, { spaces: [] }, 'warn'],
    ['cameras', {}, { cameras: [] }, 'warn'],
    ['certificate', {}, { timeMs: good.timeMs + 2e11 }, 'fail'],
  ])('finds trouble with %s and tells how to mend it', (name, change, changedStatus, result) => {
    const check = resultOf(name, change, changedStatus);
    expect(check?.result).toBe(result);
    expect(check?.fix).toBeTruthy();
  });
});
