/** The recorder: keeps cameras, storage and status in step with the configuration that control sends. */
import type { GapReason } from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import type { StorageEngine } from '../storage/types.ts';
import { type CameraDriver, createCameraDriver } from './camera/driver.ts';
import type { SessionMedia } from './camera/ingest.ts';
import type { Resume } from './camera/machine.ts';
import { createGate } from './gate.ts';
import type { CameraConfig, RecorderConfig, RecorderMessage, RecorderStatus } from './protocol/schema.ts';

/** Cameras that connect at the same time. */
const connectsMax = 48;
/** Of cameras that do not answer hundreds may be tried again and again: each keeps a place for so long at most. */
const connectHoldMsMax = 3_000;
/** A camera whose last part is older than this at the recorder's last sign of life was not being recorded then. */
const abreastMs = 10_000;

export type RecorderEvent = Omit<Extract<RecorderMessage, { kind: 'event' }>, 'kind' | 'timeMs'>;

export interface RecorderDeps {
  readonly storage: StorageEngine;
  readonly media: SessionMedia;
  /** When a recorder of this node last showed a sign of life, UTC ms; null on the first start ever. */
  readonly aliveMs: number | null;
  random(): number;
  tell(event: RecorderEvent): void;
  changed(): void;
}

export type CameraStatus = Pick<
  RecorderStatus,
  'spaces' | 'pools' | 'cameras' | 'bitsPerSecond' | 'partsLost'
>;

export interface Recorder {
  configure(config: RecorderConfig): Promise<void>;
  /** The pair's guard: this node is active since `epoch`, or is not. @throws AppError `not_active` for a lower epoch. */
  follow(order: { active: boolean; epoch: number }): Promise<void>;
  /** Call about four times a second. */
  tick(): void;
  clockStepped(stepMs: number): void;
  status(): CameraStatus;
  close(): Promise<void>;
}

export function createRecorder(deps: RecorderDeps): Recorder {
  const cameras = new Map<string, CameraDriver>();
  const connects = createGate({
    placesMax: connectsMax,
    holdMsMax: connectHoldMsMax,
    monotonicMs: () => deps.media.clock.monotonicMs(),
  });
  let timeZone = 'UTC';
  let followsPair = false;
  let last: RecorderConfig | null = null;
  /** Until the guard has said so, a node of a pair is not active. */
  let pair = { active: false, epoch: 0 };
  let configured = false;
  let turn: Promise<void> = Promise.resolve();

  const apply = async (config: RecorderConfig) => {
    timeZone = config.timeZone;
    followsPair = config.followsPair ?? false;
    last = config;
    await deps.storage.apply({ ...config, epoch: Math.max(config.epoch, pair.epoch) });
    const wanted = new Map(config.cameras.map((camera) => [camera.id, camera]));
    for (const [id, driver] of cameras) {
      if (wanted.has(id)) continue;
      cameras.delete(id);
      void driver.close();
    }
    // Also of those that were removed while no recorder ran.
    for (const id of deps.storage.gaps.openCameras())
      if (!wanted.has(id)) deps.storage.gaps.close(id, Math.round(deps.media.clock.utcMs()));
    for (const camera of config.cameras) {
      const known = cameras.get(camera.id);
      if (known) known.configure(camera);
      else cameras.set(camera.id, begin(camera, configured ? 'not-configured' : config.startReason));
    }
    configured = true;
  };

  const begin = (camera: CameraConfig, reason: GapReason) => {
    const driver = createCameraDriver(camera, resumeOf(camera.id, reason), {
      ...deps,
      connects,
      timeZone: () => timeZone,
      standby: () => followsPair && !pair.active,
    });
    driver.tick();
    return driver;
  };

  const resumeOf = (cameraId: string, reason: GapReason): Resume => {
    const open = deps.storage.gaps.openGap(cameraId);
    if (open) return { reason: open.reason, fromMs: open.fromMs, detail: open.detail ?? '' };
    const nowMs = Math.round(deps.media.clock.utcMs());
    if (reason === 'not-configured' || deps.aliveMs === null) {
      return { reason: 'not-configured', fromMs: nowMs, detail: 'the camera was being set up' };
    }
    const lastMs = deps.storage.lastRecordedMs(cameraId);
    // Video that is much newer than the sign of life is of a clock that was set back since: it tells nothing.
    const abreast = lastMs !== null && Math.abs(lastMs - deps.aliveMs) <= abreastMs;
    const fromMs = Math.min(nowMs, abreast ? lastMs : deps.aliveMs);
    return { reason, fromMs, detail: restartText(reason) };
  };

  return {
    configure(config) {
      turn = turn.catch(() => {}).then(() => apply(config));
      return turn;
    },
    follow(order) {
      if (order.epoch < pair.epoch) return Promise.reject(outdated(order.epoch, pair.epoch));
      const raised = order.epoch > pair.epoch;
      pair = order;
      for (const camera of cameras.values()) camera.tick();
      deps.changed();
      // The peer takes the spaces over once this is answered: nothing may be on its way to them any more.
      const ended = followsPair && !order.active ? deps.storage.endStreams() : null;
      turn = turn
        .catch(() => {})
        .then(async () => {
          await ended;
          if (raised && last) await deps.storage.apply({ ...last, epoch: Math.max(last.epoch, pair.epoch) });
        });
      return turn;
    },
    tick() {
      connects.tick();
      for (const camera of cameras.values()) camera.tick();
    },
    clockStepped(stepMs) {
      for (const camera of cameras.values()) camera.clockStepped(stepMs);
    },
    status() {
      const live = [...cameras.values()].map((camera) => camera.live());
      return {
        spaces: deps.storage.spaces(),
        pools: deps.storage.pools(),
        cameras: live,
        bitsPerSecond: live.reduce((sum, camera) => sum + camera.bitsPerSecond, 0),
        partsLost: live.reduce((sum, camera) => sum + camera.partsLost, 0),
      };
    },
    async close() {
      await Promise.all([...cameras.values()].map((camera) => camera.close()));
      await deps.storage.close();
    },
  };
}

function outdated(epoch: number, known: number): AppError {
  return new AppError('not_active', `epoch ${epoch} is over: the pair works in epoch ${known}`);
}

function restartText(reason: GapReason): string {
  return reason === 'recorder-restarted'
    ? 'the recorder ended unexpectedly and was started again'
    : 'the agent of this node was not running';
}
