/** Entry of the guard process: keeps the lease and the heartbeats, starts and stops the application; no disk in its loop. */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../../adapters/clock.ts';
import { serveLines } from '../../adapters/line-server.ts';
import { connectLocal } from '../../adapters/service-process.ts';
import { openServiceShell, servicePlace } from '../../adapters/service-shell.ts';
import { createSettingsDisk } from '../../adapters/settings-disk.ts';
import { startStatusLoop } from '../../adapters/status-loop.ts';
import { createSystemCommands } from '../resources/processes/system-commands.ts';
import { createResourceRunner } from '../resources/runner.ts';
import { Guard, type GuardEventOut } from './guard.ts';
import { openMemoryFile } from './memory-file.ts';
import { systemProbe } from './network-watch.ts';
import { type Priority, raisePriority } from './priority.ts';
import {
  type GuardMessage,
  type GuardRequest,
  type GuardStatus,
  guardRequestSchema,
} from './protocol/schema.ts';
import { createRecorderOrder, type RecorderOrder } from './recorder-order.ts';

const statusMs = 250;
const shutdownLimitMs = 9_000;

const place = servicePlace('guard');
const { socketPath, dataDir } = place;
const runDir = join(dataDir, 'run');
const shell = openServiceShell('guard', place);

/** Monotonic over the whole machine, so that a peer's promise to an earlier run is never taken for one to this. */
const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

const loopDelay = monitorEventLoopDelay({ resolution: 10 });
loopDelay.enable();
const startedAtMs = Date.now();
let priority: Priority = await raisePriority(false);
let turn: Promise<unknown> = Promise.resolve();
let order: RecorderOrder | null = null;

const tell = (event: GuardEventOut) =>
  server.send({ kind: 'event', timeMs: Math.round(clock.nowMs()), ...event });

const guard = new Guard({
  clock,
  uptimeMs: () => uptime() * 1_000,
  machineBoot: readBootId(),
  memory: openMemoryFile({
    dataDir,
    disk: createSettingsDisk(),
    clock,
    onError: (error) =>
      tell({
        level: 'error',
        event: 'standby.memory-failed',
        subject: 'standby',
        text: `guard.json cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      }),
  }),
  makeRunner: (onEvent) =>
    createResourceRunner({
      commands: createSystemCommands({ runDir }),
      clock,
      platform: process.platform,
      recording: {
        start: (epoch) => order?.start(epoch) ?? Promise.resolve(),
        stop: () => order?.stop() ?? Promise.resolve(),
      },
      onEvent,
    }),
  probe: systemProbe,
  runDir,
  tell,
  onChange: () => status.due(),
});

const server = await serveLines<GuardRequest, GuardMessage>({
  socketPath,
  requestSchema: guardRequestSchema,
  handle: inTurn,
});
const status = startStatusLoop<GuardStatus>({
  clock,
  server,
  everyMs: statusMs,
  soonMs: 0,
  status: statusNow,
  isAtWork: () => guard.configured,
  onIdle: () => stop(),
});

function statusNow(): GuardStatus {
  return {
    pid: process.pid,
    startedAtMs,
    rssBytes: process.memoryUsage.rss(),
    loopDelayMaxMs: lateness(),
    priority,
    watchdog: guard.watchdogState(),
    pair: guard.view(),
  };
}

let lateMaxMs = 0;
let lateSinceMs = 0;
/** The longest of the last second or two. */
function lateness(): number {
  const nowMs = clock.monotonicMs();
  const maxMs = Math.max(0, Math.round(loopDelay.max / 1e4) / 100 - 10);
  if (nowMs - lateSinceMs >= 1_000) {
    lateSinceMs = nowMs;
    lateMaxMs = maxMs;
    loopDelay.reset();
  }
  return Math.max(lateMaxMs, maxMs);
}

/** One after the other: what is asked of a pair waits for the settings that were sent before. */
function inTurn(request: GuardRequest): Promise<Record<string, unknown>> {
  const done = turn.then(() => handle(request));
  turn = done.catch(() => {});
  return done;
}

async function handle(request: GuardRequest): Promise<Record<string, unknown>> {
  switch (request.method) {
    case 'configure': {
      const { config } = request;
      if (config) {
        const { recorderSocketPath } = config;
        order ??= createRecorderOrder({ clock, connect: () => connectLocal(recorderSocketPath) });
        const realTime = config.pair.profile === 'fast';
        if (realTime !== (priority === 'real-time')) priority = await raisePriority(realTime);
      }
      await guard.configure(config);
      break;
    }
    case 'operate': {
      const { operation, confirm, dryRun } = request;
      return { plan: guard.operate(operation, confirm, dryRun) };
    }
    case 'health':
      guard.health(request.health);
      return {};
    case 'status':
      break;
    case 'stop':
      setImmediate(() => stop());
      break;
  }
  status.send();
  return {};
}

const stop = shell.endsBy(async () => {
  await guard.shutDown(shutdownLimitMs);
  status.stop();
  order?.close();
  await server.close();
});

function readBootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}
