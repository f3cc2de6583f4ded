/** What must hold after every step, whatever happens: I4, the address only on the active, epochs that never go back. */
import type { Computer } from './computer.ts';
import type { NodeId, Plan } from './faults.ts';

export class Checker {
  violation: string | null = null;
  activations = 0;
  /** Availability-first gives up exactly this promise, and says so. */
  readonly #oneActive: boolean;
  /** An arbiter that forgets cannot keep two nodes, which never heard of each other, from the same number. */
  readonly #epochsUnique: boolean;
  #highestEpoch = 0;
  readonly #highestEpochs: Record<string, number> = {};

  constructor(plan: Plan) {
    this.#oneActive = plan.arbiter !== 'availability-first';
    this.#epochsUnique =
      plan.arbiter === 'hub' &&
      !plan.faults.some((fault) => fault.kind === 'store-goes-back' || fault.kind === 'third-node');
  }

  fail(what: string): void {
    this.violation ??= what;
  }

  started(computer: Computer, epoch: number): void {
    this.activations += 1;
    const own = this.#highestEpochs[computer.id] ?? 0;
    if (epoch <= own) this.fail(`${computer.id} starts under epoch ${epoch} after ${own}`);
    if (this.#epochsUnique && epoch <= this.#highestEpoch) {
      this.fail(`${computer.id} starts under epoch ${epoch}, but ${this.#highestEpoch} was used already`);
    }
    this.#highestEpochs[computer.id] = Math.max(own, epoch);
    this.#highestEpoch = Math.max(this.#highestEpoch, epoch);
  }

  check({ a, b }: Record<NodeId, Computer>): void {
    if (this.#oneActive) {
      if (a.holds && b.holds) this.fail('two actives: both may run resources');
      if (a.address && b.address && a.holds && b.holds) this.fail('two holders of the address');
    }
    for (const each of [a, b]) {
      if (each.address && !each.mayRun) this.fail(`${each.id} holds the address without being active`);
      const role = each.guard?.role;
      if (each.mayRun && (role === 'standby' || role === 'out' || role === 'candidate')) {
        this.fail(`${each.id} is ${role} while its resources may run`);
      }
    }
  }
}
