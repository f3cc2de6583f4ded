/** Supervision of a process of this node (recorder, guard): attach to one that lives, else spawn; restart with back-off for ever. Pure. */

/** Of the second failure in a row; the first restart follows at once, since every moment without a recorder is lost video. */
export const backOffFirstMs = 250;
export const backOffMsMax = 10_000;
/** A process that ran so long is healthy: its next failure starts the back-off anew. */
export const healthyAfterMs = 5_000;

export type Phase = 'idle' | 'attaching' | 'spawning' | 'running' | 'waiting' | 'stopping';

export interface SupervisionState {
  readonly phase: Phase;
  /** Failures in a row. */
  readonly failures: number;
  readonly runningSinceMs: number;
  /** One ran under this control before. */
  readonly everRan: boolean;
  readonly restarts: number;
}

export type SupervisionEvent =
  | { readonly kind: 'start' }
  /** It listened and took the connection. */
  | { readonly kind: 'connected' }
  /** Nobody listens on the socket. */
  | { readonly kind: 'attach-failed' }
  /** The process ended before it listened, or never did. */
  | { readonly kind: 'spawn-failed'; readonly detail: string }
  /** The connection ended, or nothing was heard for too long. */
  | { readonly kind: 'lost'; readonly detail: string }
  | { readonly kind: 'waited' }
  | { readonly kind: 'stop' };

export type SupervisionAction =
  | { readonly kind: 'attach' }
  | { readonly kind: 'spawn' }
  /** End the process that this control spawned, if it still lives. */
  | { readonly kind: 'kill' }
  | { readonly kind: 'wait'; readonly delayMs: number }
  | { readonly kind: 'configure'; readonly restarted: boolean }
  | { readonly kind: 'report'; readonly event: 'died' | 'failed'; readonly detail: string };

export const initialSupervision: SupervisionState = {
  phase: 'idle',
  failures: 0,
  runningSinceMs: 0,
  everRan: false,
  restarts: 0,
};

export interface SupervisionStep {
  readonly state: SupervisionState;
  readonly actions: readonly SupervisionAction[];
}

/** Events that do not fit the phase are late news of an earlier one and change nothing. */
export function step(state: SupervisionState, event: SupervisionEvent, nowMs: number): SupervisionStep {
  const { phase } = state;
  if (event.kind === 'stop') return { state: { ...state, phase: 'stopping' }, actions: [] };
  if (event.kind === 'start' && phase === 'idle') return attach(state);
  if (event.kind === 'waited' && phase === 'waiting') return attach(state);
  if (event.kind === 'attach-failed' && phase === 'attaching') {
    return { state: { ...state, phase: 'spawning' }, actions: [{ kind: 'kill' }, { kind: 'spawn' }] };
  }
  if (event.kind === 'connected' && (phase === 'attaching' || phase === 'spawning')) return run(state, nowMs);
  if (event.kind === 'spawn-failed' && phase === 'spawning') return retry(state, event.detail, 'failed');
  if (event.kind === 'lost' && phase === 'running') return lose(state, event.detail, nowMs);
  return { state, actions: [] };
}

function attach(state: SupervisionState): SupervisionStep {
  return { state: { ...state, phase: 'attaching' }, actions: [{ kind: 'attach' }] };
}

function run(state: SupervisionState, nowMs: number): SupervisionStep {
  return {
    state: {
      ...state,
      phase: 'running',
      runningSinceMs: nowMs,
      everRan: true,
      restarts: state.restarts + (state.everRan ? 1 : 0),
    },
    actions: [{ kind: 'configure', restarted: state.everRan }],
  };
}

function lose(state: SupervisionState, detail: string, nowMs: number): SupervisionStep {
  const healthy = nowMs - state.runningSinceMs >= healthyAfterMs;
  return retry(healthy ? { ...state, failures: 0 } : state, detail, 'died');
}

function retry(state: SupervisionState, detail: string, event: 'died' | 'failed'): SupervisionStep {
  return {
    state: { ...state, phase: 'waiting', failures: state.failures + 1 },
    actions: [
      { kind: 'report', event, detail },
      { kind: 'wait', delayMs: delayAfterMs(state.failures) },
    ],
  };
}

function delayAfterMs(failures: number): number {
  if (failures === 0) return 0;
  return Math.min(backOffMsMax, backOffFirstMs * 2 ** Math.min(failures - 1, 20));
}
