/** Any OCF resource agent as it comes from its package: validated once, run with its parameters, its codes put in words. */
import type { ResourceConfig } from '../../../../../src/contract/standby.ts';
import { AppError } from '../../../../../src/errors.ts';
import type { CommandResult } from '../../commands.ts';
import type { Action, Controller, ControllerDeps } from '../../controller.ts';
import {
  describeExit,
  isRunning,
  ocfEnvironment,
  ocfNotRunning,
  ocfSuccess,
  ocfUnimplemented,
  parseMetaData,
} from './codec.ts';

type OcfConfig = Extract<ResourceConfig, { kind: 'ocf' }>;

const ocfRoot = '/usr/lib/ocf';
const metaDataMs = 5_000;

export class OcfController implements Controller {
  readonly #config: OcfConfig;
  readonly #deps: ControllerDeps;
  #validated = false;

  constructor(config: OcfConfig, deps: ControllerDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  async start(action: Action): Promise<void> {
    await this.#validate(action);
    const result = await this.#run('start', action);
    if (result.code !== ocfSuccess) throw this.#failure('start', result);
  }

  async stop(action: Action): Promise<void> {
    const result = await this.#run('stop', action);
    if (result.code === ocfSuccess || result.code === ocfNotRunning) return;
    throw this.#failure('stop', result);
  }

  async monitor(action: Action): Promise<void> {
    const result = await this.#run('monitor', action);
    if (!isRunning(result.code)) throw this.#failure('monitor', result);
  }

  /** Once for each configuration: the standby pays for it in its first start only. */
  async #validate(action: Action): Promise<void> {
    if (this.#validated) return;
    const [metaData, verdict] = await Promise.all([
      this.#run('meta-data', action),
      this.#run('validate-all', action),
    ]);
    if (metaData.code === ocfSuccess) this.#checkParameters(metaData.output);
    if (verdict.code !== ocfSuccess && verdict.code !== ocfUnimplemented)
      throw this.#failure('validate-all', verdict);
    this.#validated = true;
  }

  #checkParameters(metaData: string): void {
    const { parameters } = parseMetaData(metaData);
    const given = Object.keys(this.#config.parameters);
    const missing = parameters.filter(({ name, required }) => required && !given.includes(name));
    if (missing.length > 0) {
      const names = missing.map(({ name }) => name).join(', ');
      throw new AppError('invalid_input', `${this.#config.agent} needs the parameters ${names}`);
    }
    const unknown = given.filter((name) => !parameters.some((parameter) => parameter.name === name));
    if (unknown.length > 0 && parameters.length > 0) {
      this.#deps.onEvent({
        level: 'warning',
        event: 'resource.unknown-parameter',
        subject: this.#config.id,
        text: `${this.#config.name}: ${this.#config.agent} does not know the parameters ${unknown.join(', ')}`,
      });
    }
  }

  #run(verb: string, { signal, timeoutMs }: Action): Promise<CommandResult> {
    const env = ocfEnvironmentOf(this.#config, timeoutMs);
    return this.#deps.commands.run({ command: [ocfPath(this.#config.agent), verb], env, signal });
  }

  #failure(verb: string, { code, lastLines }: CommandResult): AppError {
    const said = lastLines === '' ? '' : `: ${lastLines}`;
    return new AppError(
      'unavailable',
      `${this.#config.agent} ${verb}: ${describeExit(code)}${said}`,
      code === 5 ? { hint: 'Install what the agent needs on this node.' } : {},
    );
  }
}

/** Of `provider:type`. */
export function ocfPath(agent: string): string {
  return `${ocfRoot}/resource.d/${agent.replace(':', '/')}`;
}

/** What an agent is run with, besides the environment that there is. */
export function ocfEnvironmentOf({ agent, id, parameters }: OcfConfig, timeoutMs: number) {
  const [provider = '', type = ''] = agent.split(':');
  return ocfEnvironment({ root: ocfRoot, provider, type, instance: id, parameters, timeoutMs });
}

/** What the agent says it needs by action, {} when it does not tell. */
export async function advertisedTimeouts(
  config: OcfConfig,
  deps: ControllerDeps,
): Promise<ReadonlyMap<string, number>> {
  const abort = new AbortController();
  const cancel = deps.clock.after(metaDataMs, () => abort.abort());
  try {
    const { output } = await deps.commands.run({
      command: [ocfPath(config.agent), 'meta-data'],
      env: { OCF_ROOT: ocfRoot },
      signal: abort.signal,
    });
    return parseMetaData(output).timeoutsMs;
  } catch {
    return new Map();
  } finally {
    cancel();
  }
}
