/** Objects as a node answers them, for the tests of what is printed. */
import type {
  Camera,
  InspectionDay,
  InspectionHour,
  LogEntry,
  NodeStatus,
  Pool,
  Space,
} from '../../../src/contract/index.ts';

export const space: Space = {
  id: 's1',
  name: 'video',
  path: '/srv/video',
  deviceType: 'hdd',
  state: 'normal',
  progress: null,
  quotaBytes: 2e9,
  blockBytes: 64e6,
  blocks: { total: 31, free: 30, open: 1, sealed: 0, bad: 0 },
  usedBytes: 64e6,
  allocatedBytes: 1e9,
  latencyMs: 3,
  checkedAtMs: 1,
  problem: null,
  hint: null,
};

export const pool: Pool = {
  id: 'p1',
  name: 'main',
  strategy: 'capacity',
  cycleDays: null,
  maxLockedPercent: 20,
  syncIntervalMs: 1_000,
  status: 'normal',
  problem: null,
  shares: [{ spaceId: 's1', bytes: 1e9, blocks: 15, free: 14 }],
  totalBytes: 1e9,
  freeBytes: 9e8,
  usedBytes: 64e6,
  lockedBytes: 0,
  reserveBytes: 0,
  cameras: 1,
  writeBytesPerSecond: 250_000,
  oldestVideoMs: 1_000,
  retentionSeconds: 4_000,
};

export const camera: Camera = {
  id: 'c1',
  name: 'door',
  channel: 1,
  url: 'rtsp://192.0.2.1/1',
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
    videoCodec: 'h264',
    audioCodec: 'pcma',
    width: 1920,
    height: 1080,
    framesPerSecond: 25,
    notes: [],
  },
  bitsPerSecond: 2e6,
  recordedBytes: 64e6,
  packetsLost: 0,
  partsLost: 0,
  reconnects: 0,
  lastFrameMs: 1_000,
};

export const status: NodeStatus = {
  node: {
    id: 'n1',
    name: 'node1',
    role: 'single',
    startedAtMs: 0,
    timeZone: 'UTC',
    platform: 'linux',
    fingerprint: 'AA:BB',
    listen: '127.0.0.1:6060',
  },
  version: '0.1.0',
  timeMs: 60_000,
  setup: { passwordChanged: true, hasSpace: true, hasPool: true, hasCamera: true },
  services: [{ name: 'data-storage', state: 'running', detail: null }],
  concerns: [{ level: 'ok', question: 'recorded', text: '1 of 1 cameras record', hint: null, page: 'home' }],
  capacity: { totalBytes: 2e9, usedBytes: 64e6, freeBytes: 1.936e9 },
  counts: {
    cameras: 1,
    recording: 1,
    liveSchedules: 1,
    historicalSchedules: 0,
    pools: 1,
    uninitializedSpaces: 0,
  },
  recorder: { pid: 2, restarts: 0, bitsPerSecond: 2e6, partsLost: 0, rssBytes: 1, cpuPercent: 1 },
  spaces: [space],
  pools: [pool],
  cameras: [camera],
  lastEvents: [],
};

function hour(at: number, over: Partial<InspectionHour> = {}): InspectionHour {
  return {
    hour: at,
    startMs: at * 3_600_000,
    state: 'normal',
    minutes: 60,
    missingSeconds: 0,
    reason: null,
    ...over,
  };
}

export const day: InspectionDay = {
  day: '2026-11-19',
  timeZone: 'Europe/Berlin',
  checkedToMs: 1_000,
  cameras: [
    {
      id: 'c1',
      name: '=door <1>',
      channel: 1,
      hours: [
        hour(0),
        hour(1, { state: 'exception', minutes: 57, missingSeconds: 170, reason: 'camera-unreachable' }),
        hour(2, { state: 'no-plan', minutes: 0 }),
        hour(3, { state: 'unchecked', minutes: 0 }),
      ],
    },
  ],
};

export function entry(id: number, over: Partial<LogEntry> = {}): LogEntry {
  return {
    id,
    timeMs: id * 1_000,
    type: 'event',
    level: 'info',
    event: 'camera.back',
    subject: 'c1',
    user: null,
    ip: 'local',
    text: `entry ${id}`,
    details: null,
    ...over,
  };
}
