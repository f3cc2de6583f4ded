/** One camera in the recorder: feeds its machine with what happens, and carries out what the machine decides. */
import type { GapReason } from '../../../src/contract/index.ts';
import { isPlanned } from '../../../src/model/recording-plan.ts';
import type { InitSegment, Part } from '../../media/types.ts';
import type { StorageEngine, StreamWriter } from '../../storage/types.ts';
import type { Gate } from '../gate.ts';
import type { CameraConfig, CameraLive } from '../protocol/schema.ts';
import { createRateMeter } from '../rate-meter.ts';
import { createIngest, type SessionMedia } from './ingest.ts';
import {
  type CameraAction,
  type CameraEvent,
  initialCamera,
  leadMs,
  type Resume,
  stepCamera,
} from './machine.ts';

export interface CameraDeps {
  readonly storage: StorageEngine;
  readonly media: SessionMedia;
  readonly connects: Gate;
  /** Uniform in 0..1. */
  random(): number;
  timeZone(): string;
  /** The other node of the pair records the cameras. */
  standby(): boolean;
  tell(event: { level: 'info' | 'warning' | 'error'; event: string; subject: string; text: string }): void;
  /** The state changed: the status should go out soon. */
  changed(): void;
}

export interface CameraDriver {
  configure(config: CameraConfig): void;
  tick(): void;
  /** The wall clock was stepped by so many ms. */
  clockStepped(stepMs: number): void;
  live(): CameraLive;
  close(): Promise<void>;
}

