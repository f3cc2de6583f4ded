/** What the group's runtime needs of the receiver around it: forwarding, directory, facts, memory; the receiver's composition gives them. */
import type { GroupStatus } from '../../../src/contract/index.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { AlarmQueue } from '../../alarms/types.ts';
import type { GroupTiming } from '../timing-plan.ts';
import type { GroupStore, IngressTable } from '../types.ts';
import type { GroupMemoryFile } from './memory-file.ts';

/** The forwarder, as the group drives it. Times are of the clock that the group was given. */
export interface ForwardHooks {
  /** Forward from the group's queue under this epoch; no frame leaves at or after `rightUntilMs` unless it is extended. */
  work(run: { readonly epoch: number; readonly rightUntilMs: number; readonly queue: AlarmQueue }): void;
  extend(rightUntilMs: number): void;
  /** Begins nothing more; resolves when what was under way is settled, or when `limitMs` are over. */
  drain(limitMs: number): Promise<void>;
  /** At once; resolves when nothing is sent any more. Called after each `work`, drained or not. */
  rest(): Promise<void>;
}

export interface DirectoryHooks {
  /** Grows with each change; on a spare it is the version of the copy. */
  version(): number;
  /** Everything that a backup holds, the same bytes for the same content. */
  export(): Uint8Array | Promise<Uint8Array>;
  /** Whole or not at all; goes past `readOnly`. */
  replace(body: Uint8Array, version: number): void | Promise<void>;
  /** Removes everything; goes past `readOnly`. */
  clear(): void | Promise<void>;
  /** Why edits are refused from now on; null: they are not. */
  readOnly(reason: string | null): void;
  devices(): number;
  /** What a hub's ingress must know of the devices. */
  ingress(): IngressTable['accounts'];
}

/** What this receiver handed to the group's queue, by the numbers of its own rows. */
export interface SharedRows {
  /** The last row up to which nothing waits here: all are with the group, or have an end. */
  mark(): Promise<number>;
  /** Rows above `after` that are with the group and have no end known here. */
  count(after: number): Promise<number>;
  /** They wait here again, to be handed over once more: their copy in the group's queue may be gone. Gives how many. */
  putBack(after: number): Promise<number>;
  /** Hands nothing over any more; resolves when nothing is under way. */
  close(): Promise<void>;
}

export interface ReceiverFacts {
  /** Has an output and can forward. */
  readonly ready: boolean;
  /** Why not, or what else is wrong. */
  readonly problem: string | null;
  /** Events stored here that are not yet in the group's queue. */
  readonly unshared: number;
}

export interface GroupNote {
  readonly level: 'info' | 'warning' | 'error';
  readonly event: string;
  readonly text: string;
}

export interface GroupOptions {
  readonly config: {
    readonly arcId: string;
    readonly store: { readonly kind: 'hub' | 'nats'; readonly address: string };
    /** Seals backups: the backup key, or the key or password of the store. */
    readonly secret: string;
  };
  readonly self: { readonly id: string; readonly name: string; readonly version: string };
  /** Called again when the store went back behind what it had confirmed. */
  readonly openStore: () => GroupStore;
  /** Its monotonic time must go on while the machine sleeps (`createBootClock`), and the forwarder must have the same one. */
  readonly clock: Clock;
  readonly forward: ForwardHooks;
  readonly directory: DirectoryHooks;
  readonly rows: SharedRows;
  /** Asked ten times a second: gives what is known, and waits for nothing. */
  readonly facts: () => ReceiverFacts;
  readonly memory: GroupMemoryFile;
  readonly onNote: (note: GroupNote) => void;
  /** Something that watchers want at once has changed. */
  readonly onChange: () => void;
  /** This receiver is no member any more, and has rested and cleared what it copied: forget the group's settings. */
  readonly onRemoved: (why: string) => void;
  /** Names this run, and the first of its writes' numbers; random unless a test says otherwise. */
  readonly boot?: string;
  readonly firstSeq?: number;
  readonly timing?: GroupTiming;
}

/** What `status` shows where no group is configured. */
export function noGroupStatus(self: { readonly id: string; readonly name: string }): GroupStatus {
  return {
    enabled: false,
    arcId: null,
    store: { kind: 'none', address: null, state: 'none', roundTripMs: null, problem: null },
    self: { ...self, role: null, status: 'offline' },
    members: [],
    lease: { holder: null, epoch: 0, validForMs: null },
    backup: {
      name: null,
      version: 0,
      publishedMs: null,
      updatedMs: null,
      state: 'none',
      bytes: 0,
      devices: 0,
      problem: null,
    },
    queue: { waiting: null, oldestMs: null },
    forecast: 'This receiver belongs to no group.',
    problem: null,
    decisions: [],
  };
}
