/**
 * The watchdog device (`/dev/watchdog`): fed while all is well, left to run out when this node must stop and cannot prove
 * that it has. It resets the machine even when this process is gone, frozen or killed.
 */
import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { LeaseTiming } from '../../../src/contract/standby.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';

export interface Watchdog {
  /** Feeds up to this monotonic moment only, unless armed anew or disarmed. */
  arm(deadlineMs: number): void;
  /** Nothing runs here that must not: it is fed without end. */
  disarm(): void;
  /** Never fed again: the machine resets when the device's time is over. */
  reset(): void;
  state(): string;
  /** Tells the device that the guard ends in order. */
  close(): Promise<void>;
}

const feedIntervalMs = 250;

/** What the kernel tells about a device: `/dev/watchdog` is the first. Null when it tells nothing. */
export async function deviceTimeoutMs(path: string): Promise<number | null> {
  const number = /^\/dev\/watchdog(\d*)$/.exec(path)?.[1];
  if (number === undefined) return null;
  const text = await readFile(`/sys/class/watchdog/watchdog${number || '0'}/timeout`, 'utf8').catch(() => '');
  const seconds = Number(text.trim());
  return Number.isInteger(seconds) && seconds > 0 ? seconds * 1_000 : null;
}

/** The longest time-out of a device that is fed in time while all is well: it resets when the deadline comes, not later. */
export function deviceTimeoutMaxMs(timing: LeaseTiming): number {
  return timing.leaseMs + timing.stopMs - timing.renewIntervalMs - feedIntervalMs;
}

/** Resolves to null with `onProblem` told when the device cannot be opened. */
export async function openWatchdog(options: {
  path: string;
  clock: Clock;
  /** How long the device waits for the next feeding: it is fed for the last time so long before a deadline. */
  timeoutMs: number;
  onProblem: (text: string) => void;
}): Promise<Watchdog | null> {
  const { path, clock, timeoutMs, onProblem } = options;
  let device: FileHandle;
  try {
    device = await open(path, 'w');
  } catch (error) {
    onProblem(
      `the watchdog ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    );
    return null;
  }
  return new DeviceWatchdog(device, { clock, timeoutMs, onProblem });
}

class DeviceWatchdog implements Watchdog {
  readonly #device: FileHandle;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #onProblem: (text: string) => void;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #feeding: Promise<void> | null = null;
  #cancel: Cancel = () => {};
  #failed = false;

  constructor(
    device: FileHandle,
    options: { clock: Clock; timeoutMs: number; onProblem: (text: string) => void },
  ) {
    this.#device = device;
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs;
    this.#onProblem = options.onProblem;
    this.#tick();
  }

  arm(deadlineMs: number): void {
    // A reset that was asked for is not taken back.
    if (this.#deadlineMs === Number.NEGATIVE_INFINITY) return;
    this.#deadlineMs = deadlineMs;
    this.#feed();
  }

  disarm(): void {
    this.arm(Number.POSITIVE_INFINITY);
  }

  reset(): void {
    this.#deadlineMs = Number.NEGATIVE_INFINITY;
  }

  state(): string {
    if (this.#failed) return 'failed';
    if (this.#deadlineMs === Number.NEGATIVE_INFINITY) return 'resetting';
    return Number.isFinite(this.#deadlineMs) ? 'armed' : 'idle';
  }

  async close(): Promise<void> {
    this.#cancel();
    await this.#feeding;
    // "V" is the magic close of the Linux watchdog API: without it the machine would reset.
    if (this.#deadlineMs !== Number.NEGATIVE_INFINITY) await this.#device.write('V').catch(() => {});
    await this.#device.close();
  }

  #tick(): void {
    this.#feed();
    this.#cancel = this.#clock.after(feedIntervalMs, () => this.#tick());
  }

  #feed(): void {
    if (this.#feeding || this.#clock.monotonicMs() + this.#timeoutMs > this.#deadlineMs) return;
    this.#feeding = this.#device
      .write('1')
      .then(
        () => {},
        (error: unknown) => {
          if (!this.#failed) this.#onProblem(`the watchdog cannot be fed: ${String(error)}`);
          this.#failed = true;
        },
      )
      .finally(() => {
        this.#feeding = null;
      });
  }
}
