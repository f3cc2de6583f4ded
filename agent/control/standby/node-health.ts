/** Tells the guard once a second how this node's storage and processes are: what its triggers `storage` and `process` act on. */
import type { PairRole, Space } from '../../../src/contract/index.ts';
import type { Settings } from '../../../src/settings/schema.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import type { NodeHealth } from '../../standby/guard/protocol/schema.ts';
import type { RecorderSupervisor } from '../recorder/supervisor.ts';
import { records } from './share.ts';

const intervalMs = 1_000;
/** A recorder that has said nothing for so long hangs; one that works says something every second. */
const silentMaxMs = 10_000;

export type RecorderView = Pick<RecorderSupervisor, 'phase' | 'status'>;

interface NodeHealthOptions {
  clock: Clock;
  settings: () => Settings;
  recorder: RecorderView;
  role: () => PairRole | null;
  /** To the guard; rejects while it cannot be reached. */
  send: (health: NodeHealth) => Promise<unknown>;
}

/** Returns how to end it. */
export function tellHealth(options: NodeHealthOptions): Cancel {
  const { clock, settings, recorder, role, send } = options;
  const storage = new Lasting(5_000, 5_000);
  const process = new Lasting(15_000, 10_000);
  let cancel: Cancel = () => {};
  let sending = false;
  const round = () => {
    cancel = clock.after(intervalMs, round);
    const nowMs = clock.monotonicMs();
    const concerned = records(settings().pair?.config);
    const spaces = recorder.status()?.status.spaces ?? [];
    const health = {
      storage: storage.look(concerned ? storageProblem(settings(), spaces, role()) : null, nowMs),
      process: process.look(concerned ? recorderProblem(recorder) : null, nowMs),
    };
    if (sending) return;
    sending = true;
    void send(health)
      .catch(() => {})
      .finally(() => {
        sending = false;
      });
  };
  cancel = clock.after(intervalMs, round);
  return () => cancel();
}

/** A trouble counts once it has lasted, with pauses that are too short to be called sound, and is over once all is sound. */
export class Lasting {
  readonly #afterMs: number;
  readonly #soundMs: number;
  #sinceMs: number | null = null;
  #wellSinceMs: number | null = null;
  #problem: string | null = null;

  constructor(afterMs: number, soundMs: number) {
    this.#afterMs = afterMs;
    this.#soundMs = soundMs;
  }

  /** What to tell of the problem that is there now, or is not. */
  look(problem: string | null, nowMs: number): string | null {
    if (problem === null) {
      this.#wellSinceMs ??= nowMs;
      if (nowMs - this.#wellSinceMs < this.#soundMs) return this.#problem;
      this.#sinceMs = null;
      this.#problem = null;
      return null;
    }
    this.#wellSinceMs = null;
    this.#sinceMs ??= nowMs;
    if (nowMs - this.#sinceMs >= this.#afterMs) this.#problem = problem;
    return this.#problem;
  }
}

/**
 * One lost space of several is no reason to move: recording goes on in the others. A pool without any is. What a standby
 * may not write to because the active holds it is no trouble of its own.
 */
export function storageProblem(
  settings: Pick<Settings, 'cameras' | 'pools'>,
  spaces: readonly Pick<Space, 'id' | 'state' | 'problem'>[],
  role: PairRole | null,
): string | null {
  const used = new Set(
    settings.cameras.flatMap(({ enabled, poolId }) => (enabled && poolId ? [poolId] : [])),
  );
  const bad = (state: Space['state']) => state === 'lost' || (state === 'error' && role === 'active');
  for (const pool of settings.pools.filter(({ id }) => used.has(id))) {
    const shares = pool.shares.filter(({ bytes }) => bytes > 0);
    const held = shares.map(({ spaceId }) => spaces.find(({ id }) => id === spaceId));
    const first = held[0];
    if (!first || !held.every((space) => space !== undefined && bad(space.state))) continue;
    return `pool ${pool.name} has no space left to record into: ${first.problem ?? first.state}`.slice(
      0,
      1_000,
    );
  }
  return null;
}

export function recorderProblem(recorder: RecorderView): string | null {
  if (recorder.phase !== 'running') return 'the recorder does not run';
  const age = recorder.status()?.ageMs ?? 0;
  return age > silentMaxMs ? 'the recorder does not answer' : null;
}