/** `resume`: why and since when nothing was recorded when this camera came under supervision. */
export function createCameraDriver(first: CameraConfig, resume: Resume, deps: CameraDeps): CameraDriver {
  const { clock } = deps.media;
  let config = first;
  let state = initialCamera();
  let pendingResume: Resume | null = resume;
  let writer: StreamWriter | null = null;
  let info: CameraLive['media'] = null;
  const rate = createRateMeter();
  const totals = { recordedBytes: 0, packetsLost: 0, partsLost: 0, lastFrameMs: null as number | null };

  const ingest = createIngest(deps.media, {
    formats: (found) => {
      info = found;
    },
    part: (init, part) => store(init, part),
    dropped: ({ startMs, endMs, reason }) => refused(startMs, endMs, reason),
    packetsLost: (packets) => {
      totals.packetsLost += packets;
      feed({ type: 'hole', reason: 'packet-loss' });
    },
    ended: (end) => {
      leaveGate();
      feed({ type: 'ended', end, jitter: deps.random() });
    },
  });

  const feed = (event: CameraEvent) => {
    const before = state;
    const step = stepCamera(state, event, {
      monotonicMs: clock.monotonicMs(),
      utcMs: Math.round(clock.utcMs()),
    });
    state = step.state;
    for (const action of step.actions) act(action);
    if (before.phase !== state.phase || before.status !== state.status) deps.changed();
  };

  const act = (action: CameraAction) => {
    const gaps = deps.storage.gaps;
    switch (action.type) {
      case 'connect':
        return connect();
      case 'disconnect':
        return void disconnect();
      case 'open-gap':
        return gaps.open({ cameraId: config.id, ...pick(action), fromMs: action.fromMs });
      case 'close-gap':
        return gaps.close(config.id, action.toMs);
      case 'add-gap':
        return gaps.add({ cameraId: config.id, ...pick(action), fromMs: action.fromMs, toMs: action.toMs });
      case 'tell':
        return deps.tell({ level: action.level, event: action.event, subject: config.id, text: action.text });
    }
  };

  /** Gives back the place among those who connect, or in the queue for one. */
  let leaveGate = () => {};

  const connect = () => {
    leaveGate();
    leaveGate = deps.connects.pass(() => ingest.open(config), { hasFailed: state.failures > 1 });
  };

  const disconnect = () => {
    leaveGate();
    return ingest.stop();
  };

  const store = (init: InitSegment, part: Part) => {
    leaveGate();
    const { startMs, endMs, lengthBytes } = part;
    writer ??= openWriter();
    const refusal = writer ? writer.append(init, part) : releaseUnplaced(part);
    if (refusal) return refused(startMs, endMs, refusal);
    rate.add(lengthBytes, clock.monotonicMs());
    totals.recordedBytes += lengthBytes;
    totals.lastFrameMs = endMs;
    feed({ type: 'recorded', startMs, endMs });
  };

  const refused = (startMs: number, endMs: number, reason: GapReason) => {
    totals.partsLost++;
    feed({ type: 'refused', startMs, endMs, reason, detail: refusalText(reason) });
  };

  const openWriter = () =>
    config.poolId === null
      ? null
      : deps.storage.openStream({
          cameraId: config.id,
          stream: 'main',
          poolId: config.poolId,
          onLost: (lost) => {
            totals.partsLost++;
            feed({ type: 'lost', ...lost });
          },
        });

  const planned = () =>
    isPlanned(config.plan, clock.utcMs(), deps.timeZone()) ||
    isPlanned(config.plan, clock.utcMs() + leadMs, deps.timeZone());

  const closeWriter = async () => {
    const closing = writer;
    writer = null;
    await closing?.close();
  };

  const decide = () => {
    const enabled = config.enabled && config.poolId !== null;
    feed({ type: 'plan', planned: planned(), enabled, standby: deps.standby(), resume: pendingResume });
    pendingResume = null;
    if (state.phase === 'off-plan' && writer) void closeWriter();
  };

  return {
    configure(next) {
      const moved = next.poolId !== config.poolId;
      const sourceChanged = sourceKey(next) !== sourceKey(config);
      config = next;
      if (moved) void closeWriter();
      decide();
      if (!sourceChanged) return;
      ingest.cut();
      feed({ type: 'changed' });
    },
    tick() {
      decide();
      ingest.tick();
      feed({ type: 'tick' });
    },
    clockStepped(stepMs) {
      ingest.cut();
      if (stepMs > 0) feed({ type: 'hole', reason: 'time-step' });
      else feed({ type: 'set-back', byMs: Math.round(-stepMs) });
    },
    live: () => ({
      id: config.id,
      connection: connectionOf(state.phase, config.enabled),
      recording: state.status,
      reason: state.reason,
      problem: state.problem,
      sinceMs: state.sinceMs,
      media: info,
      bitsPerSecond: rate.bitsPerSecond(clock.monotonicMs()),
      ...totals,
      reconnects: state.reconnects,
    }),
    async close() {
      await disconnect();
      await closeWriter();
    },
  };
}

function pick(action: { reason: GapReason; detail: string }): { reason: GapReason; detail: string } {
  return { reason: action.reason, detail: action.detail };
}

function releaseUnplaced(part: Part): GapReason {
  part.release();
  return 'not-configured';
}

function sourceKey(config: CameraConfig): string {
  const { url, user, password, transport, allowBasicAuth } = config;
  return JSON.stringify([url, user, password, transport, allowBasicAuth]);
}

function connectionOf(
  phase: ReturnType<typeof initialCamera>['phase'],
  enabled: boolean,
): CameraLive['connection'] {
  switch (phase) {
    case 'streaming':
      return 'connected';
    case 'connecting':
      return 'connecting';
    case 'waiting':
      return 'disconnected';
    case 'off-plan':
      return enabled ? 'disconnected' : 'disabled';
  }
}

function refusalText(reason: GapReason): string {
  switch (reason) {
    case 'no-space':
      return 'the pool has no block to record into; expand it, or give it fewer cameras';
    case 'locked':
      return 'all that could be overwritten is locked; expand the pool, or remove a lock';
    case 'space-lost':
      return 'no storage space of the pool can be reached; see the Storage page';
    case 'overloaded':
      return 'the disk is slower than the cameras; parts were let go';
    default:
      return 'the part could not be written; see the Storage page';
  }
}
