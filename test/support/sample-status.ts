/** One believable node at one fixed moment: eight cameras of which two are in trouble, two pools, three spaces. */
import type { Camera, Concern, LogEntry, NodeStatus, Pool, Space } from '../../src/contract/index.ts';

/** Friday 2026-11-20 14:21:07 in Berlin. */
export const sampleNowMs = Date.parse('2026-11-20T13:21:07Z');

const gb = 1e9;
const tb = 1e12;

function camera(id: number, name: string, patch: Partial<Camera> = {}): Camera {
  return {
    id: `c${id}`,
    name,
    channel: id,
    url: `rtsp://192.0.2.${10 + id}:554/stream1`,
    hasCredentials: true,
    transport: 'tcp',
    poolId: 'p1',
    plan: 'always',
    enabled: true,
    connection: 'connected',
    recording: 'normal',
    reason: null,
    problem: null,
    sinceMs: null,
    media: {
      videoCodec: 'h265',
      audioCodec: 'aac',
      width: 2560,
      height: 1440,
      framesPerSecond: 25,
      notes: [],
    },
    bitsPerSecond: 3_900_000 + id * 173_000,
    recordedBytes: 38 * gb + id * gb,
    packetsLost: 0,
    partsLost: 0,
    reconnects: 0,
    lastFrameMs: sampleNowMs - 40,
    ...patch,
  };
}

export const sampleCameras: readonly Camera[] = [
  camera(1, 'Main entrance'),
  camera(2, 'Gate north', {
    connection: 'disconnected',
    recording: 'streaming-error',
    reason: 'camera-unreachable',
    problem: 'No answer from 192.0.2.12:554 for 23 minutes. Look at the camera’s power and network.',
    sinceMs: sampleNowMs - 23 * 60_000,
    bitsPerSecond: 0,
    reconnects: 41,
    lastFrameMs: sampleNowMs - 23 * 60_000,
  }),
  camera(3, 'Car park level 1', { packetsLost: 12 }),
  camera(4, 'Car park level 2', {
    recording: 'recording-error',
    reason: 'no-space',
    problem: 'Pool "archive" has no free block left. Expand it, or shorten what is locked.',
    sinceMs: sampleNowMs - 4 * 60_000,
    poolId: 'p2',
    partsLost: 118,
  }),
  camera(5, 'Lobby'),
  camera(6, 'Loading bay', {
    connection: 'connecting',
    recording: 'streaming-error',
    reason: 'stream-stalled',
    problem: 'The stream stalled; connecting again.',
    sinceMs: sampleNowMs - 5_000,
    bitsPerSecond: 0,
  }),
  camera(7, 'Server room', {
    enabled: false,
    connection: 'disabled',
    recording: 'off-plan',
    bitsPerSecond: 0,
    media: null,
  }),
  camera(8, 'Cash desk 3 – Kasse', { poolId: 'p2' }),
];

function space(id: number, path: string, patch: Partial<Space> = {}): Space {
  return {
    id: `s${id}`,
    name: path.split('/').at(-1) ?? path,
    path,
    deviceType: 'hdd',
    state: 'normal',
    progress: null,
    quotaBytes: 4 * tb,
    blockBytes: 256 * 2 ** 20,
    blocks: { total: 14_900, free: 3_800, open: 6, sealed: 11_094, bad: 0 },
    usedBytes: 2.98 * tb,
    allocatedBytes: 4 * tb,
    latencyMs: 7.4,
    checkedAtMs: sampleNowMs - 3_000,
    problem: null,
    hint: null,
    ...patch,
  };
}

export const sampleSpaces: readonly Space[] = [
  space(1, '/srv/video/disk1'),
  space(2, '/srv/video/disk2', {
    state: 'initializing',
    progress: {
      percent: 37.4,
      doneBytes: 0.748 * tb,
      totalBytes: 2 * tb,
      bytesPerSecond: 212e6,
      secondsLeft: 5_900,
    },
    quotaBytes: 2 * tb,
    usedBytes: 0,
    allocatedBytes: 0,
    blocks: { total: 7_450, free: 2_786, open: 0, sealed: 0, bad: 0 },
    latencyMs: 11.9,
  }),
  space(3, '/mnt/nas/holdfast', {
    deviceType: 'nas',
    state: 'lost',
    problem: 'The folder is not reachable: host is down.',
    hint: 'Look at the NAS and at the mount /mnt/nas; it is taken up again by itself.',
    quotaBytes: 1 * tb,
    usedBytes: 1 * tb,
    allocatedBytes: 1 * tb,
    latencyMs: null,
    checkedAtMs: sampleNowMs - 61_000,
  }),
];

export const samplePools: readonly Pool[] = [
  {
    id: 'p1',
    name: 'main',
    strategy: 'capacity',
    cycleDays: null,
    maxLockedPercent: 20,
    syncIntervalMs: 1000,
    status: 'normal',
    problem: null,
    shares: [{ spaceId: 's1', bytes: 4 * tb, blocks: 14_900, free: 3_800 }],
    totalBytes: 4 * tb,
    freeBytes: 1.02 * tb,
    usedBytes: 2.98 * tb,
    lockedBytes: 0.21 * tb,
    reserveBytes: 0.08 * tb,
    cameras: 6,
    writeBytesPerSecond: 2.31e6,
    oldestVideoMs: sampleNowMs - 14.9 * 86_400_000,
    retentionSeconds: 20.03 * 86_400,
  },
  {
    id: 'p2',
    name: 'archive',
    strategy: 'cycle',
    cycleDays: 30,
    maxLockedPercent: 20,
    syncIntervalMs: 1000,
    status: 'no-space',
    problem: 'No free block left: space s3 is lost.',
    shares: [{ spaceId: 's3', bytes: 1 * tb, blocks: 3_725, free: 0 }],
    totalBytes: 1 * tb,
    freeBytes: 0,
    usedBytes: 1 * tb,
    lockedBytes: 0,
    reserveBytes: 0.02 * tb,
    cameras: 2,
    writeBytesPerSecond: 0,
    oldestVideoMs: sampleNowMs - 9.2 * 86_400_000,
    retentionSeconds: null,
  },
];

