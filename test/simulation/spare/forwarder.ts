/** A small forwarder as the group drives the real one: in order per account, nothing after its deadline, settled only when acknowledged. */
import type { Agenda } from '../standby/agenda.ts';
import type { SimEvent, SimQueued, SimStore } from './store.ts';

export interface ForwarderWorld {
  readonly agenda: Agenda;
  readonly store: SimStore;
  /** Gives the frame to the ARC; `acknowledged` may never be called. */
  send(event: SimEvent, by: string, acknowledged: () => void): void;
  readonly settlesBeforeAck: boolean;
}

interface ForwarderPorts {
  /** Neither frozen nor killed. */
  canAct(): boolean;
  /** The right has not run out. */
  mayBegin(): boolean;
  outdated(): void;
  drained(): void;
}

const attemptMs = 700;
const pauseMs = 60;

export class SimForwarder {
  readonly id: string;
  readonly epoch: number;
  readonly #world: ForwarderWorld;
  readonly #ports: ForwarderPorts;
  readonly #waiting = new Map<string, SimQueued[]>();
  /** Accounts with a frame under way, or a settlement. */
  readonly #busy = new Set<string>();
  #after = 0;
  #draining = false;
  active = true;

  constructor(id: string, epoch: number, world: ForwarderWorld, ports: ForwarderPorts) {
    this.id = id;
    this.epoch = epoch;
    this.#world = world;
    this.#ports = ports;
    this.#open();
  }

  drain(): void {
    this.#draining = true;
    this.#noticeDrained();
  }

  stop(): void {
    this.active = false;
  }

  #later(run: () => void): void {
    this.#world.agenda.after(pauseMs, () => {
      if (!this.active) return;
      if (this.#ports.canAct()) run();
      else this.#later(run);
    });
  }

  #open(): void {
    this.#world.store.open(this.id, this.epoch, (reply) => {
      if (!this.active) return;
      if (reply.ok) this.#later(() => this.#pull());
      else if (reply.why === 'outdated') this.#later(() => this.#ports.outdated());
      else this.#later(() => this.#open());
    });
  }

  #pull(): void {
    if (this.#draining) return;
    this.#world.store.pull(this.id, this.epoch, this.#after, (reply) => {
      if (!this.active || this.#draining) return;
      if (reply.ok) {
        for (const queued of reply.value) {
          this.#after = Math.max(this.#after, queued.position);
          const list = this.#waiting.get(queued.event.account) ?? [];
          list.push(queued);
          this.#waiting.set(queued.event.account, list);
        }
      }
      for (const account of this.#waiting.keys()) this.#next(account);
      if (!reply.ok && reply.why === 'outdated') this.#later(() => this.#ports.outdated());
      else this.#later(() => this.#pull());
    });
  }

  #next(account: string): void {
    const first = this.#waiting.get(account)?.[0];
    if (!first || !this.active || this.#draining || this.#busy.has(account)) return;
    if (!this.#ports.canAct()) {
      this.#later(() => this.#next(account));
      return;
    }
    if (!this.#ports.mayBegin()) return;
    this.#busy.add(account);
    let done = false;
    const end = () => {
      done = true;
      this.#busy.delete(account);
    };
    if (this.#world.settlesBeforeAck) this.#world.store.settle(this.id, this.epoch, first.position, () => {});
    this.#world.send(first.event, this.id, () => {
      if (done || !this.active) return;
      // Read by the process when it runs.
      const take = () => {
        if (done || !this.active) return;
        done = true;
        this.#settle(account, first);
      };
      if (this.#ports.canAct()) take();
      else this.#later(take);
    });
    this.#world.agenda.after(attemptMs, () => {
      if (done || !this.active) return;
      end();
      this.#noticeDrained();
      this.#later(() => this.#next(account));
    });
  }

  #settle(account: string, queued: SimQueued): void {
    this.#world.store.settle(this.id, this.epoch, queued.position, (reply) => {
      if (!this.active) return;
      if (!reply.ok && reply.why !== 'outdated') {
        this.#later(() => this.#settle(account, queued));
        return;
      }
      this.#waiting.get(account)?.shift();
      this.#busy.delete(account);
      this.#noticeDrained();
      this.#next(account);
    });
  }

  #noticeDrained(): void {
    if (this.#draining && this.#busy.size === 0) this.#ports.drained();
  }
}
