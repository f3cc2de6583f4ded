/** A simulated receiver: clocks, process, forwarder, the alarms it stored itself; what it does and what is done to it. */
import { initialGroup } from '../../../agent/spare/machine/initial.ts';
import type { Facts, GroupAction, GroupEvent, GroupState, Now } from '../../../agent/spare/machine/types.ts';
import type { step } from '../../../agent/spare/machine.ts';
import { defaultGroupTiming } from '../../../agent/spare/timing-plan.ts';
import type { Agenda } from '../standby/agenda.ts';
import { type ForwarderWorld, SimForwarder } from './forwarder.ts';
import type { Reply, SimEvent, SimStore } from './store.ts';

export type Stepper = typeof step;

const tickMs = 100;
const inboxMax = 256;

export interface Surroundings extends ForwarderWorld {
  readonly agenda: Agenda;
  readonly random: () => number;
  readonly store: SimStore;
  readonly step: Stepper;
  changed(): void;
  note(member: Member, text: string): void;
}

export class Member {
  readonly id: string;
  readonly #world: Surroundings;
  readonly #rate: number;
  readonly #bootedMs: number;
  state: GroupState | null = null;
  forwarder: SimForwarder | null = null;
  frozen = false;
  ready = true;
  copyVersion = 1;
  /** On its disk, acknowledged to the panel, and not yet in the group's queue. */
  readonly #unshared: SimEvent[] = [];
  #rightUntilMs = Number.NEGATIVE_INFINITY;
  #utcOffsetMs = 1_700_000_000_000;
  #process = 0;
  #inbox: GroupEvent[] = [];
  #factsText = '';
  #lastPhase = '';

  constructor(id: string, world: Surroundings, rate: number) {
    this.id = id;
    this.#world = world;
    this.#rate = rate;
    this.#bootedMs = world.random() * 5_000;
  }

  get unshared(): number {
    return this.#unshared.length;
  }

  get runs(): boolean {
    return this.state !== null;
  }

  /** May send now: what I7 allows to one at a time. */
  get mayForward(): boolean {
    return this.forwarder?.active === true && this.now().monotonicMs < this.#rightUntilMs;
  }

