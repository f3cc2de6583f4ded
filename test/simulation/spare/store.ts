/** The simulated store of a group: lease, registers and queue behind a network that delays, loses, and sometimes applies what timed out. */

import type { Presence, Roster } from '../../../agent/spare/types.ts';
import type { LeaseRecord, StoredLease } from '../../../agent/standby/types.ts';
import type { Agenda } from '../standby/agenda.ts';

/** An alarm of a panel: `number` counts up for each account. */
export interface SimEvent {
  readonly account: string;
  readonly number: number;
}

export interface SimQueued {
  readonly position: number;
  readonly event: SimEvent;
}

export type Reply<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: 'conflict' | 'failed' | 'went-back' | 'outdated' };

interface Stored<T> {
  readonly value: T;
  readonly revision: string;
}

const keyOf = ({ account, number }: SimEvent) => `${account}/${number}`;

export class SimStore {
  readonly #agenda: Agenda;
  readonly #random: () => number;
  #lease: StoredLease | null = null;
  #leases: (StoredLease | null)[] = [null];
  #revision = 0;
  /** The run of the store: another after it went back, so that revisions do not repeat. */
  #run = 0;
  /** The latest revision each client has seen; what is lower went back. */
  readonly #seen = new Map<string, number>();
  #roster: Stored<Roster>;
  readonly #presences = new Map<string, Stored<Presence>>();
  readonly #queue = new Map<number, SimEvent>();
  readonly #appended = new Set<string>();
  #position = 0;
  #epoch = 0;
  readonly cut = new Set<string>();
  readonly mute = new Set<string>();
  pausedUntilMs = 0;
  down = false;
  slowMs = 0;
  /** Called when an event leaves the queue. */
  onSettled: (event: SimEvent) => void = () => {};
  onAppended: (queued: SimQueued) => void = () => {};

  constructor(agenda: Agenda, random: () => number, roster: Roster) {
    this.#agenda = agenda;
    this.#random = random;
    this.#roster = { value: roster, revision: '1' };
  }

  get roster(): Roster {
    return this.#roster.value;
  }

  set roster(roster: Roster) {
    this.#roster = { value: roster, revision: String(Number(this.#roster.revision) + 1) };
  }

  get waiting(): number {
    return this.#queue.size;
  }

