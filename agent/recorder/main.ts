/** Entry of the recorder process: makes the real clock, sockets and disk, and answers to control over a local socket. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { realDisk } from '../adapters/disk.ts';
import { serveLines } from '../adapters/line-server.ts';
import { openServiceShell, servicePlace } from '../adapters/service-shell.ts';
import { createChunkPool } from '../media/mp4/chunk-pool.ts';
import { createRtspReader } from '../media/rtsp/session.ts';
import { createStorageEngine } from '../storage/engine.ts';
import { lastAliveMs, markAlive } from './alive.ts';
import { probeCamera } from './probe.ts';
import { type RecorderMessage, type RecorderRequest, requestSchema } from './protocol/schema.ts';
import { createRecorder } from './recorder.ts';
import { createWallClock } from './wall-clock.ts';

const tickMs = 250;
const statusMs = 1_000;
/** Without any control for this long nobody will come back for this recorder: it ends cleanly. */
const orphanMaxMs = 300_000;
/** Media in memory, all cameras together. */
const chunkBytesMax = 768 * 1024 * 1024;

const place = servicePlace('recorder');
const { socketPath, dataDir } = place;
mkdirSync(join(dataDir, 'index'), { recursive: true });
const shell = openServiceShell('recorder', place);

const clock = createWallClock({ wallMs: () => Date.now(), monotonicMs: () => performance.now() });
const alivePath = join(dataDir, 'recorder.alive');
const aliveMs = await lastAliveMs(alivePath);

let statusDue = true;
const tell = (event: { level: 'info' | 'warning' | 'error'; event: string; subject: string; text: string }) =>
  server.send({ kind: 'event', timeMs: Math.round(clock.utcMs()), ...event });

const storage = await createStorageEngine({ disk: realDisk(), clock, dataDir, onEvent: tell });
const media = {
  reader: createRtspReader({}),
  chunks: createChunkPool({ bytesMax: chunkBytesMax }),
  clock,
};
const recorder = createRecorder({
  storage,
  media,
  aliveMs,
  random: Math.random,
  tell,
  changed: () => {
    statusDue = true;
  },
});

const server = await serveLines<RecorderRequest, RecorderMessage>({ socketPath, requestSchema, handle });
const startedAtMs = Date.now();
let lastStatusMs = Number.NEGATIVE_INFINITY;
let lastClientMs = clock.monotonicMs();
let cpu = { usage: process.cpuUsage(), atMs: clock.monotonicMs(), percent: 0 };

const timer = setInterval(() => {
  const nowMs = clock.monotonicMs();
  recorder.tick();
  if (server.clients() > 0) lastClientMs = nowMs;
  if (nowMs - lastClientMs > orphanMaxMs) stop();
  if (statusDue || nowMs - lastStatusMs >= statusMs) everySecond(nowMs);
}, tickMs);

function everySecond(nowMs: number): void {
  statusDue = false;
  if (nowMs - lastStatusMs >= statusMs) {
    const stepMs = clock.discipline();
    if (stepMs !== 0) noteStep(stepMs);
    markAlive(alivePath);
  }
  lastStatusMs = nowMs;
  sendStatus();
}

function noteStep(stepMs: number): void {
  recorder.clockStepped(stepMs);
  const text = `the system's clock was set ${stepMs > 0 ? 'forward' : 'back'} by ${(Math.abs(stepMs) / 1000).toFixed(1)} s`;
  tell({ level: 'warning', event: 'node.time-step', subject: 'node', text });
}

function sendStatus(): void {
  const nowMs = clock.monotonicMs();
  if (nowMs - cpu.atMs >= 900) {
    const spent = process.cpuUsage(cpu.usage);
    const percent = (spent.user + spent.system) / 10 / (nowMs - cpu.atMs);
    cpu = { usage: process.cpuUsage(), atMs: nowMs, percent: Math.round(percent * 10) / 10 };
  }
  server.send({
    kind: 'status',
    status: {
      pid: process.pid,
      startedAtMs,
      rssBytes: process.memoryUsage.rss(),
      cpuPercent: cpu.percent,
      ...recorder.status(),
    },
  });
}

async function handle(request: RecorderRequest) {
  switch (request.method) {
    case 'configure':
      await recorder.configure(request.config);
      break;
    case 'initializeSpace':
      await storage.initializeSpace(request.spaceId);
      break;
    case 'restoreSpace':
      await storage.restoreSpace(request.spaceId);
      break;
    case 'cancelJob':
      await storage.cancelJob(request.spaceId);
      break;
    case 'weighLocks':
      return { lockUse: await storage.weighLocks(request.locks, { presence: request.presence }) };
    case 'probe':
      return { probe: await probeCamera(request.camera, media) };
    case 'follow':
      await recorder.follow(request);
      break;
    case 'status':
      break;
    case 'stop':
      setImmediate(() => stop());
      break;
  }
  sendStatus();
  return {};
}

const stop = shell.endsBy(async () => {
  clearInterval(timer);
  await recorder.close();
  markAlive(alivePath);
  await server.close();
});
