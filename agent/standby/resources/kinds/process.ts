/** A program that the guard itself keeps running: one copy, its end noticed at once, the whole tree gone after a stop. */
import type { ResourceConfig } from '../../../../src/contract/standby.ts';
import { AppError } from '../../../../src/errors.ts';
import type { Action, Controller, ControllerDeps } from '../controller.ts';

/** A program that ends within this time did not start. */
const settleMs = 150;
/** Between looks at what is left: at first short, then longer, because each reads all processes. */
const pollMsMin = 10;
const pollMsMax = 200;
/** Part of the stop's time-out that is left to a polite end, before everything is killed. */
const politeShare = 0.7;

interface Running {
  readonly ended: Promise<string>;
  /** Why it does not run any more. */
  end: string | null;
  stopping: boolean;
}

export class ProcessController implements Controller {
  readonly #config: Extract<ResourceConfig, { kind: 'process' }>;
  readonly #deps: ControllerDeps;
  readonly #token: string;
  #running: Running | null = null;

  constructor(config: Extract<ResourceConfig, { kind: 'process' }>, deps: ControllerDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#token = `process:${deps.pairId}:${deps.nodeId}:${config.id}`;
  }

  async start(action: Action): Promise<void> {
    if (this.#running !== null && this.#running.end === null) return;
    // What an earlier life of the guard left running, or the children of one that crashed: never two copies.
    await this.stop(action);
    const { ended } = this.#deps.commands.daemon({ command: this.#config.command, token: this.#token });
    const running: Running = { ended, end: null, stopping: false };
    this.#running = running;
    void ended.then((why) => this.#noteEnd(running, why));
    await Promise.race([ended, this.#pause(settleMs), aborted(action.signal)]);
    if (running.end !== null) throw new AppError('unavailable', running.end);
  }

  async stop({ signal, timeoutMs }: Action): Promise<void> {
    if (this.#running !== null) this.#running.stopping = true;
    const { commands, clock } = this.#deps;
    const startedMs = clock.monotonicMs();
    await commands.killMarked(this.#token, 'SIGTERM');
    let pollMs = pollMsMin;
    for (let left = await this.#left(); left.length > 0; left = await this.#left()) {
      if (signal.aborted)
        throw new AppError('timeout', `processes ${left.join(', ')} are still running after the kill`);
      if (clock.monotonicMs() - startedMs > timeoutMs * politeShare)
        await commands.killMarked(this.#token, 'SIGKILL');
      await this.#pause(pollMs);
      pollMs = Math.min(pollMsMax, pollMs * 2);
    }
    this.#running = null;
  }

  async monitor(): Promise<void> {
    if (this.#running === null)
      throw new AppError('unavailable', `${this.#config.command[0]} is not running`);
    if (this.#running.end !== null) throw new AppError('unavailable', this.#running.end);
  }

  #noteEnd(running: Running, why: string): void {
    running.end = why;
    if (running.stopping || this.#running !== running) return;
    this.#deps.onDown(this.#config.id, new AppError('unavailable', why));
  }

  #left(): Promise<number[]> {
    return this.#deps.commands.marked(this.#token);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#deps.clock.after(ms, resolve));
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
