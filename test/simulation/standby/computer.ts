/** A simulated computer of the pair: clocks, guard process, application, watchdog; what it does to itself and what is done to it. */

import { freshMemory, initialGuard } from '../../../agent/standby/machine/initial.ts';
import { heartbeatOf } from '../../../agent/standby/machine/peer.ts';
import type {
  GuardAction,
  GuardEvent,
  GuardMemory,
  GuardState,
  Now,
} from '../../../agent/standby/machine/types.ts';
import type { step } from '../../../agent/standby/machine.ts';
import type { HeartbeatPayload } from '../../../agent/standby/types.ts';
import type { PairConfig } from '../../../src/contract/standby.ts';
import type { Agenda } from './agenda.ts';
import type { SimStore } from './store.ts';

export type Stepper = typeof step;
const tickMs = 45;

export interface Surroundings {
  readonly agenda: Agenda;
  readonly random: () => number;
  readonly store: SimStore;
  readonly config: PairConfig;
  readonly step: Stepper;
  send(from: Computer, payload: HeartbeatPayload, linkId: string): void;
  /** The fence switches the peer off; answers whether it did. */
  fence(from: Computer, done: (peerIsOff: boolean) => void): void;
  /** After every step and every change of what runs. */
  changed(computer: Computer): void;
  started(computer: Computer, epoch: number): void;
  note(computer: Computer, text: string): void;
}

export class Computer {
  readonly id: string;
  up = false;
  /** SIGSTOP of the guard: what comes waits. */
  frozen = false;
  guard: GuardState | null = null;
  memory: GuardMemory = freshMemory;
  /** From the first moment of a start until everything has stopped, or the machine is reset. */
  mayRun = false;
  address = false;
  hangsInStop = false;
  failsToStart = false;

  readonly #world: Surroundings;
  readonly #rate: number;
  #monotonicMs = 0;
  #sinceMs = 0;
  #utcOffsetMs = 1_700_000_000_000;
  #inbox: GuardEvent[] = [];
  /** Grow with each boot, process and start or stop, so that what belongs to an earlier one comes to nothing. */
  #boot = 0;
  #process = 0;
  #work = 0;
  #watchdogMs = Number.POSITIVE_INFINITY;
  #watchdogSet = 0;
  #asleep = false;
  #lastRole = '';

  constructor(id: string, world: Surroundings, rate: number) {
    this.id = id;
    this.#world = world;
    this.#rate = rate;
  }

  get runsGuard(): boolean {
    return this.guard !== null;
  }

