/** Operations on the whole pair: the guard of this node first or last, the peer's by the link, and the wait for what comes of it. */
import { z } from 'zod';
import {
  type Decision,
  decisionSchema,
  type OperationPlan,
  operationPlanSchema,
  type PairRole,
} from '../../../src/contract/index.ts';
import { AppError, toAppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { Journal } from '../../journal/journal.ts';
import type { SettingsStore } from '../../settings/store.ts';
import {
  decisionSubject,
  type GuardOperation,
  newDecisionSchema,
} from '../../standby/guard/protocol/schema.ts';
import { type PeerMethods, peerMethod } from '../../standby/link/methods.ts';
import type { Standby } from './standby.ts';

const operateMethod = peerMethod({
  name: 'standby.operate',
  input: z.object({ operation: z.enum(['bring-in', 'bring-out']), dryRun: z.boolean() }),
  output: operationPlanSchema,
  timeoutMs: 15_000,
});
const removeMethod = peerMethod({
  name: 'standby.remove',
  input: z.object({}),
  output: z.object({ willGo: z.literal(true) }),
  timeoutMs: 5_000,
});
const explainMethod = peerMethod({
  name: 'standby.explain',
  input: z.object({}),
  output: z.object({
    summary: z.string(),
    lines: z.array(z.string()),
    decisions: z.array(decisionSchema).max(1_000),
  }),
  timeoutMs: 3_000,
});

/** How long an operation is waited for before the answer says that it still goes on; a client waits for 30 s. */
const doneWithinMs = 25_000;
const pollMs = 50;
/** The answer is to reach the peer before its connection goes with the pair. */
const removeAfterMs = 500;
const explainedDecisions = 30;

export interface PairOperationsOptions {
  standby: Standby;
  settings: SettingsStore;
  journal: Journal;
  clock: Clock;
  onUnexpected: (thrown: unknown, where: string) => void;
}

interface Order {
  dryRun: boolean;
  confirm?: string | undefined;
}

export class PairOperations {
  readonly #options: PairOperationsOptions;

  constructor(options: PairOperationsOptions) {
    this.#options = options;
  }

  serve(methods: PeerMethods): void {
    methods.serve(operateMethod, async ({ operation, dryRun }) => {
      const plan = await this.guard(operation, { dryRun });
      if (plan.possible && !dryRun && operation === 'bring-out') await this.#until((role) => role === 'out');
      return plan;
    });
    methods.serve(explainMethod, () => this.#explainHere());
    methods.serve(removeMethod, () => this.#removeSoon());
  }

  /** The peer forgets the pair too. @throws AppError `conflict` while either is brought in, `unavailable` without a connection. */
  async removeThere(): Promise<void> {
    this.#requireOut('this node');
    const { standby } = this.#options;
    if (!standby.peerConnected) {
      throw new AppError('unavailable', 'the other node does not answer', {
        hint: 'Remove the pair here alone, and on the other node once it is back: holdfast standby pair remove on each.',
      });
    }
    await standby.peer().ask(removeMethod, {});
  }

  #removeSoon(): { willGo: true } {
    this.#requireOut('the other node');
    const { clock, standby, onUnexpected } = this.#options;
    clock.after(removeAfterMs, () => {
      standby.remove().catch((error: unknown) => onUnexpected(error, 'removing the pair'));
    });
    return { willGo: true };
  }

  #requireOut(who: string): void {
    const role = this.#role();
    if (role === null || role === 'out') return;
    throw new AppError('conflict', `${who} is ${role}: the pair cannot be removed while it is brought in`, {
      hint: 'Bring it out first: holdfast standby bring-out.',
    });
  }

  /** This node becomes active unless the peer is; the other stands by. */
  async bringIn(order: Order): Promise<OperationPlan> {
    const own = await this.guard('bring-in', order);
    const alreadyIn = !own.possible && this.#role() === 'active';
    if (!own.possible && !alreadyIn) return own;
    if (order.dryRun) return merge(own, standsBy(own, await this.#peer('bring-in', true)), true);
    const settled = await this.#until((role) => role === 'active' || this.#peerIsActive());
    const plan = merge(own, standsBy(own, await this.#peer('bring-in', false)), true);
    return { ...plan, possible: true, refusal: null, done: settled };
  }

  /** Both nodes, the standby first, so that it takes nothing over meanwhile. */
  async bringOut(order: Order): Promise<OperationPlan> {
    const own = await this.guard('bring-out', { ...order, dryRun: true });
    const peerFirst = this.#role() === 'active';
    const peer = peerFirst ? await this.#peer('bring-out', order.dryRun) : null;
    if (!order.dryRun && own.possible) await this.guard('bring-out', order);
    const other = peerFirst ? peer : await this.#peer('bring-out', order.dryRun);
    const plan = merge(own, other, !peerFirst);
    const possible = own.possible || (other?.possible ?? false);
    if (order.dryRun || !possible) return { ...plan, possible, refusal: possible ? null : own.refusal };
    return { ...plan, possible, refusal: null, done: await this.#until((role) => role === 'out') };
  }

  async switch(order: Order): Promise<OperationPlan> {
    const before = this.#role();
    const plan = await this.guard('switch', order);
    if (order.dryRun || !plan.possible) return plan;
    const wanted =
      before === 'active' ? () => this.#peerIsActive() : (role: PairRole | null) => role === 'active';
    return { ...plan, done: await this.#until(wanted) };
  }

  async takeOver(order: Order): Promise<OperationPlan> {
    const plan = await this.guard('take-over', order);
    if (order.dryRun || !plan.possible) return plan;
    return { ...plan, done: await this.#until((role) => role === 'active') };
  }

  async handOver(order: Order): Promise<OperationPlan> {
    const plan = await this.guard('hand-over', order);
    if (order.dryRun || !plan.possible) return plan;
    return { ...plan, done: await this.#until((role) => role === 'standby' || role === 'out') };
  }

  /** @throws AppError `conflict` with the guard's reason. */
  async change(operation: GuardOperation, confirm?: string): Promise<void> {
    const plan = await this.guard(operation, { dryRun: false, confirm });
    if (plan.possible) return;
    throw new AppError('conflict', plan.refusal ?? `${operation} is not possible now`);
  }

  /** Newest first, of both nodes when the peer answers. */
  async history(limit: number): Promise<Decision[]> {
    const theirs = await this.#explainThere();
    return [...this.decisionsHere(limit), ...(theirs?.decisions ?? [])]
      .sort((one, other) => other.timeMs - one.timeMs || other.id - one.id)
      .slice(0, limit);
  }

  async explain(): Promise<{ summary: string; lines: string[]; decisions: Decision[] }> {
    const here = this.#explainHere();
    const there = await this.#explainThere();
    const lines = there ? [...here.lines, there.summary, ...there.lines] : here.lines;
    const decisions = [...here.decisions, ...(there?.decisions ?? [])];
    return {
      summary: here.summary,
      lines: [...new Set(lines)],
      decisions: decisions
        .sort((one, other) => other.timeMs - one.timeMs || other.id - one.id)
        .slice(0, explainedDecisions),
    };
  }

  decisionsHere(limit: number): Decision[] {
    const { entries } = this.#options.journal.search({ subject: decisionSubject, page: 1, pageSize: limit });
    return entries.flatMap(({ id, details }) => {
      const parsed = newDecisionSchema.safeParse(details);
      return parsed.success ? [{ id, ...parsed.data }] : [];
    });
  }

  /** Asks the guard of this node. The application's name or the peer's confirms. */
  async guard(operation: GuardOperation, order: Order): Promise<OperationPlan> {
    const { standby, settings } = this.#options;
    const { pair } = settings.current();
    if (!pair?.config) {
      throw new AppError('conflict', 'no pair is configured on this node', {
        hint: 'Pair two nodes and apply their settings: holdfast standby pair code, pair join, apply.',
      });
    }
    const confirmed =
      order.confirm !== undefined &&
      [pair.config.application, pair.peer.name, pair.peer.nodeId].includes(order.confirm);
    const { plan } = await standby.supervisor.request({
      method: 'operate',
      operation,
      dryRun: order.dryRun,
      ...(confirmed ? { confirm: pair.peer.nodeId } : {}),
    });
    if (plan) return plan;
    throw new AppError('protocol', 'the guard answered without a plan');
  }

  #explainHere() {
    const { standby } = this.#options;
    const pair = standby.guardPair();
    const decisions = this.decisionsHere(explainedDecisions);
    if (pair) return { ...pair.explanation, decisions };
    const configured = this.#options.settings.current().pair?.config;
    const summary = configured
      ? 'the guard of this node is not running'
      : 'no pair is configured on this node';
    return { summary, lines: [], decisions };
  }

  async #explainThere() {
    const { standby } = this.#options;
    if (!standby.peerConnected) return null;
    return standby
      .peer()
      .ask(explainMethod, {})
      .catch(() => null);
  }

  /** Null while it cannot be reached; a refusal of the peer is a plan too. */
  async #peer(operation: 'bring-in' | 'bring-out', dryRun: boolean): Promise<OperationPlan | null> {
    const { standby } = this.#options;
    if (!standby.peerConnected) return null;
    try {
      return await standby.peer().ask(operateMethod, { operation, dryRun });
    } catch (error) {
      const { code, message } = toAppError(error);
      return code === 'unavailable' || code === 'timeout' ? null : refused(operation, message);
    }
  }

  #role(): PairRole | null {
    return this.#options.standby.ownRole();
  }

  #peerIsActive(): boolean {
    return this.#options.standby.guardPair()?.peer?.role === 'active';
  }

  async #until(wanted: (role: PairRole | null) => boolean): Promise<boolean> {
    const { clock } = this.#options;
    const deadlineMs = clock.monotonicMs() + doneWithinMs;
    for (;;) {
      await new Promise<void>((resolve) => clock.after(pollMs, resolve));
      if (wanted(this.#role())) return true;
      if (this.#role() === 'fault' || clock.monotonicMs() > deadlineMs) return false;
    }
  }
}

/** The peer was asked about itself alone: where this node starts the application it does not. */
function standsBy(own: OperationPlan, peer: OperationPlan | null): OperationPlan | null {
  if (!peer || !own.steps.some(({ action }) => action.startsWith('start '))) return peer;
  const [first] = peer.steps;
  return { ...peer, steps: first ? [{ node: first.node, action: 'stand by', expectedMs: 0 }] : [] };
}

function merge(own: OperationPlan, peer: OperationPlan | null, ownFirst: boolean): OperationPlan {
  const steps = [own.steps, peer?.steps ?? []];
  return { ...own, steps: (ownFirst ? steps : steps.reverse()).flat() };
}

function refused(operation: string, refusal: string): OperationPlan {
  return {
    operation,
    possible: false,
    refusal,
    steps: [],
    dataAtRisk: 'none known',
    outageMs: null,
    done: false,
  };
}