  now(): Now {
    const trueMs = this.#world.agenda.nowMs;
    return {
      monotonicMs: this.#bootedMs + trueMs * this.#rate,
      utcMs: Math.round(trueMs + this.#utcOffsetMs),
    };
  }

  stepWallClock(byMs: number): void {
    this.#utcOffsetMs += byMs;
  }

  boot(): void {
    if (this.state) return;
    this.#process += 1;
    this.frozen = false;
    this.#inbox = [];
    this.#factsText = '';
    this.state = initialGroup({
      selfId: this.id,
      boot: `${this.id}-${this.#process}`,
      version: '1',
      leaseId: 'group-site',
      firstSeq: Math.floor(this.#world.random() * 2 ** 40),
      timing: defaultGroupTiming,
    });
    this.#tick(this.#process);
    this.#share(this.#process);
  }

  kill(): void {
    if (!this.state) return;
    this.#world.note(this, 'killed');
    this.#process += 1;
    this.state = null;
    this.forwarder?.stop();
    this.forwarder = null;
    this.frozen = false;
    this.#world.changed();
  }

  freeze(): void {
    this.frozen = this.state !== null;
  }

  thaw(): void {
    if (!this.frozen) return;
    this.frozen = false;
    const waiting = this.#inbox;
    this.#inbox = [];
    for (const event of waiting) this.tell(event);
  }

  /** What an operator asked for is over. */
  forgetHolds(): void {
    const never = Number.NEGATIVE_INFINITY;
    if (this.state) this.state = { ...this.state, holdUntilMs: never, wish: null };
  }

  /** A panel's event by the direct way: acknowledged when it is in the queue, or else on this disk. */
  take(event: SimEvent, acknowledged: () => void): void {
    if (!this.#canAct()) return;
    const process = this.#process;
    this.#world.store.append(this.id, event, (reply) => {
      if (this.#process !== process || !this.#canAct()) return;
      if (!reply.ok) this.#unshared.push(event);
      acknowledged();
    });
  }

  tell(event: GroupEvent): void {
    if (!this.state) return;
    if (this.frozen) {
      if (this.#inbox.length < inboxMax) this.#inbox.push(event);
      return;
    }
    const process = this.#process;
    const { state, actions } = this.#world.step(this.state, event, this.now());
    this.state = state;
    for (const action of actions) if (this.#process === process) this.#act(action);
    if (state.phase !== this.#lastPhase) {
      this.#lastPhase = state.phase;
      this.#world.note(this, `is ${state.phase}`);
    }
    this.#world.changed();
  }

  #canAct(): boolean {
    return this.state !== null && !this.frozen;
  }

  #tick(process: number): void {
    if (this.#process !== process) return;
    if (this.#canAct()) {
      const facts: Facts = {
        ready: this.ready,
        problem: this.ready ? null : 'no output',
        unshared: this.#unshared.length,
        backup: { version: this.copyVersion, state: 'updated', publishedMs: 1 },
      };
      const text = `${this.ready} ${this.copyVersion} ${this.#unshared.length}`;
      if (text !== this.#factsText) {
        this.#factsText = text;
        this.tell({ type: 'facts', facts });
      }
      this.tell({ type: 'tick' });
    }
    this.#world.agenda.after(tickMs * (0.9 + this.#world.random() * 0.2), () => this.#tick(process));
  }

  /** What is only here goes to the group's queue, again and again. */
  #share(process: number): void {
    if (this.#process !== process) return;
    const event = this.#unshared[0];
    const again = (ms: number) => this.#world.agenda.after(ms, () => this.#share(process));
    if (!event || !this.#canAct()) {
      again(500);
      return;
    }
    this.#world.store.append(this.id, event, (reply) => {
      if (this.#process !== process) return;
      if (reply.ok && this.#unshared[0] === event) this.#unshared.shift();
      again(reply.ok ? 10 : 500);
    });
  }

  #act(action: GroupAction) {
    const { store, agenda, random, note } = this.#world;
    const process = this.#process;
    const reply = (event: GroupEvent) => {
      if (this.#process === process) this.tell(event);
    };
    switch (action.type) {
      case 'readLease':
        return store.readLease(this.id, (got) => {
          this.#noticeLoss(got, reply);
          const outcome = got.ok ? ({ kind: 'ok', stored: got.value } as const) : failed(got.why);
          reply({ type: 'leaseRead', requestId: action.requestId, outcome });
        });
      case 'writeLease':
        return store.writeLease(this.id, action.expected, action.record, (got) => {
          this.#noticeLoss(got, reply);
          const outcome = got.ok
            ? ({ kind: 'ok', stored: got.value } as const)
            : got.why === 'conflict'
              ? ({ kind: 'conflict' } as const)
              : failed(got.why);
          reply({ type: 'leaseWrite', requestId: action.requestId, outcome });
        });
      case 'readRoster':
        return store.readRoster(this.id, (got) =>
          reply({
            type: 'rosterRead',
            outcome: got.ok ? { kind: 'ok', roster: got.value } : failed(got.why),
          }),
        );
      case 'readPresence':
        return store.readPresence(this.id, action.memberId, (got) => {
          const outcome = got.ok
            ? ({
                kind: 'ok',
                presence: got.value?.value ?? null,
                revision: got.value?.revision ?? null,
              } as const)
            : failed(got.why);
          reply({ type: 'presenceRead', memberId: action.memberId, outcome });
        });
      case 'writePresence':
        return store.writePresence(this.id, action.expected, action.presence, (got) => {
          const outcome = got.ok
            ? ({ kind: 'ok', revision: got.value } as const)
            : got.why === 'conflict'
              ? ({ kind: 'conflict' } as const)
              : failed(got.why);
          reply({ type: 'presenceWritten', outcome });
        });
      case 'work':
        this.#rightUntilMs = action.rightUntilMs;
        this.forwarder?.stop();
        this.forwarder = new SimForwarder(this.id, action.epoch, this.#world, {
          canAct: () => this.#canAct(),
          mayBegin: () => this.mayForward,
          outdated: () => reply({ type: 'outdated', epoch: action.epoch, problem: 'a later epoch' }),
          drained: () => reply({ type: 'drained' }),
        });
        return;
      case 'extend':
        this.#rightUntilMs = action.rightUntilMs;
        return;
      case 'drain':
        this.forwarder?.drain();
        return;
      case 'rest':
        this.forwarder?.stop();
        agenda.after(random() * 20, () => reply({ type: 'rested' }));
        return;
      case 'record':
        return note(this, `${action.decision.rule}: ${action.decision.outcome}`);
      case 'tell':
        return;
    }
  }

  #noticeLoss(got: Reply<unknown>, reply: (event: GroupEvent) => void): void {
    if (got.ok || got.why !== 'went-back') return;
    this.#world.store.forget(this.id);
    reply({ type: 'wentBack', problem: 'an older copy' });
  }
}

function failed(problem: string): { readonly kind: 'failed'; readonly problem: string } {
  return { kind: 'failed', problem };
}
