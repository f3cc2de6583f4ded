/** What the agent says of this node's storage and processes, and its own silence: the triggers `storage` and `process`. */
import type { Clock } from '../../adapters/clock.ts';
import type { NodeHealth } from './protocol/schema.ts';

/** A killed agent is back within seconds; one that says nothing for so long cannot be kept up. */
const agentSilentMaxMs = 15_000;
const roundMs = 1_000;
/** A round that comes later than this was held up, and so was what the agent said meanwhile. */
const heldUpMs = 3_000;

const causes = ['storage', 'process'] as const;
type Cause = (typeof causes)[number];

export interface HealthWatch {
  report(health: NodeHealth): void;
  close(): void;
}

export function watchHealth(options: {
  clock: Clock;
  /** Null: it is over. Changes only. */
  onTrouble: (cause: Cause, problem: string | null) => void;
}): HealthWatch {
  const { clock, onTrouble } = options;
  const told: Record<Cause, string | null> = { storage: null, process: null };
  let heardAtMs = clock.monotonicMs();
  let roundAtMs = heardAtMs;

  const tell = (cause: Cause, problem: string | null) => {
    if (told[cause] === problem) return;
    told[cause] = problem;
    onTrouble(cause, problem);
  };
  const round = () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - roundAtMs > heldUpMs) heardAtMs = nowMs;
    roundAtMs = nowMs;
    if (nowMs - heardAtMs >= agentSilentMaxMs) {
      tell('process', `the agent has said nothing for ${agentSilentMaxMs / 1_000} s`);
    }
    cancel = clock.after(roundMs, round);
  };
  let cancel = clock.after(roundMs, round);

  return {
    report(health) {
      heardAtMs = clock.monotonicMs();
      for (const cause of causes) tell(cause, health[cause]);
    },
    close: () => cancel(),
  };
}
