/** Four receivers, their store, panels and the ARC in one process: runs a plan, checks after every step, tells what went wrong. */
import { step } from '../../../agent/spare/machine.ts';
import type { Roster } from '../../../agent/spare/types.ts';
import { createRandom } from '../../support/random.ts';
import { Agenda } from '../standby/agenda.ts';
import { Checker } from './checker.ts';
import { type Fault, type MemberId, memberIds, type Plan } from './faults.ts';
import { Member, type Stepper } from './member.ts';
import { type SimEvent, SimStore } from './store.ts';

/** When the faults are over, the first in the order that can must work within this, and everything be delivered soon after. */
const livenessMs = 10_000;
const deliveryMs = 4_000;
/** What clocks may differ by; the margins are made for 1 %. */
const driftMax = 0.009;
const accounts = ['1001', '1002', '1003'] as const;

export interface Outcome {
  /** Null when every check held. */
  readonly violation: string | null;
  readonly steps: number;
  readonly takeOvers: number;
  readonly delivered: number;
  readonly duplicates: number;
  readonly transcript: readonly string[];
}

export interface RunOptions {
  readonly step?: Stepper;
  /** A forwarder that settles before the ARC has acknowledged. */
  readonly settlesBeforeAck?: boolean;
  readonly transcript?: boolean;
}

export function runPlan(plan: Plan, options: RunOptions = {}): Outcome {
  return new World(plan, options).run();
}

