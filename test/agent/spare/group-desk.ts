/** A role machine on a desk: a test plays the store and the other members, one event at a time. */
import { groundsOf, summaryOf } from '../../../agent/spare/machine/explain.ts';
import { initialGroup } from '../../../agent/spare/machine/initial.ts';
import type { Facts, GroupAction, GroupEvent, GroupState } from '../../../agent/spare/machine/types.ts';
import { step } from '../../../agent/spare/machine.ts';
import { defaultGroupTiming, type GroupTiming } from '../../../agent/spare/timing-plan.ts';
import type { Presence, Roster } from '../../../agent/spare/types.ts';
import type { LeaseRecord, StoredLease } from '../../../agent/standby/types.ts';

const tickMs = 50;
const roles = ['host', 'spare-1', 'spare-2', 'spare-3'] as const;

export function rosterOf(ids: readonly string[]): Roster {
  return {
    version: 1,
    members: ids.map((id, place) => ({
      id,
      name: id.toUpperCase(),
      role: roles[place] ?? 'spare-3',
      joinedMs: 1,
    })),
  };
}

export function explainLines(desk: GroupDesk): string[] {
  return [summaryOf(desk.state, desk.nowMs), ...groundsOf(desk.state, desk.nowMs)];
}

type Write = Extract<GroupAction, { type: 'writeLease' }>;

export class GroupDesk {
  state: GroupState;
  nowMs = 100;
  readonly actions: GroupAction[] = [];
  readonly #id: string;
  #stored: StoredLease | null = null;
  #revision = 0;
  #roster: Roster | null = null;
  readonly #seqs = new Map<string, number>();

  constructor(id: string, timing: Partial<GroupTiming> = {}) {
    this.#id = id;
    this.state = initialGroup({
      selfId: id,
      boot: 'boot',
      version: '1.0',
      leaseId: 'group-site',
      firstSeq: 1_000,
      timing: { ...defaultGroupTiming, ...timing },
    });
    this.facts({});
    this.answersReads();
  }

  does(event: GroupEvent): void {
    const { state, actions } = step(this.state, event, { monotonicMs: this.nowMs, utcMs: this.nowMs });
    this.state = state;
    this.actions.push(...actions);
  }

  facts(facts: Partial<Facts>): void {
    const backup = { version: 1, state: 'updated', publishedMs: 1 } as const;
    this.does({ type: 'facts', facts: { ready: true, problem: null, unshared: 0, backup, ...facts } });
  }

  joins(ids: readonly string[]): this {
    this.#roster = rosterOf(ids);
    this.does({ type: 'rosterRead', outcome: { kind: 'ok', roster: this.#roster } });
    return this;
  }

  /** The store holds this from now on, and the machine reads it. */
  sees(record: Pick<LeaseRecord, 'holder' | 'epoch' | 'seq'> & { successor?: string | null }): this {
    this.#revision += 1;
    const full = { pairId: 'group-site', successor: null, ...record };
    this.#stored = { record: full, revision: String(this.#revision) };
    this.passesUntil(() => this.asked('readLease'), 1_000);
    this.answersReads();
    return this;
  }

  hears(id: string, changes: Partial<Presence>): void {
    const seq = (this.#seqs.get(id) ?? 0) + 1;
    this.#seqs.set(id, seq);
    const presence: Presence = {
      memberId: id,
      boot: `boot of ${id}`,
      seq,
      version: '1.0',
      working: false,
      ready: true,
      wants: false,
      holdSeconds: 0,
      epoch: 0,
      backup: { version: 1, state: 'updated', publishedMs: 1 },
      unshared: 0,
      problem: null,
      ...changes,
    };
    this.does({
      type: 'presenceRead',
      memberId: id,
      outcome: { kind: 'ok', presence, revision: String(seq) },
    });
  }

  /** Time passes and nobody answers. */
  passes(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.nowMs < untilMs) {
      this.nowMs = Math.min(untilMs, this.nowMs + tickMs);
      this.does({ type: 'tick' });
    }
  }

  passesUntil(condition: () => boolean, limitMs: number): void {
    const untilMs = this.nowMs + limitMs;
    while (!condition() && this.nowMs < untilMs) this.passes(tickMs);
    if (!condition()) throw new Error('it did not come');
  }

  asked(type: 'readLease' | 'writeLease'): boolean {
    const { request } = this.state;
    return request !== null && (request.write === null) === (type === 'readLease');
  }

  answersReads(): void {
    const { request } = this.state;
    if (request && !request.write) {
      this.does({ type: 'leaseRead', requestId: request.id, outcome: { kind: 'ok', stored: this.#stored } });
    }
    if (this.#roster) this.does({ type: 'rosterRead', outcome: { kind: 'ok', roster: this.#roster } });
  }

  /** Answers reads as time passes; how long until a take was sent, null when none was. */
  takesWithin(ms: number): number | null {
    const startMs = this.nowMs;
    while (this.nowMs - startMs < ms) {
      if (this.state.request?.write?.kind === 'take') return this.nowMs - startMs;
      this.answersReads();
      this.passes(tickMs);
    }
    return this.state.request?.write?.kind === 'take' ? this.nowMs - startMs : null;
  }

  /** The write that is under way. */
  taking(): Write | null {
    const id = this.state.request?.id;
    return (
      this.actions.find(
        (action): action is Write => action.type === 'writeLease' && action.requestId === id,
      ) ?? null
    );
  }

  releases(): LeaseRecord | null {
    return this.state.request?.write?.kind === 'release' ? (this.taking()?.record ?? null) : null;
  }

  confirms(): void {
    const write = this.taking();
    if (!write) throw new Error('nothing was written');
    this.#revision += 1;
    this.#stored = { record: write.record, revision: String(this.#revision) };
    const outcome = { kind: 'ok', stored: this.#stored } as const;
    this.does({ type: 'leaseWrite', requestId: write.requestId, outcome });
  }

  conflicts(): void {
    this.does({ type: 'leaseWrite', requestId: this.state.request?.id ?? 0, outcome: { kind: 'conflict' } });
  }

  fails(): void {
    const outcome = { kind: 'failed', problem: 'no answer' } as const;
    this.does({ type: 'leaseWrite', requestId: this.state.request?.id ?? 0, outcome });
  }

  /** Takes the lease as soon as it may. */
  works(): this {
    this.takesWithin(20_000);
    this.confirms();
    if (this.state.phase !== 'working') throw new Error(`${this.#id} does not work`);
    return this;
  }

  /** Works on, and every renewal is confirmed. */
  renews(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.nowMs < untilMs) {
      this.passes(tickMs);
      if (this.state.request?.write) this.confirms();
      else this.answersReads();
    }
  }

  last<Type extends GroupAction['type']>(type: Type): Extract<GroupAction, { type: Type }> | null {
    const found = this.actions.findLast((action) => action.type === type);
    return (found as Extract<GroupAction, { type: Type }> | undefined) ?? null;
  }

  rules(): string[] {
    return this.actions.flatMap((action) => (action.type === 'record' ? [action.decision.rule] : []));
  }

  outcomes(): string[] {
    return this.actions.flatMap((action) => (action.type === 'record' ? [action.decision.outcome] : []));
  }
}
