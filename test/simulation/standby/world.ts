/** Both computers, their links and the arbiter in one process: runs a plan, checks after every step, tells what went wrong. */

import { step } from '../../../agent/standby/machine.ts';
import { timingOf } from '../../../agent/standby/timing-plan.ts';
import { type PairConfig, pairConfigSchema } from '../../../src/contract/standby.ts';
import { createRandom } from '../../support/random.ts';
import { Agenda } from './agenda.ts';
import { Checker } from './checker.ts';
import { Computer, type Stepper } from './computer.ts';
import type { Fault, NodeId, Plan } from './faults.ts';
import { SimStore } from './store.ts';

/** After the faults have healed, one node must be active within this. */
const livenessMs = 20_000;
const linkIds = ['direct', 'service'] as const;
/** What the two clocks may differ by; the margins are made for 1 %. */
const driftMax = 0.009;

export interface Outcome {
  /** Null when every check held. */
  readonly violation: string | null;
  readonly steps: number;
  readonly transcript: readonly string[];
  readonly activations: number;
  /** How long nobody held the address, each time after it was first held. */
  readonly outagesMs: readonly number[];
}

export interface RunOptions {
  readonly step?: Stepper;
  readonly transcript?: boolean;
  /** Ends at `chaosMs`, without healing anything and without asking for an active. */
  readonly endsUnhealed?: boolean;
}

export function runPlan(plan: Plan, options: RunOptions = {}): Outcome {
  return new World(plan, options).run();
}

function configOf(plan: Plan): PairConfig {
  const arbiter =
    plan.arbiter === 'hub'
      ? { kind: 'hub', url: 'tls://hub', account: 'pair', key: 'k', fingerprint: 'f' }
      : plan.arbiter === 'fence-agent'
        ? { kind: 'fence-agent', command: ['fence'] }
        : { kind: plan.arbiter };
  return pairConfigSchema.parse({
    pairId: 'pair-0001',
    version: 1,
    application: 'video',
    nodes: ['a', 'b'].map((id) => ({ id, name: id.toUpperCase(), address: id, fingerprint: id })),
    links: linkIds.map((id, index) => ({ id, addresses: {}, port: 7340 + index })),
    arbiter,
    profile: 'fast',
    resources: [],
    failback: plan.failback,
    defaultNodeId: plan.defaultNode,
    waitAfterStartSeconds: plan.waitAfterStartSeconds,
  });
}

class World {
  readonly #agenda = new Agenda();
  readonly #random: () => number;
  readonly #store: SimStore;
  readonly #computers: Record<NodeId, Computer>;
  readonly #checker: Checker;
  readonly #plan: Plan;
  readonly #lines: string[] = [];
  readonly #keepsTranscript: boolean;
  /** `from` and link of the directions that are cut, with how many faults cut it. */
  readonly #cuts = new Map<string, number>();
  #lossShare = 0;
  #linkDelayMs = 0;
  #steps = 0;
  readonly #endsUnhealed: boolean;
  readonly #outagesMs: number[] = [];
  #addressSeen = false;
  #addressGoneMs: number | null = null;

  constructor(plan: Plan, options: RunOptions) {
    this.#plan = plan;
    this.#random = createRandom(plan.seed * 7 + 3);
    this.#keepsTranscript = options.transcript ?? false;
    this.#endsUnhealed = options.endsUnhealed ?? false;
    const config = configOf(plan);
    const timing = timingOf('fast', config.arbiter.kind);
    this.#store = new SimStore(this.#agenda, this.#random, timing.rpcTimeoutMs);
    this.#checker = new Checker(plan);
    const counted: Stepper = (state, event, now) => {
      this.#steps += 1;
      return (options.step ?? step)(state, event, now);
    };
    const surroundings = {
      agenda: this.#agenda,
      random: this.#random,
      store: this.#store,
      config,
      step: counted,
      send: this.#send,
      fence: this.#fence,
      changed: this.#check,
      started: (computer: Computer, epoch: number) => this.#checker.started(computer, epoch),
      note: (computer: Computer, text: string) => this.#note(`${computer.id.toUpperCase()} ${text}`),
    };
    const rate = () => 1 + (this.#random() * 2 - 1) * driftMax;
    this.#computers = {
      a: new Computer('a', surroundings, rate()),
      b: new Computer('b', surroundings, rate()),
    };
  }

