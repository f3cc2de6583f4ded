/** A systemd unit: started, stopped and watched through systemctl, which waits for the unit by itself. */
import type { ResourceConfig } from '../../../../src/contract/standby.ts';
import { AppError } from '../../../../src/errors.ts';
import type { CommandResult } from '../commands.ts';
import type { Action, Controller, ControllerDeps } from '../controller.ts';

const pollMs = 200;

export class ServiceController implements Controller {
  readonly #unit: string;
  readonly #deps: ControllerDeps;

  constructor(config: Extract<ResourceConfig, { kind: 'service' }>, deps: ControllerDeps) {
    // A name without an ending means a service, as in systemctl itself.
    this.#unit = config.unit.includes('.') ? config.unit : `${config.unit}.service`;
    this.#deps = deps;
  }

  async start({ signal }: Action): Promise<void> {
    await this.#systemctl('start', signal);
    for (let state = await this.#state(signal); state !== 'active'; state = await this.#state(signal)) {
      if (state !== 'activating' && state !== 'reloading') throw this.#notActive(state);
      await this.#pause(signal);
    }
  }

  async stop({ signal }: Action): Promise<void> {
    if (!(await this.#isManaged(signal)) || !(await this.#isLoaded(signal))) return;
    await this.#systemctl('stop', signal);
    for (let state = await this.#state(signal); ; state = await this.#state(signal)) {
      if (state === 'inactive' || state === 'failed') return;
      await this.#pause(signal);
    }
  }

  async monitor({ signal }: Action): Promise<void> {
    const state = await this.#state(signal);
    if (state !== 'active' && state !== 'reloading') throw this.#notActive(state);
  }

  async #systemctl(verb: string, signal: AbortSignal): Promise<void> {
    const result = await this.#run(['systemctl', verb, '--', this.#unit], signal);
    if (result.code !== 0)
      throw new AppError('unavailable', `systemctl ${verb} ${this.#unit} failed: ${result.lastLines}`, {
        hint: `See: journalctl -u ${this.#unit}`,
      });
  }

  async #state(signal: AbortSignal): Promise<string> {
    return (await this.#show('ActiveState', signal)) ?? '';
  }

  /** sd_booted(3): where systemd is not the manager none of its units runs. */
  async #isManaged(signal: AbortSignal): Promise<boolean> {
    const { code } = await this.#deps.commands.run({
      command: ['test', '-d', '/run/systemd/system'],
      signal,
    });
    return code !== 1;
  }

  async #isLoaded(signal: AbortSignal): Promise<boolean> {
    return (await this.#show('LoadState', signal)) !== 'not-found';
  }

  /** systemctl(1) `show`: `Name=value`, the same in every language. */
  async #show(property: string, signal: AbortSignal): Promise<string | undefined> {
    const result = await this.#run(['systemctl', 'show', `--property=${property}`, '--', this.#unit], signal);
    const value = new RegExp(`^${property}=(.*)$`, 'm').exec(result.output)?.[1]?.trim();
    if (result.code === 0 && value !== undefined) return value;
    throw new AppError('unavailable', `systemd does not tell about ${this.#unit}: ${result.lastLines}`, {
      hint: 'On a system without systemd use a process, script or OCF resource.',
    });
  }

  #run(command: string[], signal: AbortSignal): Promise<CommandResult> {
    return this.#deps.commands.run({ command, signal, env: { SYSTEMD_COLORS: '0', SYSTEMD_PAGER: '' } });
  }

  #notActive(state: string): AppError {
    return new AppError('unavailable', `${this.#unit} is ${state || 'unknown'}, not active`, {
      hint: `See: journalctl -u ${this.#unit}`,
    });
  }

  #pause(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new AppError('timeout', `${this.#unit} did not reach the wanted state in time`);
    return new Promise((resolve) => this.#deps.clock.after(pollMs, resolve));
  }
}
