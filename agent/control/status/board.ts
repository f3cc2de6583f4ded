/** The status of the node, put together on demand, and a signal for those who watch it. */
import { EventEmitter } from 'node:events';
import type { Camera, NodeStatus, PairRole, PairStatus, Pool, Space } from '../../../src/contract/index.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { Journal } from '../../journal/journal.ts';
import type { RecorderStatus } from '../../recorder/protocol/schema.ts';
import type { SettingsStore } from '../../settings/store.ts';
import { type AlarmFacts, alarmConcerns } from '../alarms/concerns.ts';
import { alarmSummary } from '../alarms/summary.ts';
import { pairConcerns } from '../standby/concerns.ts';
import { concernsOf } from './concerns.ts';
import { mergeCameras, mergePools, mergeSpaces, type RecorderHealth, staleAfterMs } from './merge.ts';
import { servicesOf } from './services.ts';

/** The recorder as the status sees it. */
export interface RecorderGauge {
  readonly phase: string;
  readonly restarts: number;
  status(): { status: RecorderStatus; ageMs: number } | null;
}

export interface BoardOptions {
  settings: SettingsStore;
  journal: Journal;
  recorder: RecorderGauge;
  receivers: { facts(): Omit<AlarmFacts, 'nowMs'> };
  clock: Clock;
  version: string;
  platform: string;
  fingerprint: string | null;
  certificateExpiresAtMs: number | null;
  listen: () => string | null;
  /** In its pair, null when it is in none or the guard says nothing. */
  role: () => PairRole | null;
  pair: () => PairStatus;
  dataFolderFreeBytes: () => number | null;
}

const lastEventsCount = 10;
/** A recorder may take so long to start before it counts as failed. */
const startGraceMs = 15_000;

/** A node that is brought out, or in a fault, would not take over: it stands alone. */
function nodeRole(role: PairRole | null): NodeStatus['node']['role'] {
  if (role === 'active' || role === 'activating' || role === 'deactivating') return 'active';
  return role === 'standby' || role === 'candidate' ? 'standby' : 'single';
}

export class StatusBoard {
  readonly #options: BoardOptions;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #startedAtMs: number;
  readonly #startedMonotonicMs: number;

  constructor(options: BoardOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock.nowMs();
    this.#startedMonotonicMs = options.clock.monotonicMs();
  }

  /** Wakes those who wait in `nextChange`. */
  changed(): void {
    this.#changes.emit('change');
  }

  /** Resolves at the next change, after `limitMs` at the latest, or when `signal` aborts. */
  nextChange(limitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        this.#changes.off('change', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#options.clock.after(limitMs, done);
      this.#changes.on('change', done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  spaces(): Space[] {
    return mergeSpaces(this.#options.settings.current(), this.#view());
  }

  pools(): Pool[] {
    return mergePools(this.#options.settings.current(), this.#view());
  }

  cameras(): Camera[] {
    return mergeCameras(this.#options.settings.current(), this.#view());
  }

  health(): RecorderHealth {
    const { recorder, clock } = this.#options;
    const last = recorder.status();
    if (recorder.phase === 'running' && last && last.ageMs <= staleAfterMs) return 'running';
    const starting = last === null && clock.monotonicMs() - this.#startedMonotonicMs < startGraceMs;
    return starting && recorder.restarts === 0 ? 'starting' : 'failed';
  }

  build(): NodeStatus {
    const options = this.#options;
    const settings = options.settings.current();
    const spaces = this.spaces();
    const pools = this.pools();
    const cameras = this.cameras();
    const services = servicesOf({
      recorder: this.health(),
      spaces,
      listen: options.listen(),
    });
    const nowMs = options.clock.nowMs();
    const alarmFacts = options.receivers.facts();
    const alarms = alarmSummary(alarmFacts.receiver, alarmFacts.group);
    const passwordChanged = settings.users.some((user) => user.role === 'admin' && !user.mustChangePassword);
    return {
      node: {
        id: settings.node.id,
        name: settings.node.name,
        role: nodeRole(options.role()),
        startedAtMs: this.#startedAtMs,
        timeZone: settings.node.timeZone,
        platform: options.platform,
        fingerprint: options.fingerprint,
        listen: options.listen(),
      },
      version: options.version,
      timeMs: nowMs,
      setup: {
        passwordChanged,
        hasSpace: spaces.length > 0,
        hasPool: pools.length > 0,
        hasCamera: cameras.length > 0,
      },
      services,
      concerns: concernsOf({
        services,
        spaces,
        pools,
        cameras,
        passwordChanged,
        dataFolderFreeBytes: options.dataFolderFreeBytes(),
        certificateExpiresAtMs: options.certificateExpiresAtMs,
        alarms: alarmConcerns({ ...alarmFacts, nowMs }),
        pair: pairConcerns(options.pair()),
        recordsNothing: alarms !== undefined && settings.spaces.length === 0,
        nowMs,
      }),
      capacity: capacityOf(spaces),
      counts: {
        cameras: cameras.length,
        recording: cameras.filter((camera) => camera.recording === 'normal').length,
        liveSchedules: cameras.filter((camera) => camera.enabled && camera.plan !== 'never').length,
        historicalSchedules: 0,
        pools: pools.length,
        uninitializedSpaces: spaces.filter((space) => space.state !== 'normal').length,
      },
      recorder: this.#recorderFigures(),
      spaces,
      pools,
      cameras,
      ...(alarms === undefined ? {} : { alarms }),
      lastEvents: options.journal.latest(lastEventsCount),
    };
  }

  #view() {
    return { status: this.#options.recorder.status()?.status ?? null, health: this.health() };
  }

  #recorderFigures(): NodeStatus['recorder'] {
    const { recorder } = this.#options;
    const status = this.health() === 'running' ? recorder.status()?.status : undefined;
    return {
      pid: status?.pid ?? null,
      restarts: recorder.restarts,
      bitsPerSecond: status?.bitsPerSecond ?? 0,
      partsLost: status?.partsLost ?? 0,
      rssBytes: status?.rssBytes ?? 0,
      cpuPercent: status?.cpuPercent ?? 0,
    };
  }
}

function capacityOf(spaces: readonly Space[]): NodeStatus['capacity'] {
  const totalBytes = spaces.reduce((sum, space) => sum + space.quotaBytes, 0);
  const usedBytes = spaces.reduce((sum, space) => sum + space.usedBytes, 0);
  return { totalBytes, usedBytes, freeBytes: Math.max(0, totalBytes - usedBytes) };
}