  goBack(steps: number): void {
    const index = Math.max(0, this.#leases.length - 1 - steps);
    this.#lease = this.#leases[index] ?? null;
    this.#leases = this.#leases.slice(0, index + 1);
    this.#revision = this.#lease ? Number(this.#lease.revision.split('.')[0]) : 0;
    this.#run += 1;
  }

  /** What a client does that opens the store anew. */
  forget(client: string): void {
    this.#seen.delete(client);
  }

  readLease(client: string, done: (reply: Reply<StoredLease | null>) => void): void {
    this.request(client, 1_500, () => this.#watched(client, this.#lease), done);
  }

  #watched<T extends StoredLease | null>(client: string, value: T): Reply<T> {
    if (this.#revision < (this.#seen.get(client) ?? 0)) return { ok: false, why: 'went-back' };
    this.#seen.set(client, this.#revision);
    return { ok: true, value };
  }

  writeLease(
    client: string,
    expected: string | null,
    record: LeaseRecord,
    done: (reply: Reply<StoredLease>) => void,
  ): void {
    this.request(
      client,
      1_500,
      (): Reply<StoredLease> => {
        if (this.#revision < (this.#seen.get(client) ?? 0)) return { ok: false, why: 'went-back' };
        if ((this.#lease?.revision ?? null) !== expected) return { ok: false, why: 'conflict' };
        this.#revision += 1;
        const lease = { record, revision: `${this.#revision}.${this.#run}` };
        this.#lease = lease;
        this.#leases.push(lease);
        return this.#watched(client, lease);
      },
      done,
    );
  }

  readRoster(client: string, done: (reply: Reply<Roster>) => void): void {
    this.request(client, 1_500, () => ({ ok: true, value: this.#roster.value }), done);
  }

  readPresence(
    client: string,
    memberId: string,
    done: (reply: Reply<Stored<Presence> | null>) => void,
  ): void {
    this.request(client, 1_500, () => ({ ok: true, value: this.#presences.get(memberId) ?? null }), done);
  }

  writePresence(
    client: string,
    expected: string | null,
    presence: Presence,
    done: (reply: Reply<string>) => void,
  ): void {
    this.request(
      client,
      1_500,
      (): Reply<string> => {
        const stored = this.#presences.get(presence.memberId);
        if ((stored?.revision ?? null) !== expected) return { ok: false, why: 'conflict' };
        const revision = String(Number(stored?.revision ?? 0) + 1);
        this.#presences.set(presence.memberId, { value: presence, revision });
        return { ok: true, value: revision };
      },
      done,
    );
  }

  append(client: string, event: SimEvent, done: (reply: Reply<null>) => void): void {
    this.request(client, 1_500, () => this.appendNow(event), done);
  }

  /** Once, however often it is asked. */
  appendNow(event: SimEvent): Reply<null> {
    if (this.#appended.has(keyOf(event))) return { ok: true, value: null };
    this.#appended.add(keyOf(event));
    this.#position += 1;
    this.#queue.set(this.#position, event);
    this.onAppended({ position: this.#position, event });
    return { ok: true, value: null };
  }

  open(client: string, epoch: number, done: (reply: Reply<null>) => void): void {
    this.request(
      client,
      1_500,
      (): Reply<null> => {
        if (epoch < this.#epoch) return { ok: false, why: 'outdated' };
        this.#epoch = epoch;
        return { ok: true, value: null };
      },
      done,
    );
  }

  pull(
    client: string,
    epoch: number,
    after: number,
    done: (reply: Reply<readonly SimQueued[]>) => void,
  ): void {
    this.request(
      client,
      1_500,
      (): Reply<readonly SimQueued[]> => {
        if (epoch !== this.#epoch) return { ok: false, why: 'outdated' };
        const events: SimQueued[] = [];
        for (const [position, event] of this.#queue) {
          if (position > after && events.length < 20) events.push({ position, event });
        }
        return { ok: true, value: events };
      },
      done,
    );
  }

  settle(client: string, epoch: number, position: number, done: (reply: Reply<null>) => void): void {
    this.request(
      client,
      1_500,
      (): Reply<null> => {
        if (epoch !== this.#epoch) return { ok: false, why: 'outdated' };
        const event = this.#queue.get(position);
        this.#queue.delete(position);
        if (event) this.onSettled(event);
        return { ok: true, value: null };
      },
      done,
    );
  }

  request<T>(
    client: string,
    timeoutMs: number,
    apply: () => Reply<T>,
    done: (reply: Reply<T>) => void,
  ): void {
    let answered = false;
    const answer = (reply: Reply<T>) => {
      if (answered) return;
      answered = true;
      done(reply);
    };
    this.#agenda.after(timeoutMs, () => answer({ ok: false, why: 'failed' }));
    if (this.cut.has(client)) return;
    this.#agenda.after(this.#delayMs(), () => this.#arrive(client, apply, answer));
  }

  #arrive<T>(client: string, apply: () => Reply<T>, answer: (reply: Reply<T>) => void): void {
    if (this.down) return;
    if (this.#agenda.nowMs < this.pausedUntilMs) {
      this.#agenda.at(this.pausedUntilMs + this.#random() * 5, () => this.#arrive(client, apply, answer));
      return;
    }
    const reply = apply();
    if (this.mute.has(client) || this.cut.has(client)) return;
    this.#agenda.after(this.#delayMs(), () => answer(reply));
  }

  #delayMs(): number {
    return 0.5 + this.#random() * 4 + this.#random() * this.slowMs;
  }
}
