/** Keeps the DC-09 port open as the settings say: a port that is taken is tried again, and never keeps the receiver from forwarding. */
import { toAppError } from '../../src/errors.ts';
import type { Cancel, Clock } from '../adapters/clock.ts';
import type { IntakeCounts } from './intake/counts.ts';
import { createIntake, type Intake, type IntakeOptions } from './intake/intake.ts';

const retryMs = 5_000;

/** Where it listens; null: it does not. */
export interface ListenAt {
  readonly listenHost: string;
  readonly port: number;
  readonly checkTime: boolean;
  readonly forwardUnknown: boolean;
}

export interface Listening {
  /** Resolves after the first try. */
  configure(at: ListenAt | null): Promise<void>;
  /** `host:port`; null while it does not listen. */
  address(): string | null;
  problem(): string | null;
  /** Of all ports since the process began; null before the first. */
  counts(): IntakeCounts | null;
  close(): Promise<void>;
}

export function createListening(
  clock: Clock,
  options: Omit<IntakeOptions, keyof ListenAt | 'clock'>,
  open: (options: IntakeOptions) => Promise<Intake> = createIntake,
): Listening {
  const { onEvent } = options;
  let wanted: ListenAt | null = null;
  let intake: Intake | null = null;
  let openedAt: string | null = null;
  let problem: string | null = null;
  let earlier: IntakeCounts | null = null;
  let cancelRetry: Cancel = () => {};
  let turn: Promise<void> = Promise.resolve();

  const end = async () => {
    const ended = intake;
    if (ended === null) return;
    intake = null;
    openedAt = null;
    await ended.close();
    earlier = sum(earlier, ended.counts());
  };

  const attempt = async () => {
    cancelRetry();
    if (wanted === null) {
      problem = null;
      return end();
    }
    const { listenHost, port, checkTime, forwardUnknown } = wanted;
    if (intake !== null && openedAt === `${listenHost} ${port}`) {
      return intake.reconfigure({ checkTime, forwardUnknown });
    }
    await end();
    try {
      intake = await open({ ...options, ...wanted, clock });
      openedAt = `${listenHost} ${port}`;
      problem = null;
    } catch (error) {
      told(toAppError(error).message);
      cancelRetry = clock.after(retryMs, () => void inTurn());
    }
  };

  const told = (text: string) => {
    if (text !== problem)
      onEvent({ level: 'error', event: 'alarm.not-listening', subject: 'receiver', text });
    problem = text;
  };

  const inTurn = () => {
    turn = turn.then(attempt);
    return turn;
  };

  return {
    configure(at) {
      wanted = at;
      return inTurn();
    },
    address: () => (intake === null ? null : shown(intake.address())),
    problem: () => problem,
    counts: () => sum(earlier, intake?.counts() ?? null),
    async close() {
      wanted = null;
      await inTurn();
    },
  };
}

function shown({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function sum(one: IntakeCounts | null, other: IntakeCounts | null): IntakeCounts | null {
  if (one === null || other === null) return one ?? other;
  const total = { ...other };
  for (const key of Object.keys(total) as (keyof IntakeCounts)[]) {
    if (key !== 'connections' && key !== 'underWay') total[key] += one[key];
  }
  return total;
}
