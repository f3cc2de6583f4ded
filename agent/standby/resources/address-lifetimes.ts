/** How long the kernel keeps the pair's addresses: no longer than this node may work, also when the guard stands still or is gone. */
import { AppError, toAppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { Commands } from './commands.ts';
import type { ResourceEvent } from './event.ts';

/** Heartbeats may grant more often than is needed. */
const everyMsMin = 150;

interface HeldAddress {
  /** `192.0.2.10/24`. */
  readonly cidr: string;
  readonly interfaceName: string;
  /** As it was added: `nodad`. */
  readonly flags: readonly string[];
}

interface Grant {
  readonly lifetimeSeconds: number;
  /** Monotonic: given later it would outlive the right to work. */
  readonly beforeMs: number;
}

interface AddressLifetimesOptions {
  readonly commands: Commands;
  readonly clock: Clock;
  readonly onEvent: (event: ResourceEvent) => void;
}

export class AddressLifetimes {
  readonly #options: AddressLifetimesOptions;
  readonly #held = new Map<string, HeldAddress>();
  readonly #waiting = new Set<() => void>();
  #governed = false;
  #grant: Grant | null = null;
  #renewal: Promise<void> | null = null;
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  #troubled = false;

  constructor(options: AddressLifetimesOptions) {
    this.#options = options;
  }

  /** Whether a lease limits the addresses; without one they stay until they are removed. */
  govern(governed: boolean): void {
    this.#governed = governed;
  }

  /** The right to work was confirmed: held addresses live anew, one that waits to be added may be. Returns at once. */
  grant(lifetimeSeconds: number, beforeMs: number): void {
    this.#grant = { lifetimeSeconds, beforeMs };
    for (const wake of [...this.#waiting]) wake();
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#held.size === 0 || this.#renewal !== null || nowMs - this.#renewedAtMs < everyMsMin) return;
    this.#renewedAtMs = nowMs;
    this.#renewal = this.#renew(this.#grant).finally(() => {
      this.#renewal = null;
    });
  }

  /** What `ip address` is told about an address that is added now; waits for a grant that is young enough. */
  async words(signal: AbortSignal): Promise<string[]> {
    if (!this.#governed) return [];
    for (;;) {
      if (signal.aborted)
        throw new AppError('timeout', 'the lease was not renewed in time to hold an address');
      const grant = this.#grant;
      if (grant !== null && this.#options.clock.monotonicMs() < grant.beforeMs)
        return wordsOf(grant.lifetimeSeconds);
      await this.#nextGrant(signal);
    }
  }

  hold(id: string, address: HeldAddress): void {
    if (this.#governed) this.#held.set(id, address);
  }

  /** Resolves when nothing that is under way can bring it back. Never rejects. */
  async letGo(id: string): Promise<void> {
    this.#held.delete(id);
    await this.#renewal;
  }

  #nextGrant(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  /** One program for all. `change` also brings back what has just run out, which is right while the grant is. */
  async #renew({ lifetimeSeconds, beforeMs }: Grant): Promise<void> {
    const { commands, clock } = this.#options;
    const lines = [...this.#held.values()].map(({ cidr, interfaceName, flags }) =>
      ['address', 'change', cidr, 'dev', interfaceName, ...wordsOf(lifetimeSeconds), ...flags].join(' '),
    );
    const late = new AbortController();
    const cancel = clock.after(Math.max(0, beforeMs - clock.monotonicMs()), () => late.abort());
    try {
      const command = ['ip', '-force', '-batch', '-'];
      const result = await commands.run({ command, input: `${lines.join('\n')}\n`, signal: late.signal });
      this.#note(result.code === 0 ? null : result.lastLines);
    } catch (thrown) {
      this.#note(toAppError(thrown).message);
    } finally {
      cancel();
    }
  }

  #note(problem: string | null): void {
    const before = this.#troubled;
    this.#troubled = problem !== null;
    if (problem === null || before || this.#held.size === 0) return;
    const [[id] = ['']] = this.#held;
    this.#options.onEvent({
      level: 'warning',
      event: 'resource.not-renewed',
      subject: id,
      text: `the lifetime of the virtual addresses could not be renewed: ${problem}. The system removes them when it ends.`,
    });
  }
}

/** ip-address(8); preferred as long as it is valid, or connections would choose another source. */
function wordsOf(lifetimeSeconds: number): string[] {
  return ['valid_lft', String(lifetimeSeconds), 'preferred_lft', String(lifetimeSeconds)];
}
