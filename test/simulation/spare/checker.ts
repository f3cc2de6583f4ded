/** What must hold whatever happens: one forwards at a time (I7); what was acknowledged reaches the ARC, in order per account (I6). */
import type { Member } from './member.ts';
import type { SimEvent, SimQueued } from './store.ts';

const keyOf = ({ account, number }: SimEvent) => `${account}/${number}`;

export class Checker {
  violation: string | null = null;
  takeOvers = 0;
  duplicates = 0;
  readonly #acknowledged = new Set<string>();
  readonly #received = new Map<string, number>();
  /** Place in the queue of each event, and the last that came to the ARC for the first time, of each account. */
  readonly #positions = new Map<string, number>();
  readonly #last = new Map<string, number>();
  #worker = '';

  fail(what: string): void {
    this.violation ??= what;
  }

  appended({ position, event }: SimQueued): void {
    this.#positions.set(keyOf(event), position);
  }

  acknowledged(event: SimEvent): void {
    this.#acknowledged.add(keyOf(event));
  }

  arrived(event: SimEvent, by: string): void {
    const key = keyOf(event);
    const times = this.#received.get(key) ?? 0;
    this.#received.set(key, times + 1);
    if (times > 0) {
      this.duplicates += 1;
      return;
    }
    const position = this.#positions.get(key) ?? 0;
    const last = this.#last.get(event.account) ?? 0;
    if (position <= last)
      this.fail(`I6: ${key} comes to the ARC from ${by} after a later one of its account`);
    this.#last.set(event.account, position);
  }

  check(members: readonly Member[]): void {
    let forwarding: Member | null = null;
    for (const member of members) {
      if (!member.mayForward) continue;
      if (forwarding) this.fail(`I7: ${forwarding.id} and ${member.id} may both forward`);
      forwarding = member;
    }
    if (!forwarding || forwarding.id === this.#worker) return;
    this.#worker = forwarding.id;
    this.takeOvers += 1;
  }

  atEnd(): void {
    const missing = [...this.#acknowledged].filter((key) => !this.#received.has(key));
    if (missing.length > 0)
      this.fail(`I6: acknowledged and never at the ARC: ${missing.slice(0, 5).join(' ')}`);
  }

  get delivered(): number {
    return this.#received.size;
  }
}