function rosterOf(ids: readonly string[]): Roster {
  const roles = ['host', 'spare-1', 'spare-2', 'spare-3'] as const;
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

class World {
  readonly #agenda = new Agenda();
  readonly #random: () => number;
  readonly #store: SimStore;
  readonly #members: Record<MemberId, Member>;
  readonly #all: readonly Member[];
  readonly #checker = new Checker();
  readonly #plan: Plan;
  readonly #lines: string[] = [];
  readonly #keepsTranscript: boolean;
  #steps = 0;
  #healed = false;
  #panelsCut = false;
  #panelsEnd = false;
  #arcDown = false;
  #arcSlowMs = 0;
  /** How many faults hold each condition, so that they may overlap. */
  readonly #held = new Map<string, number>();

  constructor(plan: Plan, options: RunOptions) {
    this.#plan = plan;
    this.#random = createRandom(plan.seed * 7 + 5);
    this.#keepsTranscript = options.transcript ?? false;
    this.#store = new SimStore(this.#agenda, this.#random, rosterOf(memberIds));
    this.#store.onAppended = (queued) => this.#checker.appended(queued);
    const stepper = options.step ?? step;
    const world = {
      agenda: this.#agenda,
      random: this.#random,
      store: this.#store,
      settlesBeforeAck: options.settlesBeforeAck ?? false,
      step: ((state, event, now) => {
        this.#steps += 1;
        return stepper(state, event, now);
      }) satisfies Stepper,
      send: (event: SimEvent, by: string, acknowledged: () => void) => this.#send(event, by, acknowledged),
      changed: () => this.#checker.check(this.#all),
      note: (member: Member, text: string) => this.#note(`${member.id.toUpperCase()} ${text}`),
    };
    const make = (id: MemberId) => new Member(id, world, 1 + (this.#random() * 2 - 1) * driftMax);
    this.#members = { a: make('a'), b: make('b'), c: make('c'), d: make('d') };
    this.#all = memberIds.map((id) => this.#members[id]);
  }

  run(): Outcome {
    const { chaosMs, faults } = this.#plan;
    for (const member of this.#all) this.#agenda.at(this.#random() * 1_000, () => member.boot());
    for (const account of accounts) this.#agenda.at(this.#random() * 2_000, () => this.#panel(account, 1));
    for (const fault of faults) this.#agenda.at(fault.atMs, () => this.#strike(fault));
    this.#go(chaosMs);
    this.#heal();
    this.#go(chaosMs + livenessMs);
    this.#panelsEnd = true;
    if (!this.#checker.violation) this.#checkWorks();
    this.#go(chaosMs + livenessMs + deliveryMs);
    if (!this.#checker.violation) this.#checker.atEnd();
    return {
      violation: this.#checker.violation,
      steps: this.#steps,
      takeOvers: this.#checker.takeOvers,
      delivered: this.#checker.delivered,
      duplicates: this.#checker.duplicates,
      transcript: this.#lines,
    };
  }

  #go(untilMs: number): void {
    while (!this.#checker.violation && this.#agenda.next(untilMs)) {
      // One thing after the other.
    }
  }

  #checkWorks(): void {
    const first = this.#store.roster.members[0]?.id;
    const works = this.#all.filter((member) => member.mayForward).map(({ id }) => id);
    if (works.length === 1 && works[0] === first) return;
    this.#checker.fail(
      `after ${livenessMs} ms without faults ${works.join() || 'nobody'} works instead of ${first}`,
    );
  }

  #note(text: string): void {
    if (this.#keepsTranscript)
      this.#lines.push(`${(this.#agenda.nowMs / 1000).toFixed(3).padStart(7)}  ${text}`);
  }

  /** One event after the other, each sent until it is acknowledged. */
  #panel(account: string, number: number): void {
    if (this.#panelsEnd) return;
    const event = { account, number };
    let acknowledged = false;
    const done = () => {
      if (acknowledged) return;
      acknowledged = true;
      this.#checker.acknowledged(event);
      this.#agenda.after(200 + this.#random() * 1_200, () => this.#panel(account, number + 1));
    };
    const attempt = () => {
      if (acknowledged) return;
      if (!this.#panelsCut) this.#dial(event, done);
      this.#agenda.after(1_900 + this.#random() * 300, attempt);
    };
    attempt();
  }

  #dial(event: SimEvent, done: () => void): void {
    if (this.#random() < 0.3) {
      this.#store.append(`ingress`, event, (reply) => {
        if (reply.ok) done();
      });
      return;
    }
    const member = this.#all[Math.floor(this.#random() * this.#all.length)];
    this.#agenda.after(1 + this.#random() * 5, () => member?.take(event, done));
  }

  #send(event: SimEvent, by: string, acknowledged: () => void): void {
    this.#agenda.after(0.5 + this.#random() * 3, () => {
      if (this.#arcDown) return;
      this.#checker.arrived(event, by);
      this.#agenda.after(1 + this.#random() * (20 + this.#arcSlowMs), acknowledged);
    });
  }

  /** The end of a fault; healing has ended it already. */
  #later(forMs: number, run: () => void): void {
    this.#agenda.after(forMs, () => {
      if (!this.#healed) run();
    });
  }

  #during(key: string, forMs: number, set: (on: boolean) => void): void {
    this.#held.set(key, (this.#held.get(key) ?? 0) + 1);
    set(true);
    this.#later(forMs, () => {
      const left = (this.#held.get(key) ?? 1) - 1;
      this.#held.set(key, left);
      if (left === 0) set(false);
    });
  }

  #strike(fault: Fault): void {
    const { atMs: _, ...facts } = fault;
    this.#note(`fault: ${Object.values(facts).join(' ')}`);
    if ('member' in fault) this.#strikeMember(fault, this.#members[fault.member]);
    else this.#strikeRest(fault);
  }

  #strikeMember(fault: Extract<Fault, { member: MemberId }>, member: Member) {
    const store = this.#store;
    switch (fault.kind) {
      case 'kill':
        member.kill();
        this.#later(fault.forMs, () => member.boot());
        return;
      case 'restart':
        member.tell({ type: 'end', why: 'it is restarted' });
        this.#later(fault.forMs, () => {
          member.kill();
          this.#later(200, () => member.boot());
        });
        return;
      case 'freeze':
        return this.#during(`freeze ${member.id}`, fault.forMs, (on) =>
          on ? member.freeze() : member.thaw(),
        );
      case 'cut':
      case 'mute': {
        const set = store[fault.kind];
        return this.#during(`${fault.kind} ${member.id}`, fault.forMs, (on) => {
          if (on) set.add(member.id);
          else set.delete(member.id);
        });
      }
      case 'unready':
        return this.#during(`unready ${member.id}`, fault.forMs, (on) => {
          member.ready = !on;
        });
      case 'behind':
        return this.#during(`behind ${member.id}`, fault.forMs, (on) => {
          member.copyVersion = on ? 0 : 1;
        });
      case 'clock-step':
        return member.stepWallClock(fault.byMs);
      case 'hand-over':
        return member.tell({ type: 'handOver', to: fault.to, holdSeconds: fault.holdSeconds });
    }
  }

  #strikeRest(fault: Exclude<Fault, { member: MemberId }>) {
    const store = this.#store;
    switch (fault.kind) {
      case 'store-down':
        return this.#during('down', fault.forMs, (on) => {
          store.down = on;
        });
      case 'store-goes-back':
        return this.#during('down', fault.forMs, (on) => {
          store.down = on;
          if (!on) store.goBack(fault.steps);
        });
      case 'store-pause':
        store.pausedUntilMs = this.#agenda.nowMs + fault.forMs;
        return;
      case 'store-slow':
        return this.#during('slow', fault.forMs, (on) => {
          store.slowMs = on ? fault.delayMs : 0;
        });
      case 'arc-down':
        return this.#during('arc', fault.forMs, (on) => {
          this.#arcDown = on;
        });
      case 'arc-slow':
        return this.#during('arc-slow', fault.forMs, (on) => {
          this.#arcSlowMs = on ? 900 : 0;
        });
      case 'panels-cut':
        return this.#during('panels', fault.forMs, (on) => {
          this.#panelsCut = on;
        });
      case 'order': {
        const random = createRandom(fault.seed);
        const [host = 'a', ...spares] = this.#store.roster.members.map(({ id }) => id);
        const mixed = spares.map((id) => ({ id, by: random() })).sort((x, y) => x.by - y.by);
        store.roster = rosterOf([host, ...mixed.map(({ id }) => id)]);
        return;
      }
    }
  }

  /** Everything works again, and nobody is kept from anything. */
  #heal(): void {
    this.#note('healed');
    const store = this.#store;
    this.#healed = true;
    store.cut.clear();
    store.mute.clear();
    store.down = false;
    store.slowMs = 0;
    store.pausedUntilMs = 0;
    this.#arcDown = false;
    this.#arcSlowMs = 0;
    this.#panelsCut = false;
    for (const member of this.#all) {
      member.ready = true;
      member.copyVersion = 1;
      member.thaw();
      if (member.state?.ending) member.kill();
      member.boot();
      member.forgetHolds();
    }
  }
}
