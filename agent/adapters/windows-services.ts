/** A Windows service through sc.exe: light enough for a look every second, and read by numbers, which no language changes. */
import type { ResourceConfig } from '../../src/contract/standby.ts';
import { AppError } from '../../src/errors.ts';
import type { CommandResult } from '../standby/resources/commands.ts';
import type { Action, Controller, ControllerDeps } from '../standby/resources/controller.ts';

const pollMs = 200;

/** SERVICE_STATUS.dwCurrentState (winsvc.h). */
const states = [
  'unknown',
  'stopped',
  'starting',
  'stopping',
  'running',
  'continuing',
  'pausing',
  'paused',
] as const;
type WindowsServiceState = (typeof states)[number];

/** System error codes that sc.exe ends with (winerror.h). */
const alreadyRunning = 1056;
const doesNotExist = 1060;
const notActive = 1062;

/** `sc.exe query`: the second `name : number WORD` line is the state, after the type; names are translated, numbers are not. */
export function parseServiceState(output: string): WindowsServiceState {
  const lines = [...output.matchAll(/^\s+\S[^:\n]*:\s*([0-9a-f]+)\s+[A-Z_]+/gm)];
  return states[Number(lines[1]?.[1])] ?? 'unknown';
}

export class WindowsServiceController implements Controller {
  readonly #service: string;
  readonly #deps: ControllerDeps;

  constructor(config: Extract<ResourceConfig, { kind: 'service' }>, deps: ControllerDeps) {
    this.#service = config.unit;
    this.#deps = deps;
  }

  async start({ signal }: Action): Promise<void> {
    const result = await this.#sc('start', signal);
    if (result.code !== 0 && result.code !== alreadyRunning) throw this.#failure('start', result);
    await this.#reach('running', signal, ['starting', 'continuing']);
  }

  async stop({ signal }: Action): Promise<void> {
    const result = await this.#sc('stop', signal);
    if (result.code === notActive || result.code === doesNotExist) return;
    if (result.code !== 0) throw this.#failure('stop', result);
    await this.#reach('stopped', signal, ['stopping', 'running', 'pausing']);
  }

  async monitor({ signal }: Action): Promise<void> {
    const state = await this.#state(signal);
    if (state !== 'running') throw new AppError('unavailable', `the service ${this.#service} is ${state}`);
  }

  /** sc.exe only gives the order: the service gets there by itself, or not. */
  async #reach(
    wanted: WindowsServiceState,
    signal: AbortSignal,
    onTheWay: readonly WindowsServiceState[],
  ): Promise<void> {
    for (;;) {
      const state = await this.#state(signal);
      if (state === wanted) return;
      if (!onTheWay.includes(state))
        throw new AppError('unavailable', `the service ${this.#service} is ${state}, not ${wanted}`);
      await new Promise<void>((resolve) => this.#deps.clock.after(pollMs, resolve));
    }
  }

  async #state(signal: AbortSignal): Promise<WindowsServiceState> {
    const result = await this.#sc('query', signal);
    if (result.code !== 0) throw this.#failure('query', result);
    return parseServiceState(result.output);
  }

  #sc(verb: string, signal: AbortSignal): Promise<CommandResult> {
    return this.#deps.commands.run({ command: ['sc.exe', verb, this.#service], signal });
  }

  #failure(verb: string, { code, lastLines }: CommandResult): AppError {
    if (code === doesNotExist)
      return new AppError('not_found', `Windows has no service ${this.#service}`, {
        hint: 'Give the name of the service, not its display name: see sc.exe query.',
      });
    return new AppError('unavailable', `sc.exe ${verb} ${this.#service} failed: ${lastLines}`);
  }
}