  now(): Now {
    const trueMs = this.#world.agenda.nowMs;
    const monotonicMs = this.#asleep
      ? this.#monotonicMs
      : this.#monotonicMs + (trueMs - this.#sinceMs) * this.#rate;
    return { monotonicMs, utcMs: Math.round(trueMs + this.#utcOffsetMs) };
  }

  stepWallClock(byMs: number): void {
    this.#utcOffsetMs += byMs;
  }

  bootUp(): void {
    if (this.up) return;
    this.up = true;
    this.#boot += 1;
    this.#monotonicMs = this.#world.random() * 2_000;
    this.#sinceMs = this.#world.agenda.nowMs;
    this.startGuard(false);
  }

  /** Power lost, watchdog, fence: at once, and everything with it. */
  powerOff(why: string): void {
    if (!this.up) return;
    this.#world.note(this, `off: ${why}`);
    this.up = false;
    this.#asleep = false;
    this.#endGuard();
    this.#boot += 1;
    this.#work += 1;
    this.mayRun = false;
    this.address = false;
    this.#watchdogMs = Number.POSITIVE_INFINITY;
    this.#world.changed(this);
  }

  resetAndBoot(why: string): void {
    this.powerOff(why);
    const boot = this.#boot;
    this.#world.agenda.after(3_500 + this.#world.random() * 2_000, () => {
      if (this.#boot === boot) this.bootUp();
    });
  }

  startGuard(resourcesMayRun = true): void {
    if (!this.up || this.guard || this.#asleep) return;
    this.#process += 1;
    this.frozen = false;
    this.#inbox = [];
    const firstSeq = Math.floor(this.#world.random() * 2 ** 30) * 64;
    this.guard = initialGuard(this.#world.config, {
      nodeId: this.id,
      memory: this.memory,
      resourcesMayRun,
      firstSeq,
    });
    this.#tick(this.#process);
    for (const link of this.#world.config.links) this.#beat(this.#process, link.id, link.intervalMs);
  }

  killGuard(): void {
    if (!this.#asleep) this.#endGuard();
  }

  #endGuard(): void {
    this.guard = null;
    this.frozen = false;
    this.#process += 1;
  }

  sleep(forMs: number): void {
    if (!this.up || this.#asleep) return;
    this.#monotonicMs = this.now().monotonicMs;
    this.#asleep = true;
    const boot = this.#boot;
    this.#world.agenda.after(forMs, () => {
      if (this.#boot !== boot) return;
      this.#asleep = false;
      this.#sinceMs = this.#world.agenda.nowMs;
      this.#inbox.unshift({ type: 'suspended', forMs });
      if (!this.guard) this.#world.agenda.after(100, () => this.startGuard());
      // The watchdog counts the time asleep: it is what is left when no guard wakes up to notice.
      if (!this.guard || this.frozen) this.#watchdogMs -= forMs;
      this.#armWatchdog(this.#watchdogMs);
      if (this.now().monotonicMs >= this.#watchdogMs) return this.resetAndBoot('watchdog');
      if (!this.frozen) this.thaw();
      this.#world.changed(this);
    });
  }

  /** Asleep it answers nobody: neither address nor application. */
  get holds(): boolean {
    return this.mayRun && !this.#asleep;
  }

  thaw(): void {
    this.frozen = false;
    const waiting = this.#inbox;
    this.#inbox = [];
    for (const event of waiting) this.tell(event);
  }

  tell(event: GuardEvent): void {
    if (!this.guard) return;
    if (this.frozen || this.#asleep) {
      if (this.#inbox.length < 256) this.#inbox.push(event);
      return;
    }
    const result = this.#world.step(this.guard, event, this.now());
    this.guard = result.state;
    const process = this.#process;
    for (const action of result.actions) {
      if (this.#process === process) this.#act(action);
    }
    if (this.guard && this.guard.role !== this.#lastRole) {
      this.#lastRole = this.guard.role;
      this.#world.note(this, `is ${this.#lastRole}`);
    }
    this.#world.changed(this);
  }

  #act(action: GuardAction) {
    const { store, agenda, random } = this.#world;
    const process = this.#process;
    const reply = (event: GuardEvent) => {
      if (this.#process === process) this.tell(event);
    };
    switch (action.type) {
      case 'readLease': {
        const { requestId } = action;
        store.read(this.id, (outcome) => reply({ type: 'leaseRead', requestId, outcome }));
        return;
      }
      case 'writeLease': {
        const { requestId } = action;
        store.write(this.id, action.expected, action.record, (outcome) =>
          reply({ type: 'leaseWrite', requestId, outcome }),
        );
        return;
      }
      case 'startResources':
        return this.#start(action.epoch, reply);
      case 'stopResources':
        return this.#stop(reply);
      case 'dropAddresses':
        agenda.after(random() * 20, () => {
          if (this.#process !== process && this.guard) return;
          this.address = false;
          this.#world.changed(this);
        });
        return;
      case 'sendHeartbeats':
        for (const link of this.#world.config.links) this.#send(link.id);
        return;
      case 'fence': {
        const { requestId } = action;
        this.#world.fence(this, (peerIsOff) =>
          reply({ type: 'fenceResult', requestId, peerIsOff, problem: peerIsOff ? null : 'out of reach' }),
        );
        return;
      }
      case 'armWatchdog':
        return this.#armWatchdog(action.deadlineMs);
      case 'disarmWatchdog':
        return this.#armWatchdog(Number.POSITIVE_INFINITY);
      case 'resetMachine':
        return this.resetAndBoot(action.reason);
      case 'persist':
        this.memory = action.memory;
        return;
      case 'record': {
        const { rule, outcome } = action.decision;
        this.#world.note(this, `${rule}: ${outcome}`);
        return;
      }
      case 'freeze':
      case 'tell':
        return;
    }
  }

  #start(epoch: number, reply: (event: GuardEvent) => void): void {
    const { agenda, random } = this.#world;
    this.#work += 1;
    const work = this.#work;
    this.mayRun = true;
    this.#world.started(this, epoch);
    const takesMs = 10 + random() * 120;
    agenda.after(takesMs / 2, () => {
      if (this.#work !== work) return;
      this.address = true;
      this.#world.changed(this);
    });
    agenda.after(takesMs, () => {
      if (this.#work !== work) return;
      if (this.failsToStart) {
        this.address = false;
        reply({ type: 'startFailed', problem: 'exit code 1' });
      } else reply({ type: 'resourcesStarted' });
    });
  }

  #stop(reply: (event: GuardEvent) => void): void {
    const { agenda, random } = this.#world;
    this.#work += 1;
    const work = this.#work;
    const hangs = this.hangsInStop && this.mayRun;
    agenda.after(hangs ? 1_500 : 5 + random() * 120, () => {
      if (this.#work !== work) return;
      if (hangs) return reply({ type: 'stopFailed', problem: 'does not end' });
      this.mayRun = false;
      this.address = false;
      this.#world.changed(this);
      reply({ type: 'resourcesStopped' });
    });
  }

  #armWatchdog(deadlineMs: number): void {
    const { agenda, random } = this.#world;
    this.#watchdogMs = deadlineMs;
    this.#watchdogSet += 1;
    if (deadlineMs === Number.POSITIVE_INFINITY) return;
    const set = this.#watchdogSet;
    const boot = this.#boot;
    const inMs = (deadlineMs - this.now().monotonicMs) / this.#rate;
    agenda.after(Math.max(0, inMs) + random() * 240, () => {
      if (this.#boot !== boot || this.#watchdogSet !== set || this.#asleep) return;
      this.resetAndBoot('watchdog');
    });
  }

  #tick(process: number): void {
    if (this.#process !== process) return;
    if (!this.frozen && !this.#asleep) this.tell({ type: 'tick' });
    this.#world.agenda.after(tickMs * (0.7 + this.#world.random() * 0.4), () => this.#tick(process));
  }

  #beat(process: number, linkId: string, intervalMs: number): void {
    if (this.#process !== process) return;
    this.#send(linkId);
    this.#world.agenda.after(intervalMs * (0.95 + this.#world.random() * 0.1), () =>
      this.#beat(process, linkId, intervalMs),
    );
  }

  #send(linkId: string): void {
    if (!this.guard || this.frozen || this.#asleep) return;
    const now = this.now();
    this.#world.send(
      this,
      {
        ...heartbeatOf(this.guard, now),
        bootId: `${this.id}-${this.#process}`,
        seq: 0,
        sentAtMs: now.monotonicMs,
        echoOfMs: null,
      },
      linkId,
    );
  }
}
