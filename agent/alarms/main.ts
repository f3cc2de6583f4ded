/** Entry of the receiver process: takes alarms in and forwards them; outlives control, and is found again by the next one. */
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { AppError } from '../../src/errors.ts';
import { systemClock } from '../adapters/clock.ts';
import { serveLines } from '../adapters/line-server.ts';
import { openServiceShell, servicePlace } from '../adapters/service-shell.ts';
import { createSettingsDisk } from '../adapters/settings-disk.ts';
import { startStatusLoop } from '../adapters/status-loop.ts';
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
const shutdownLimitMs = 8_000;

/** Goes on while the machine sleeps: a right to forward ends meanwhile. */
const clock = createBootClock(systemClock);

const place = servicePlace('receiver');
const { socketPath, dataDir } = place;
const shell = openServiceShell('receiver', place);

const loopDelay = monitorEventLoopDelay({ resolution: 20 });
loopDelay.enable();
const startedAtMs = Date.now();
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
    onChange: () => status.due(),
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
const status = startStatusLoop<ReceiverProcessStatus>({
  clock,
  server,
  everyMs: statusMs,
  soonMs: statusMinMs,
  status: () => receiver && statusNow(receiver),
  isAtWork: () => receiver !== null,
  onIdle: () => stop(),
});

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
      setImmediate(() => stop());
      break;
  }
  status.send();
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

const stop = shell.endsBy(async () => {
  status.stop();
  const late = setTimeout(() => process.exit(0), shutdownLimitMs);
  await turn;
  await receiver?.close();
  await server.close();
  clearTimeout(late);
});
