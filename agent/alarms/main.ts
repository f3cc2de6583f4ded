/** Entry of the receiver process: takes alarms in and forwards them; outlives control, and is found again by the next one. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { AppError } from '../../src/errors.ts';
import { systemClock } from '../adapters/clock.ts';
import { lockFolder } from '../adapters/folder-lock.ts';
import { serveLines } from '../adapters/line-server.ts';
import { createSettingsDisk } from '../adapters/settings-disk.ts';
import { createSealer, loadKey } from '../settings/seal.ts';
import { createBootClock } from '../spare/boot-clock.ts';
import {
  type ReceiverMessage,
  type ReceiverProcessStatus,
  type ReceiverRequest,
  receiverRequestSchema,
} from './protocol/schema.ts';
import { openReceiver, type Receiver } from './receiver.ts';

const statusMs = 500;
/** Sooner when something changed that a person waits for, but no more often. */
const statusMinMs = 100;
/** A receiver that nobody configured and nobody asks for ends. */
const idleMaxMs = 60_000;
const shutdownLimitMs = 8_000;

/** Goes on while the machine sleeps: a right to forward ends meanwhile. */
const clock = createBootClock(systemClock);

const { values } = parseArgs({ options: { socket: { type: 'string' }, data: { type: 'string' } } });
if (!values.socket || !values.data) throw new Error('usage: receiver --socket PATH --data DIR');
const socketPath = values.socket;
const dataDir = values.data;

const lock = lockFolder(join(dataDir, 'receiver.lock'), dataDir);
if (process.platform !== 'win32') rmSync(socketPath, { force: true });

const loopDelay = monitorEventLoopDelay({ resolution: 20 });
loopDelay.enable();
const startedAtMs = Date.now();
let statusDue = true;
let turn: Promise<unknown> = Promise.resolve();

let receiver: Receiver | null = null;

/** Opened with the first settings, which say who this node is. */
async function open(nodeId: string): Promise<Receiver> {
  const key = await loadKey({
    path: join(dataDir, 'secret.key'),
    folder: dataDir,
    disk: createSettingsDisk(),
    sealsExist: true,
  });
  return openReceiver({
    clock,
    dataDir,
    nodeId,
    sealer: createSealer(key),
    tell: (event) => server.send({ kind: 'event', timeMs: Math.round(clock.nowMs()), ...event }),
    onChange: () => {
      statusDue = true;
    },
    onFatal: (error) => {
      process.stderr.write(`${error.stack ?? error.message}\n`);
      process.exit(1);
    },
  });
}

const server = await serveLines<ReceiverRequest, ReceiverMessage>({
  socketPath,
  requestSchema: receiverRequestSchema,
  handle,
});
let lastStatusMs = Number.NEGATIVE_INFINITY;
let lastWantedMs = clock.monotonicMs();
const timer = setInterval(() => {
  const nowMs = clock.monotonicMs();
  if (server.clients() > 0 || receiver) lastWantedMs = nowMs;
  if (nowMs - lastWantedMs > idleMaxMs) void stop();
  if (nowMs - lastStatusMs >= (statusDue ? statusMinMs : statusMs)) sendStatus();
}, 50);

/** A defect in what is shown must never end what is at work. */
function sendStatus(): void {
  statusDue = false;
  lastStatusMs = clock.monotonicMs();
  if (server.clients() === 0 || !receiver) return;
  try {
    server.send({ kind: 'status', status: statusNow(receiver) });
  } catch (error) {
    process.stderr.write(`status: ${error instanceof Error ? error.stack : String(error)}\n`);
  }
}

function statusNow(running: Receiver): ReceiverProcessStatus {
  const loopDelayMaxMs = Math.max(0, Math.round(loopDelay.max / 1e4) / 100 - 20);
  loopDelay.reset();
  const rssBytes = process.memoryUsage.rss();
  return {
    pid: process.pid,
    startedAtMs,
    rssBytes,
    loopDelayMaxMs,
    receiver: { ...running.status(), rssBytes },
    group: running.groupStatus(),
  };
}

async function handle(request: ReceiverRequest): Promise<Record<string, unknown>> {
  switch (request.method) {
    case 'configure':
      await inTurn(async () => {
        receiver ??= await open(request.config.nodeId);
        await receiver.configure(request.config);
      });
      break;
    case 'call':
      if (!receiver) await turn;
      return { output: await configured().call(request.procedure, request.input, request.user) };
    case 'status':
      break;
    case 'stop':
      setImmediate(() => void stop());
      break;
  }
  sendStatus();
  return {};
}

function configured(): Receiver {
  if (receiver) return receiver;
  throw new AppError('unavailable', 'the alarm receiver is starting', { hint: 'Try again in a moment.' });
}

/** Settings one after the other; questions need not wait for them. */
function inTurn(work: () => Promise<void>): Promise<void> {
  const done = turn.then(work);
  turn = done.catch(() => {});
  return done;
}

let stopping: Promise<void> | null = null;
function stop(): Promise<void> {
  stopping ??= (async () => {
    clearInterval(timer);
    const late = setTimeout(() => process.exit(0), shutdownLimitMs);
    await turn;
    await receiver?.close();
    await server.close();
    clearTimeout(late);
    lock.release();
    process.exit(0);
  })();
  return stopping;
}

process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());
