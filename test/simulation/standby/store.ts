/** The simulated arbiter: a linearizable register behind a network that delays, loses, and sometimes applies what timed out. */

import type { ReadOutcome, WriteOutcome } from '../../../agent/standby/machine/types.ts';
import type { LeaseRecord, StoredLease } from '../../../agent/standby/types.ts';
import type { Agenda } from './agenda.ts';

export class SimStore {
  #stored: StoredLease | null = null;
  #revision = 0;
  #history: (StoredLease | null)[] = [null];
  /** Nodes that cannot reach the store. */
  readonly cut = new Set<string>();
  /** Requests are applied, but their answers are lost. */
  readonly mute = new Set<string>();
  /** The store stands still until then; what arrives meanwhile is applied afterwards. */
  pausedUntilMs = 0;
  down = false;
  slowMs = 0;

  readonly #agenda: Agenda;
  readonly #random: () => number;
  readonly #rpcTimeoutMs: number;

  constructor(agenda: Agenda, random: () => number, rpcTimeoutMs: number) {
    this.#agenda = agenda;
    this.#random = random;
    this.#rpcTimeoutMs = rpcTimeoutMs;
  }

  /** A backup of an earlier moment is put back: revisions count on from there, and repeat. */
  goBack(steps: number): void {
    const index = Math.max(0, this.#history.length - 1 - steps);
    this.#stored = this.#history[index] ?? null;
    this.#history = this.#history.slice(0, index + 1);
    this.#revision = this.#stored ? Number(this.#stored.revision) : 0;
  }

  current(): StoredLease | null {
    return this.#stored;
  }

  read(nodeId: string, done: (outcome: ReadOutcome) => void): void {
    this.#request<ReadOutcome>(nodeId, () => ({ kind: 'ok', stored: this.#stored }), done, {
      kind: 'unavailable',
      problem: 'no answer in time',
    });
  }

  write(
    nodeId: string,
    expected: string | null,
    record: LeaseRecord,
    done: (outcome: WriteOutcome) => void,
  ): void {
    this.#request<WriteOutcome>(nodeId, () => this.#compareAndSet(expected, record), done, {
      kind: 'unknown',
      problem: 'no answer in time',
    });
  }

  #compareAndSet(expected: string | null, record: LeaseRecord): WriteOutcome {
    if ((this.#stored?.revision ?? null) !== expected) return { kind: 'conflict' };
    this.#revision += 1;
    this.#stored = { record, revision: String(this.#revision) };
    this.#history.push(this.#stored);
    return { kind: 'ok', stored: this.#stored };
  }

  #request<T>(nodeId: string, apply: () => T, done: (outcome: T) => void, timeout: T): void {
    let answered = false;
    const answer = (outcome: T) => {
      if (answered) return;
      answered = true;
      done(outcome);
    };
    this.#agenda.after(this.#rpcTimeoutMs, () => answer(timeout));
    // Cut before it leaves or on the way back.
    if (this.cut.has(nodeId)) return;
    this.#agenda.after(this.#delayMs(), () => this.#arrive(nodeId, apply, answer));
  }

  #arrive<T>(nodeId: string, apply: () => T, answer: (outcome: T) => void): void {
    if (this.down) return;
    if (this.#agenda.nowMs < this.pausedUntilMs) {
      this.#agenda.at(this.pausedUntilMs + this.#random() * 5, () => this.#arrive(nodeId, apply, answer));
      return;
    }
    const outcome = apply();
    if (this.mute.has(nodeId) || this.cut.has(nodeId)) return;
    this.#agenda.after(this.#delayMs(), () => answer(outcome));
  }

  #delayMs(): number {
    return 0.5 + this.#random() * 4 + this.#random() * this.slowMs;
  }
}