function entry(id: number, secondsAgo: number, patch: Partial<LogEntry>): LogEntry {
  return {
    id,
    timeMs: sampleNowMs - secondsAgo * 1000,
    type: 'event',
    level: 'info',
    event: 'camera.back',
    subject: null,
    user: null,
    ip: null,
    text: '',
    details: null,
    ...patch,
  };
}

export const sampleEntries: readonly LogEntry[] = [
  entry(912, 5, {
    level: 'warning',
    event: 'camera.stalled',
    subject: 'c6',
    text: 'Loading bay: no frame for 8 s, connecting again',
  }),
  entry(911, 240, {
    level: 'error',
    event: 'pool.no-space',
    subject: 'p2',
    text: 'Pool archive has no free block: Car park level 2 is not stored',
  }),
  entry(910, 244, {
    level: 'error',
    event: 'space.lost',
    subject: 's3',
    text: 'Space holdfast (/mnt/nas/holdfast) is lost: host is down',
  }),
  entry(909, 1_380, {
    level: 'error',
    event: 'camera.lost',
    subject: 'c2',
    text: 'Gate north: no answer from 192.0.2.12:554',
  }),
  entry(908, 3_011, {
    type: 'audit',
    event: 'space.add',
    subject: 's2',
    user: 'admin',
    ip: '198.51.100.7',
    text: 'admin added the space /srv/video/disk2 with a quota of 2 TB',
    details: { path: '/srv/video/disk2', quotaBytes: 2 * tb },
  }),
  entry(907, 3_140, {
    type: 'audit',
    event: 'session.login',
    user: 'admin',
    ip: '198.51.100.7',
    text: 'admin logged in',
  }),
  entry(906, 9_000, { event: 'camera.back', subject: 'c3', text: 'Car park level 1 is back after 12 s' }),
  entry(905, 9_012, {
    level: 'warning',
    event: 'camera.lost',
    subject: 'c3',
    text: 'Car park level 1: connection reset by the camera',
  }),
  entry(904, 90_000, { type: 'system', event: 'agent.started', text: 'The agent 0.1.0 started' }),
];

const concerns: readonly Concern[] = [
  {
    level: 'error',
    question: 'recorded',
    text: '3 of 7 cameras are not recorded: Car park level 2, Gate north, Loading bay',
    hint: 'Worst: Car park level 2, no space in the pool since 14:17.',
    page: 'recording',
  },
  { level: 'ok', question: 'service', text: 'All four services run.', hint: null, page: 'home' },
  {
    level: 'error',
    question: 'todo',
    text: 'Space holdfast is lost: pool archive cannot record',
    hint: 'Look at the NAS and at the mount /mnt/nas.',
    page: 'storage',
  },
  {
    level: 'warning',
    question: 'todo',
    text: 'Gate north is not reachable since 13:58',
    hint: 'Look at the camera’s power and network.',
    page: 'recording',
  },
];

export function sampleStatus(patch: Partial<NodeStatus> = {}): NodeStatus {
  return {
    node: {
      id: 'n-7f3a',
      name: 'store-01',
      role: 'single',
      startedAtMs: sampleNowMs - 90_000_000,
      timeZone: 'Europe/Berlin',
      platform: 'linux x64',
      fingerprint:
        '5D:0C:8E:19:A4:77:2B:F0:63:91:DE:AB:14:C2:09:3F:5D:0C:8E:19:A4:77:2B:F0:63:91:DE:AB:14:C2:09:3F',
      listen: '0.0.0.0:6060',
    },
    version: '0.1.0',
    timeMs: sampleNowMs,
    setup: { passwordChanged: true, hasSpace: true, hasPool: true, hasCamera: true },
    services: [
      { name: 'storage-management', state: 'running', detail: null },
      { name: 'data-storage', state: 'running', detail: null },
      { name: 'access-management', state: 'running', detail: null },
      { name: 'video-access', state: 'running', detail: null },
    ],
    concerns: [...concerns],
    capacity: { totalBytes: 5 * tb, usedBytes: 3.98 * tb, freeBytes: 1.02 * tb },
    counts: {
      cameras: 8,
      recording: 4,
      liveSchedules: 8,
      historicalSchedules: 0,
      pools: 2,
      uninitializedSpaces: 1,
    },
    recorder: {
      pid: 4711,
      restarts: 0,
      bitsPerSecond: 22_340_000,
      partsLost: 118,
      rssBytes: 143e6,
      cpuPercent: 6.2,
    },
    spaces: [...sampleSpaces],
    pools: [...samplePools],
    cameras: [...sampleCameras],
    lastEvents: [...sampleEntries],
    ...patch,
  };
}
