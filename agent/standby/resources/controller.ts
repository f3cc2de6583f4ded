/** What each kind of resource can do: start, stop, monitor, within the time that the runner gives. */
import type { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { AddressLifetimes } from './address-lifetimes.ts';
import type { Commands } from './commands.ts';
import type { ResourceEvent } from './event.ts';

export interface Action {
  /** Fires at the time-out, or when a stop overtakes: what runs is killed. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly epoch: number;
}

/** Every action rejects with an AppError whose message is the resource's `problem`. All are idempotent. */
export interface Controller {
  start(action: Action): Promise<void>;
  /** Resolves only when it does not run any more. */
  stop(action: Action): Promise<void>;
  monitor(action: Action): Promise<void>;
  /** Addresses only: gone as fast as the system can; rejects when it may still be there. */
  drop?(signal: AbortSignal): Promise<void>;
}

/** What controllers are given. */
export interface ControllerDeps {
  /** Run where the pair's network is. */
  readonly commands: Commands;
  /** Without the runner's prefix: `ip netns exec` would hide what is mounted from everybody else. */
  readonly hostCommands: Commands;
  readonly clock: Clock;
  readonly lifetimes: AddressLifetimes;
  /** What starts now was handed over by the peer, which has stopped it. */
  readonly isHandedOver: () => boolean;
  readonly nodeId: string;
  readonly pairId: string;
  readonly recording: { start(epoch: number): Promise<void>; stop(): Promise<void> };
  readonly onEvent: (event: ResourceEvent) => void;
  /** It noticed by itself that it does not run any more. */
  readonly onDown: (id: string, problem: AppError) => void;
}
