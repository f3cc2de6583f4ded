/** Runs the application's resources in dependency order: at most one operation at a time, a stop overtakes a start. */
import type { PairConfig } from '../../../src/contract/standby.ts';
import { AppError, toAppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import { keepsLease } from '../timing-plan.ts';
import type { ResourceRunner } from '../types.ts';
import { AddressLifetimes } from './address-lifetimes.ts';
import type { Commands } from './commands.ts';
import type { ControllerDeps } from './controller.ts';
import { makeController, prefixed } from './controllers.ts';
import type { ResourceEvent } from './event.ts';
import { type Graph, makeGraph, nextStarts, nextStops, withDependents } from './graph/plan.ts';
import { sweep } from './graph/sweep.ts';
import { Item } from './item.ts';
import { advertisedTimeouts } from './kinds/ocf/agent.ts';
import { type Operation, Operations, overtaken } from './operations.ts';
import { Repairs } from './repairs.ts';

const dropMs = 500;
const dropEndMs = 10_000;

export interface ResourceRunnerOptions {
  readonly commands: Commands;
  readonly clock: Clock;
  readonly recording: { start(epoch: number): Promise<void>; stop(): Promise<void> };
  readonly onEvent: (event: ResourceEvent) => void;
  readonly platform: NodeJS.Platform;
  /** Put before every command but those of volumes: `['ip', 'netns', 'exec', NAME]`. */
  readonly commandPrefix?: readonly string[];
}

/** Before `configure` it has nothing to run. A fresh runner knows nothing of what runs: its first `stop` stops everything. */
export function createResourceRunner(options: ResourceRunnerOptions): ResourceRunner {
  return new Runner(options);
}

class Runner implements ResourceRunner {
  readonly #options: ResourceRunnerOptions;
  readonly #operations = new Operations(() => this.#repairNext());
  readonly #repairs: Repairs;
  readonly #lifetimes: AddressLifetimes;
  #graph: Graph = makeGraph([]);
  #items = new Map<string, Item>();
  #configured = '';
  #wanted: 'running' | 'stopped' = 'stopped';
  #epoch = 0;
  #handedOver = false;
  readonly #listeners: ((failure: { id: string; problem: string }) => void)[] = [];

  constructor(options: ResourceRunnerOptions) {
    this.#options = options;
    this.#repairs = new Repairs(options.clock, () => this.#repairNext());
    const { commands, commandPrefix = [], clock, onEvent } = options;
    this.#lifetimes = new AddressLifetimes({ commands: prefixed(commands, commandPrefix), clock, onEvent });
  }

  configure(config: PairConfig, nodeId: string): void {
    this.#lifetimes.govern(keepsLease(config.arbiter.kind));
    const wanted = JSON.stringify([config.pairId, nodeId, config.resources]);
    if (wanted === this.#configured) return;
    if (this.#wanted === 'running' || this.#operations.current !== null) {
      throw new AppError('conflict', 'the resources run: they cannot be changed now', {
        hint: 'Bring the pair out, change them, and bring it in again.',
      });
    }
    const graph = makeGraph(config.resources);
    const items = this.#makeItems(config, nodeId);
    this.#graph = graph;
    this.#items = items;
    this.#configured = wanted;
  }

  start(epoch: number, handedOver = false): Promise<void> {
    return this.#operations.start(epoch, async (operation) => {
      this.#handedOver = handedOver;
      await this.#start(operation).finally(() => {
        this.#handedOver = false;
      });
    });
  }

  stop(): Promise<void> {
    this.#standDown();
    return this.#operations.stop((operation) => this.#stop(operation));
  }

  async dropAddresses(): Promise<void> {
    this.#standDown();
    this.#operations.overtake();
    await this.#drop();
  }

  renewAddresses(lifetimeSeconds: number, beforeMs: number): void {
    this.#lifetimes.grant(lifetimeSeconds, beforeMs);
  }

  states(): ReturnType<ResourceRunner['states']> {
    return [...this.#items.values()].map(({ id, state, problem, restarts, sinceMs }) => ({
      id,
      state,
      problem,
      restarts,
      sinceMs,
    }));
  }

  onFailed(listener: (failure: { id: string; problem: string }) => void): void {
    this.#listeners.push(listener);
  }

  #makeItems(config: PairConfig, nodeId: string): Map<string, Item> {
    const { commands, commandPrefix = [], clock, recording, onEvent, platform } = this.#options;
    const items = new Map<string, Item>();
    const deps: ControllerDeps = {
      commands: prefixed(commands, commandPrefix),
      hostCommands: commands,
      clock,
      lifetimes: this.#lifetimes,
      isHandedOver: () => this.#handedOver,
      nodeId,
      pairId: config.pairId,
      recording,
      onEvent,
      onDown: (id, problem) => {
        const item = items.get(id);
        if (item !== undefined) this.#down(item, problem);
      },
    };
    const onDown = (item: Item, problem: AppError) => this.#down(item, problem);
    for (const resource of config.resources) {
      const item = new Item(resource, makeController(resource, deps, platform), { clock, onEvent, onDown });
      items.set(resource.id, item);
      if (resource.kind === 'ocf') void item.learnTimeouts(advertisedTimeouts(resource, deps));
    }
    return items;
  }

  /** Nothing is watched or repaired any more. */
  #standDown(): void {
    this.#wanted = 'stopped';
    this.#repairs.forget();
    for (const item of this.#items.values()) item.unwatch();
  }

  async #start(operation: Operation): Promise<void> {
    this.#wanted = 'running';
    this.#epoch = operation.epoch;
    this.#repairs.forget();
    const fresh = this.#idsWhere((item) => item.state !== 'running');
    for (const id of fresh) this.#item(id).restarts = 0;
    const begun = new Set<string>();
    const failures = await this.#sweepStart(operation, new Set(this.#graph.ids), begun);
    if (operation.overtaken) throw overtaken();
    const first = failures[0];
    if (first === undefined) return;
    this.#wanted = 'stopped';
    const mine = new Set([...begun].filter((id) => fresh.has(id)));
    const left = await this.#sweepStop(mine, new AbortController().signal);
    first.item.fail(first.error.message);
    throw failed(first, 'started', left);
  }

  /** The caller hears of the first failure at once, because it must fence; what can be stopped goes on stopping. */
  async #stop(operation: Operation): Promise<void> {
    const members = this.#idsWhere((item) => item.state !== 'stopped');
    await this.#sweepStop(members, operation.abort.signal, (failure) => {
      if (operation.isTold()) return;
      void this.#drop().catch(() => undefined);
      operation.tell({ error: failed(failure, 'stopped') });
    });
  }

  #down(item: Item, problem: AppError): void {
    if (item.state !== 'running') return;
    const operation = this.#operations.current;
    if (operation?.kind === 'stop') return;
    item.fail(problem.message);
    if (this.#wanted === 'stopped') return;
    this.#repairs.add(item);
    if (operation?.kind === 'start') operation.abort.abort();
    this.#repairNext();
  }

  #repairNext(): void {
    while (this.#wanted === 'running' && this.#operations.current === null) {
      const item = this.#repairs.next();
      if (item === null) return;
      if (item.state !== 'failed') continue;
      if (this.#repairs.mayRestart(item)) {
        item.restarts += 1;
        this.#operations.repair((operation) => this.#repair(operation, item));
      } else {
        this.#giveUp({ item, error: new AppError('unavailable', item.problem ?? 'it failed') });
      }
    }
  }

  /** In place: what needs the resource stops before it and starts after it. */
  async #repair(operation: Operation, item: Item): Promise<void> {
    const { signal } = operation.abort;
    const affected = withDependents(this.#graph, item.id);
    const running = this.#idsWhere(({ id, state }) => affected.has(id) && state !== 'stopped');
    const failures = await this.#sweepStop(running, signal);
    if (failures.length === 0 && !operation.overtaken)
      failures.push(...(await this.#sweepStart(operation, affected, null)));
    if (operation.overtaken) return;
    if (failures.length === 0) this.#repairs.mended(item);
    for (const failure of failures) this.#giveUp(failure);
  }

  #giveUp({ item, error }: Failure): void {
    item.fail(error.message);
    this.#repairs.retryLater(item);
    for (const listener of this.#listeners) listener({ id: item.id, problem: error.message });
  }

  /** With `begun` the first failure ends the sweep, and what was begun is noted there; without it all that can start do. */
  async #sweepStart(
    operation: Operation,
    members: ReadonlySet<string>,
    begun: Set<string> | null,
  ): Promise<Failure[]> {
    const failures: Failure[] = [];
    await sweep({
      graph: this.#graph,
      members,
      next: nextStarts,
      act: (id) => {
        begun?.add(id);
        return this.#item(id).start(this.#epoch, operation.abort.signal);
      },
      isHalted: () => operation.abort.signal.aborted,
      onFailed: (id, thrown) => {
        // What is killed because another failed has not failed itself.
        if (operation.abort.signal.aborted) return;
        failures.push({ item: this.#item(id), error: toAppError(thrown) });
        if (begun !== null) operation.abort.abort();
      },
    });
    // One that ran already went down meanwhile.
    const down = begun === null ? null : this.#repairs.next();
    if (down !== null && failures.length === 0)
      failures.push({ item: down, error: new AppError('unavailable', down.problem ?? 'it failed') });
    return failures;
  }

  async #sweepStop(
    members: ReadonlySet<string>,
    signal: AbortSignal,
    onFailed: (failure: Failure) => void = () => {},
  ): Promise<Failure[]> {
    const failures: Failure[] = [];
    await sweep({
      graph: this.#graph,
      members,
      next: nextStops,
      act: (id) => this.#item(id).stop(signal),
      isHalted: () => signal.aborted,
      onFailed: (id, thrown) => {
        if (signal.aborted) return;
        const failure = { item: this.#item(id), error: toAppError(thrown) };
        failures.push(failure);
        onFailed(failure);
      },
    });
    return failures;
  }

  /** Rejects when an address may still be there. */
  async #drop(): Promise<void> {
    const { clock } = this.#options;
    const abort = new AbortController();
    const late = Promise.withResolvers<never>();
    // Late is told, and not given up: the removal goes on.
    const cancelEnd = clock.after(dropEndMs, () => abort.abort());
    const cancel = clock.after(dropMs, () => {
      late.reject(new AppError('timeout', `the addresses could not be dropped within ${dropMs} ms`));
    });
    const drops = Promise.all([...this.#items.values()].map((item) => item.drop(abort.signal)));
    drops.then(cancelEnd, cancelEnd);
    try {
      await Promise.race([drops, late.promise]);
    } finally {
      cancel();
    }
  }

  #idsWhere(matches: (item: Item) => boolean): Set<string> {
    return new Set([...this.#items.values()].filter(matches).map(({ id }) => id));
  }

  #item(id: string): Item {
    const item = this.#items.get(id);
    if (item === undefined) throw new AppError('internal', `no resource ${id}`);
    return item;
  }
}

interface Failure {
  readonly item: Item;
  readonly error: AppError;
}

function failed(
  { item, error }: Failure,
  done: 'started' | 'stopped',
  left: readonly Failure[] = [],
): AppError {
  const still = left.map((other) => other.item.config.name).join(', ');
  const rest = still === '' ? '' : `; and after it these could not be stopped: ${still}`;
  return new AppError(error.code, `${item.config.name} could not be ${done}: ${error.message}${rest}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details: { ...error.details, id: item.id },
    cause: error,
  });
}
