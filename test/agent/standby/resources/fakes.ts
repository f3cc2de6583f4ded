/** What tests of resources share: a clock that is told the time, programs that do what a test says, a pair's settings. */
import type { Clock } from '../../../../agent/adapters/clock.ts';
import type {
  CommandRequest,
  CommandResult,
  Commands,
} from '../../../../agent/standby/resources/commands.ts';
import { createResourceRunner } from '../../../../agent/standby/resources/runner.ts';
import {
  type PairConfig,
  pairConfigSchema,
  type ResourceConfig,
  resourceConfigSchema,
} from '../../../../src/contract/standby.ts';
import { AppError } from '../../../../src/errors.ts';

export class FakeClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<{ dueMs: number; run: () => void }>();

  nowMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Due timers run in order, and what each sets off comes to its end before the next. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settled();
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > endMs) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.run();
      await settled();
    }
    this.#nowMs = endMs;
  }
}

/** Whatever promises are under way without the clock come to their end. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
}

type Answer = Partial<CommandResult> | 'hang' | Error;

/** Programs by what they do; without a rule each ends well at once. Each call is kept. */
export class FakeCommands implements Commands {
  readonly calls: CommandRequest[] = [];
  answer: (line: string, request: CommandRequest) => Answer | Promise<Answer> = () => ({});

  get lines(): string[] {
    return this.calls.map(({ command }) => command.join(' '));
  }

  async run(request: CommandRequest): Promise<CommandResult> {
    this.calls.push(request);
    if (request.signal.aborted) throw new AppError('timeout', 'killed before it began');
    const late = new Promise<never>((_, reject) =>
      request.signal.addEventListener('abort', () => reject(new AppError('timeout', 'it was killed'))),
    );
    late.catch(() => undefined);
    const answered = Promise.resolve(this.answer(request.command.join(' '), request));
    const answer = await Promise.race([answered, late]);
    if (answer === 'hang') return late;
    if (answer instanceof Error) throw answer;
    return { code: 0, output: '', lastLines: '', ...answer };
  }

  daemon(): never {
    throw new Error('no daemon in this test');
  }

  marked(): Promise<number[]> {
    return Promise.resolve([]);
  }

  killMarked(): Promise<void> {
    return Promise.resolve();
  }
}

type Wanted = Record<string, unknown>;

export function resource(wanted: Wanted): ResourceConfig {
  return resourceConfigSchema.parse({ name: wanted.id, ...wanted });
}

/** A script resource whose commands are `start ID`, `stop ID`, `monitor ID`. */
export function script(id: string, after: string[] = [], more: Wanted = {}): ResourceConfig {
  const commands = { start: ['start', id], stop: ['stop', id], monitor: ['monitor', id] };
  return resource({ kind: 'script', id, after, ...commands, ...more });
}

export const nodeId = 'node-a';

export function pairOf(resources: ResourceConfig[]): PairConfig {
  const node = { address: '127.0.0.1', fingerprint: 'x' };
  return pairConfigSchema.parse({
    pairId: 'pair-0001',
    version: 1,
    application: 'app',
    nodes: [
      { id: nodeId, name: 'a', ...node },
      { id: 'node-b', name: 'b', ...node },
    ],
    links: [{ id: 'l1', addresses: { [nodeId]: '127.0.0.1', 'node-b': '127.0.0.2' } }],
    arbiter: { kind: 'manual' },
    resources,
  });
}

/** One resource of a node on that platform, over programs that do what a test says. */
export function fakeRunner(platform: NodeJS.Platform, wanted: Wanted) {
  const clock = new FakeClock();
  const commands = new FakeCommands();
  const failures: { id: string; problem: string }[] = [];
  const runner = createResourceRunner({
    commands,
    clock,
    recording: { start: async () => {}, stop: async () => {} },
    onEvent: () => {},
    platform,
  });
  runner.onFailed((failure) => failures.push(failure));
  runner.configure(pairOf([resource(wanted)]), nodeId);
  return { clock, commands, failures, runner };
}
