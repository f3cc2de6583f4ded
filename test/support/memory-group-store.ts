/** A group's store in memory, for all members of a test: compare-and-set, backups, a fenced queue, and the faults a real one has. */
import type { AlarmEvent, AlarmQueue, QueuedEvent, Settlement } from '../../agent/alarms/types.ts';
import type {
  BackupStore,
  GroupStore,
  IngressTable,
  RegisterValue,
  StoredBackup,
  TextRegister,
} from '../../agent/spare/types.ts';
import type { LeaseRecord, LeaseStore, StoredLease } from '../../agent/standby/types.ts';
import { AppError } from '../../src/errors.ts';

interface Kept {
  lease: StoredLease | null;
  registers: Map<string, RegisterValue>;
}

export class MemoryGroup {
  readonly backups = new Map<string, { backup: StoredBackup; body: Uint8Array }>();
  readonly events = new Map<number, AlarmEvent>();
  ingress: IngressTable | null = null;
  ingressTables = 0;
  epoch = 0;
  /** Answers nobody. */
  down = false;
  /** Clients that cannot reach it. */
  readonly cut = new Set<string>();
  #kept: Kept = { lease: null, registers: new Map() };
  #revision = 0;
  #position = 0;
  /** Grows when an older copy is put back: clients that were open then refuse to go on. */
  #generation = 0;

  open(client: string): GroupStore {
    const generation = this.#generation;
    let closed = false;
    const check = () => {
      if (closed) throw new AppError('unavailable', 'closed');
      if (this.down || this.cut.has(client)) throw new AppError('unavailable', 'the store cannot be reached');
      if (generation !== this.#generation) throw new AppError('data_loss', 'the store went back');
    };
    return {
      name: 'a store in memory',
      lease: this.#lease(check),
      roster: this.#register('roster', check),
      presence: (memberId) => this.#register(`presence/${memberId}`, check),
      backups: this.#backupStore(check),
      queue: this.#queue(check),
      publishIngress: async (table) => {
        check();
        this.ingress = table;
        this.ingressTables += 1;
      },
      close: async () => {
        closed = true;
      },
    };
  }

  lease(): StoredLease | null {
    return this.#kept.lease;
  }

  text(register: string): string | null {
    return this.#kept.registers.get(register)?.text ?? null;
  }

  keep(): Kept {
    return { lease: this.#kept.lease, registers: new Map(this.#kept.registers) };
  }

  /** An older copy is put back. */
  putBack(kept: Kept): void {
    this.#kept = kept;
    this.#generation += 1;
  }

  /** Somebody made the store anew; clients do not notice by themselves. */
  loseRegisters(): void {
    this.#kept = { lease: null, registers: new Map() };
  }

  #next(): string {
    this.#revision += 1;
    return `${this.#generation}.${this.#revision}`;
  }

  #lease(check: () => void): LeaseStore {
    return {
      read: async () => {
        check();
        return this.#kept.lease;
      },
      compareAndSet: async (expected: string | null, record: LeaseRecord) => {
        check();
        if ((this.#kept.lease?.revision ?? null) !== expected)
          throw new AppError('conflict', 'another write came first');
        this.#kept.lease = { record, revision: this.#next() };
        return this.#kept.lease;
      },
      close: async () => {},
    };
  }

  #register(name: string, check: () => void): TextRegister {
    return {
      read: async () => {
        check();
        return this.#kept.registers.get(name) ?? null;
      },
      write: async (expected, text) => {
        check();
        const stored = this.#kept.registers.get(name);
        if ((stored?.revision ?? null) !== expected)
          throw new AppError('conflict', 'another write came first');
        const revision = this.#next();
        this.#kept.registers.set(name, { text, revision });
        return revision;
      },
    };
  }

  #backupStore(check: () => void): BackupStore {
    return {
      put: async (name, version, body, publishedMs) => {
        check();
        if ((this.backups.get(name)?.backup.version ?? -1) >= version)
          throw new AppError('conflict', 'not newer');
        this.backups.set(name, { backup: { name, version, publishedMs, bytes: body.byteLength }, body });
      },
      head: async (name) => {
        check();
        return this.backups.get(name)?.backup ?? null;
      },
      get: async (name) => {
        check();
        return this.backups.get(name) ?? null;
      },
      remove: async (name) => {
        check();
        this.backups.delete(name);
      },
    };
  }

  #queue(check: () => void): AlarmQueue {
    let after = 0;
    const fence = (epoch: number) => {
      check();
      if (epoch !== this.epoch) throw new AppError('not_active', 'a later epoch has opened it');
    };
    return {
      append: async (events) => {
        check();
        for (const event of events) {
          this.#position += 1;
          this.events.set(this.#position, event);
        }
        return events.map(() => ({ duplicate: false }));
      },
      open: async (epoch) => {
        check();
        if (epoch < this.epoch) throw new AppError('not_active', 'a later epoch has opened it');
        this.epoch = epoch;
        after = 0;
      },
      pull: async (epoch, limit): Promise<readonly QueuedEvent[]> => {
        fence(epoch);
        const some = [...this.events].filter(([position]) => position > after).slice(0, limit);
        after = some.at(-1)?.[0] ?? after;
        return some.map(([position, event]) => ({ position, event }));
      },
      settle: async (epoch, settlements: readonly Settlement[]) => {
        fence(epoch);
        for (const { position } of settlements) this.events.delete(position);
      },
      counts: async () => {
        check();
        const oldest = [...this.events.values()][0];
        return { waiting: this.events.size, oldestMs: oldest?.receivedMs ?? null };
      },
      close: async () => {},
    };
  }
}
