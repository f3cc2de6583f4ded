/** Start, stop and monitor commands of the operator: exit code 0 means done, or running. */
import type { ResourceConfig } from '../../../../src/contract/standby.ts';
import { AppError } from '../../../../src/errors.ts';
import type { Action, Controller, ControllerDeps } from '../controller.ts';

type ScriptConfig = Extract<ResourceConfig, { kind: 'script' }>;

export class ScriptController implements Controller {
  readonly #config: ScriptConfig;
  readonly #deps: ControllerDeps;

  constructor(config: ScriptConfig, deps: ControllerDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  start(action: Action): Promise<void> {
    return this.#run('start', action);
  }

  stop(action: Action): Promise<void> {
    return this.#run('stop', action);
  }

  monitor(action: Action): Promise<void> {
    return this.#run('monitor', action);
  }

  async #run(verb: 'start' | 'stop' | 'monitor', { signal, epoch }: Action): Promise<void> {
    const result = await this.#deps.commands.run({
      command: this.#config[verb],
      signal,
      env: { HOLDFAST_ACTION: verb, HOLDFAST_RESOURCE: this.#config.id, HOLDFAST_EPOCH: String(epoch) },
    });
    if (result.code === 0) return;
    const how = result.code === null ? 'was killed' : `ended with code ${result.code}`;
    const said = result.lastLines === '' ? '' : `: ${result.lastLines}`;
    throw new AppError('unavailable', `${verb} ${how}${said}`);
  }
}