  run(): Outcome {
    const { a, b } = this.#computers;
    this.#agenda.at(0, () => a.bootUp());
    this.#agenda.at(this.#random() * 300, () => b.bootUp());
    this.#agenda.at(700, () => this.#order(a, 'bring-in', false));
    this.#agenda.at(900 + this.#random() * 400, () => this.#order(b, 'bring-in', false));
    for (const fault of this.#plan.faults) this.#agenda.at(fault.atMs, () => this.#strike(fault));
    while (this.#agenda.next(this.#plan.chaosMs) && !this.#checker.violation);
    if (!this.#endsUnhealed) this.#healAndWait();
    return {
      violation: this.#checker.violation,
      steps: this.#steps,
      transcript: this.#lines,
      activations: this.#checker.activations,
      outagesMs: this.#outagesMs,
    };
  }

  #healAndWait(): void {
    const heal = Math.max(this.#plan.chaosMs, this.#agenda.nowMs);
    this.#agenda.at(heal, () => this.#heal());
    while (!this.#checker.violation && !this.#isWell(heal)) {
      if (this.#agenda.next(heal + livenessMs)) continue;
      this.#checker.fail(`no single active ${livenessMs} ms after everything was healed`);
    }
  }

  readonly #check = (): void => {
    this.#checker.check(this.#computers);
    const { a, b } = this.#computers;
    if ((a.address && a.holds) || (b.address && b.holds)) {
      if (this.#addressGoneMs !== null) this.#outagesMs.push(this.#agenda.nowMs - this.#addressGoneMs);
      this.#addressGoneMs = null;
      this.#addressSeen = true;
    } else if (this.#addressSeen) this.#addressGoneMs ??= this.#agenda.nowMs;
  };

  #isWell(healedMs: number): boolean {
    if (this.#agenda.nowMs < healedMs + 1_500) return false;
    const { a, b } = this.#computers;
    const active = (one: Computer, other: Computer) =>
      one.guard?.role === 'active' && one.address && other.guard?.role === 'standby';
    return active(a, b) || active(b, a);
  }

  #note(text: string): void {
    if (this.#keepsTranscript)
      this.#lines.push(`${(this.#agenda.nowMs / 1000).toFixed(3).padStart(7)} ${text}`);
  }

  readonly #send: ConstructorParameters<typeof Computer>[1]['send'] = (from, payload, linkId) => {
    if ((this.#cuts.get(`${from.id}/${linkId}`) ?? 0) > 0) return;
    if (this.#random() < 0.002 + this.#lossShare) return;
    const to = this.#computers[from.id === 'a' ? 'b' : 'a'];
    const copies = this.#random() < 0.01 ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const delayMs = 0.3 + this.#random() * 2 + this.#random() * this.#linkDelayMs;
      this.#agenda.after(delayMs, () => to.tell({ type: 'heartbeat', linkId, payload }));
    }
  };

  /** A fence that works four times of five, and never reports what it has not done. */
  readonly #fence = (from: Computer, done: (peerIsOff: boolean) => void): void => {
    const peer = this.#computers[from.id === 'a' ? 'b' : 'a'];
    this.#agenda.after(50 + this.#random() * 300, () => {
      const works = this.#random() < 0.8;
      if (works && from.up) peer.resetAndBoot('fenced');
      this.#agenda.after(this.#random() * 200, () => done(works));
    });
  };

  #order(
    computer: Computer,
    operation: Extract<Fault, { kind: 'operator' }>['operation'],
    confirm: boolean,
  ): void {
    const peer = this.#computers[computer.id === 'a' ? 'b' : 'a'];
    // People say the truth here: a peer is confirmed to be off only when it is.
    const attests = operation === 'bring-in' || operation === 'take-over' || operation === 'standalone-on';
    const lies = this.#plan.arbiter === 'manual' && attests && peer.up;
    const given = confirm && !lies;
    if (operation === 'standalone-on' && !given) return;
    this.#note(`operator: ${operation} on ${computer.id.toUpperCase()}${given ? ', confirmed' : ''}`);
    computer.tell({ type: 'operator', operation, ...(given && { confirm: peer.id }) });
  }

  #during(forMs: number, begin: () => void, end: () => void): void {
    begin();
    this.#agenda.after(forMs, end);
  }

  #cut(key: string, forMs: number): void {
    const add = (by: number) => this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + by);
    this.#during(
      forMs,
      () => add(1),
      () => add(-1),
    );
  }

  #strike(fault: Fault) {
    const { atMs: _, ...facts } = fault;
    this.#note(`fault: ${Object.values(facts).join(' ')}`);
    const computer = 'node' in fault ? this.#computers[fault.node] : this.#computers.a;
    const store = this.#store;
    switch (fault.kind) {
      case 'cut-link':
        return this.#cut(`${fault.from}/${linkIds[fault.link] ?? linkIds[0]}`, fault.forMs);
      case 'cut-all-links':
        for (const from of ['a', 'b']) for (const id of linkIds) this.#cut(`${from}/${id}`, fault.forMs);
        return;
      case 'lossy-links':
        return this.#during(
          fault.forMs,
          () => {
            this.#lossShare = fault.share;
          },
          () => {
            this.#lossShare = 0;
          },
        );
      case 'slow-links':
        return this.#during(
          fault.forMs,
          () => {
            this.#linkDelayMs = fault.delayMs;
          },
          () => {
            this.#linkDelayMs = 0;
          },
        );
      case 'cut-store':
        return this.#during(
          fault.forMs,
          () => store.cut.add(fault.node),
          () => store.cut.delete(fault.node),
        );
      case 'mute-store':
        return this.#during(
          fault.forMs,
          () => store.mute.add(fault.node),
          () => store.mute.delete(fault.node),
        );
      case 'pause-store':
        store.pausedUntilMs = this.#agenda.nowMs + fault.forMs;
        return;
      case 'store-down':
        return this.#during(
          fault.forMs,
          () => {
            store.down = true;
          },
          () => {
            store.down = false;
          },
        );
      case 'slow-store':
        return this.#during(
          fault.forMs,
          () => {
            store.slowMs = fault.delayMs;
          },
          () => {
            store.slowMs = 0;
          },
        );
      case 'store-goes-back':
        return store.goBack(fault.steps);
      default:
        return this.#strikeComputer(fault, computer);
    }
  }

  #strikeComputer(fault: Fault & { readonly node?: NodeId }, computer: Computer) {
    switch (fault.kind) {
      case 'kill-guard':
        computer.killGuard();
        this.#agenda.after(fault.forMs, () => computer.startGuard());
        return;
      case 'freeze-guard':
        if (!computer.runsGuard) return;
        return this.#during(
          fault.forMs,
          () => {
            computer.frozen = true;
          },
          () => computer.thaw(),
        );
      case 'power-off':
        return this.#during(
          fault.forMs + 3_000,
          () => computer.powerOff('power lost'),
          () => computer.bootUp(),
        );
      case 'suspend':
        return computer.sleep(fault.forMs);
      case 'clock-step':
        return computer.stepWallClock(fault.byMs);
      case 'resource-fails':
        return computer.tell({ type: 'resourceFailed', id: 'nginx', problem: 'exit code 7' });
      case 'start-fails':
        return this.#during(
          fault.forMs,
          () => {
            computer.failsToStart = true;
          },
          () => {
            computer.failsToStart = false;
          },
        );
      case 'stop-hangs':
        return this.#during(
          fault.forMs,
          () => {
            computer.hangsInStop = true;
          },
          () => {
            computer.hangsInStop = false;
          },
        );
      case 'trouble':
        return this.#during(
          fault.forMs,
          () => computer.tell({ type: 'trouble', cause: fault.cause, problem: 'simulated' }),
          () => computer.tell({ type: 'trouble', cause: fault.cause, problem: null }),
        );
      case 'data-lag':
        return this.#during(
          fault.forMs,
          () => computer.tell({ type: 'data', lagBytes: 4096, consistent: true }),
          () => computer.tell({ type: 'data', lagBytes: 0, consistent: true }),
        );
      case 'third-node':
        return this.#thirdNode(computer);
      case 'operator':
        return this.#order(computer, fault.operation, fault.confirm);
      default:
        throw new Error(`not a fault of a computer: ${fault.kind}`);
    }
  }

  /** Somebody else writes into the pair's lease. */
  #thirdNode(near: Computer): void {
    const current = this.#store.current();
    const record = {
      pairId: 'pair-0001',
      holder: 'mallory',
      epoch: (current?.record.epoch ?? 0) + 1,
      seq: 1,
      successor: null,
    };
    this.#store.write(near.id, current?.revision ?? null, record, () => {});
    this.#agenda.after(4_000, () => this.#store.goBack(1));
  }

  /** Everything works again, everybody is brought in, nobody is kept from anything. */
  #heal(): void {
    this.#note('healed');
    this.#cuts.clear();
    this.#lossShare = 0;
    this.#linkDelayMs = 0;
    const store = this.#store;
    store.cut.clear();
    store.mute.clear();
    store.down = false;
    store.slowMs = 0;
    store.pausedUntilMs = 0;
    for (const computer of [this.#computers.a, this.#computers.b]) {
      computer.failsToStart = false;
      computer.hangsInStop = false;
      computer.bootUp();
      computer.startGuard();
      computer.thaw();
      for (const cause of ['network', 'process', 'storage'] as const) {
        computer.tell({ type: 'trouble', cause, problem: null });
      }
      computer.tell({ type: 'data', lagBytes: 0, consistent: true });
      for (const operation of ['maintenance-off', 'standalone-off'] as const) {
        computer.tell({ type: 'operator', operation });
      }
    }
    for (const afterMs of [6_000, 13_000]) this.#agenda.after(afterMs, () => this.#bringBoth());
  }

  /** By now both are up and hear each other: an operator looks, and says so where the arbiter must be put right. */
  #bringBoth(): void {
    const { a, b } = this.#computers;
    for (const computer of [a, b]) {
      if (computer.guard?.role === 'active') continue;
      const other = computer === a ? b : a;
      const attested = this.#plan.arbiter === 'hub' && !other.mayRun;
      computer.tell({ type: 'operator', operation: 'bring-in', ...(attested && { confirm: other.id }) });
    }
  }
}
