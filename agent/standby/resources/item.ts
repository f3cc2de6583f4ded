/** One resource with its state and its watch: started, stopped and monitored one action at a time, each within its time-out. */
import type { ResourceConfig, ResourceState } from '../../../src/contract/standby.ts';
import { resourceConfigSchema } from '../../../src/contract/standby.ts';
import { type AppError, toAppError } from '../../../src/errors.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import type { Controller } from './controller.ts';
import type { ResourceEvent } from './event.ts';
import { timed } from './timed.ts';

export interface ItemDeps {
  readonly clock: Clock;
  readonly onEvent: (event: ResourceEvent) => void;
  /** A resource that ran does not run any more. */
  readonly onDown: (item: Item, problem: AppError) => void;
}

type Verb = 'start' | 'stop' | 'monitor';

/** What an OCF agent advertises counts where the operator left the time-out as it was. */
const schemaDefaults = resourceConfigSchema.parse({ kind: 'recording', id: 'x', name: 'x' });

export class Item {
  readonly config: ResourceConfig;
  readonly controller: Controller;
  readonly #deps: ItemDeps;
  state: ResourceState = 'unknown';
  problem: string | null = null;
  restarts = 0;
  sinceMs: number;
  /** The epoch it was started with. */
  #epoch = 0;
  #advertisedMs: ReadonlyMap<string, number> = new Map();
  #cancelWatch: Cancel = () => {};
  #checking: AbortController | null = null;

  constructor(config: ResourceConfig, controller: Controller, deps: ItemDeps) {
    this.config = config;
    this.controller = controller;
    this.#deps = deps;
    this.sinceMs = deps.clock.nowMs();
  }

  get id(): string {
    return this.config.id;
  }

  async learnTimeouts(advertisedMs: Promise<ReadonlyMap<string, number>>): Promise<void> {
    this.#advertisedMs = await advertisedMs;
  }

  async start(epoch: number, outer: AbortSignal): Promise<void> {
    const renewed = this.config.kind === 'recording' && this.#epoch !== epoch;
    if (this.state === 'running' && !renewed) return this.watch();
    this.unwatch();
    this.#become('starting', null);
    await this.#act('start', epoch, outer);
    this.#epoch = epoch;
    this.#become('running', null);
    this.watch();
  }

  /** Also of what is thought to be stopped only when it never ran under this guard. */
  async stop(outer: AbortSignal): Promise<void> {
    this.unwatch();
    this.#become('stopping', null);
    await this.#act('stop', this.#epoch, outer);
    this.#become('stopped', null);
  }

  async drop(signal: AbortSignal): Promise<void> {
    if (this.controller.drop === undefined) return;
    this.unwatch();
    this.#become('unknown', 'the address was dropped');
    await this.controller.drop(signal);
  }

  fail(problem: string): void {
    this.unwatch();
    this.#become('failed', problem);
  }

  /** Looks again after the interval, as long as it runs. */
  watch(): void {
    this.unwatch();
    const delayMs = this.config.monitorIntervalSeconds * 1000;
    this.#cancelWatch = this.#deps.clock.after(delayMs, () => void this.#check());
  }

  unwatch(): void {
    this.#cancelWatch();
    this.#checking?.abort();
    this.#checking = null;
  }

  async #check(): Promise<void> {
    const checking = new AbortController();
    this.#checking = checking;
    try {
      await this.#timed('monitor', this.#epoch, checking.signal);
    } catch (thrown) {
      if (this.#checking === checking) this.#deps.onDown(this, toAppError(thrown));
      return;
    }
    if (this.#checking === checking) this.watch();
  }

  async #act(verb: Verb, epoch: number, outer: AbortSignal): Promise<void> {
    try {
      await this.#timed(verb, epoch, outer);
    } catch (thrown) {
      const { message } = toAppError(thrown);
      this.#become(outer.aborted ? 'unknown' : 'failed', message);
      throw thrown;
    }
  }

  #timed(verb: Verb, epoch: number, outer: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const timeoutMs = this.#timeoutMs(verb);
    return timed({ clock, verb, timeoutMs, epoch, outer }, (action) => this.controller[verb](action));
  }

  #timeoutMs(verb: Verb): number {
    const key = `${verb}TimeoutSeconds` as const;
    const configuredMs = this.config[key] * 1000;
    const isDefault = this.config[key] === schemaDefaults[key];
    return isDefault ? (this.#advertisedMs.get(verb) ?? configuredMs) : configuredMs;
  }

  #become(state: ResourceState, problem: string | null): void {
    if (this.state !== state) this.sinceMs = this.#deps.clock.nowMs();
    const news = this.state !== state || this.problem !== problem;
    this.state = state;
    this.problem = problem;
    if (!news || (state !== 'failed' && state !== 'running' && state !== 'stopped')) return;
    this.#deps.onEvent({
      level: state === 'failed' ? 'error' : 'info',
      event: `resource.${state}`,
      subject: this.id,
      text: problem === null ? `${this.config.name} is ${state}` : `${this.config.name}: ${problem}`,
    });
  }
}
