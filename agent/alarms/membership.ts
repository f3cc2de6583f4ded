/** This receiver alone or in a group: whichever it is, exactly one of the two queues is forwarded, and events go into it. */

import { join } from 'node:path';
import type { GroupClearing, GroupRole, GroupStatus } from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import type { Clock } from '../adapters/clock.ts';
import { createSettingsDisk } from '../adapters/settings-disk.ts';
import { createBackupSealer } from '../spare/backup/seal.ts';
import { openGroupMemory } from '../spare/group/memory-file.ts';
import { type DirectoryHooks, noGroupStatus, type ReceiverFacts } from '../spare/group/ports.ts';
import { createGroup, type Group } from '../spare/group.ts';
import { openGroupStore } from '../spare/store/open.ts';
import type { GroupCalls } from './calls.ts';
import type { Forwarding } from './forwarding.ts';
import { GroupShare } from './group-share.ts';
import type { JournalEvent } from './intake/teller.ts';
import { groupEndedEvent, type ReceiverConfig } from './protocol/schema.ts';
import type { AlarmStore } from './store/types.ts';
import { GroupSupervision } from './supervision/group-supervision.ts';
import type { Supervision } from './supervision/supervision.ts';

type GroupConfig = NonNullable<ReceiverConfig['group']>;

export interface MembershipOptions {
  readonly clock: Clock;
  readonly dataDir: string;
  readonly store: Pick<AlarmStore, 'counts' | 'unshared' | 'markShared' | 'shared' | 'unshare'>;
  readonly directory: DirectoryHooks;
  readonly forwarding: Forwarding;
  readonly supervision: Supervision;
  readonly facts: () => ReceiverFacts;
  readonly tell: (event: JournalEvent) => void;
  readonly onChange: () => void;
  /** It belongs to a group now, or to none any more. */
  readonly onMember: () => void;
}

interface Joined {
  readonly group: Group;
  readonly share: GroupShare;
  readonly supervision: GroupSupervision;
  /** Of the settings. */
  readonly text: string;
}

type Self = { readonly id: string; readonly name: string; readonly version: string };

export class Membership implements GroupCalls {
  readonly #options: MembershipOptions;
  #self: Self = { id: '', name: '', version: '' };
  #joined: Joined | null = null;
  #configured = false;
  /** Two at once would be two members that drive one forwarder. */
  #joining = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** Where events go besides the disk; null for a receiver alone. */
  share(): GroupShare | null {
    return this.#joined?.share ?? null;
  }

  /** Whoever forwards answers for the devices; null: this receiver does not any more. */
  answers(epoch: number | null): void {
    const { supervision } = this.#joined ?? {};
    if (epoch !== null) (supervision ?? this.#options.supervision).work(epoch);
    else (supervision ?? this.#options.supervision).rest();
  }

  /** As the settings say; the same group again changes nothing. */
  async configure(self: Self, config: GroupConfig | null): Promise<void> {
    this.#self = self;
    const text = JSON.stringify(config);
    if (this.#configured && text === (this.#joined?.text ?? 'null')) return;
    this.#configured = true;
    await this.#end();
    if (config === null) return this.#options.forwarding.workAlone();
    const opened = this.#open(config);
    await opened.group.start();
    this.#join(opened);
    this.#options.onChange();
  }

  async connect({ replaceOwn, ...config }: Parameters<GroupCalls['connect']>[0]): Promise<unknown> {
    const { forwarding, onChange } = this.#options;
    if (this.#joined) {
      throw new AppError('conflict', 'this receiver belongs to a group', {
        hint: 'Leave it first: holdfast group disable.',
      });
    }
    if (this.#joining) {
      throw new AppError('conflict', 'this receiver is joining a group already', {
        hint: 'See how that went: holdfast group status.',
      });
    }
    const opened = this.#open(config);
    this.#joining = true;
    try {
      // From its first moment in the group it may be told to work on the queue of the group, and on no other.
      await forwarding.rest();
      const answer = await opened.group.connect({ replaceOwn });
      this.#join(opened);
      return answer;
    } catch (error) {
      await opened.group.close();
      forwarding.workAlone();
      throw error;
    } finally {
      this.#joining = false;
      onChange();
    }
  }

  async disable({ dryRun }: Parameters<GroupCalls['disable']>[0]): Promise<GroupClearing> {
    const { group, share, supervision } = this.#member();
    if (dryRun) return group.clearing();
    // Its digest goes from the store with it.
    await supervision.quiet();
    const cleared = await group.leave().catch((error: unknown) => {
      supervision.start();
      throw error;
    });
    share.close();
    await supervision.close();
    this.#alone();
    return cleared;
  }

  async order({ members }: Parameters<GroupCalls['order']>[0]): Promise<void> {
    await this.#member().group.order(members);
  }

  async removeMember({ member, confirm }: Parameters<GroupCalls['removeMember']>[0]): Promise<void> {
    await this.#member().group.removeMember(member, confirm);
  }

  async handOver(input: Parameters<GroupCalls['handOver']>[0]): Promise<void> {
    this.#member().group.handOver(input);
  }

  explain(): unknown {
    return this.#member().group.explain();
  }

  async synchronise(): Promise<void> {
    await this.#member().group.synchronise();
  }

  status(): GroupStatus {
    const { id, name } = this.#self;
    return this.#joined?.group.status() ?? noGroupStatus({ id, name });
  }

  role(): GroupRole | null {
    return this.#joined?.group.role() ?? null;
  }

  directoryChanged(): void {
    this.#joined?.group.directoryChanged();
  }

  /** The queue says that another works. */
  fenced(): void {
    this.#joined?.group.outdated('the queue was opened by a later one');
  }

  async close(): Promise<void> {
    await this.#end();
    await this.#options.forwarding.rest();
  }

  #member(): Joined {
    if (this.#joined) return this.#joined;
    throw new AppError('conflict', 'this receiver is in no group', {
      hint: 'Join one: holdfast group connect --hub HOST:PORT --arc-id ID --fingerprint F.',
    });
  }

  async #end(): Promise<void> {
    const joined = this.#joined;
    this.#joined = null;
    joined?.share.close();
    await joined?.supervision.close();
    await joined?.group.close();
    await this.#options.forwarding.rest();
    this.#options.onMember();
  }

  #join(joined: Joined): void {
    this.#joined = joined;
    joined.share.start();
    joined.supervision.start();
    this.#options.onMember();
  }

  #alone(): void {
    this.#joined = null;
    this.#options.onMember();
    this.#options.forwarding.workAlone();
    this.#options.onChange();
  }

  #open(config: GroupConfig): Joined {
    const { store, arcId, backupKey } = config;
    const { clock, dataDir, directory, forwarding, facts, tell, onChange } = this.#options;
    const secret = backupKey ?? (store.kind === 'hub' ? store.key : store.password);
    if (secret === null) {
      throw new AppError('invalid_input', 'nothing seals the copies of the devices, which hold their keys', {
        hint: 'Give a backup key, the same on every receiver (--backup-key-file), or NATS a password.',
      });
    }
    let over = false;
    const address = store.kind === 'hub' ? store.url : store.servers.join(', ');
    const group: Group = createGroup({
      config: { arcId, store: { kind: store.kind, address }, secret },
      self: this.#self,
      openStore: () => openGroupStore(store, arcId, { memberId: this.#self.id, clock }),
      clock,
      forward: forwarding,
      directory,
      rows: {
        mark: () => this.#mark(),
        count: (after) => this.#options.store.shared(after),
        putBack: async (after) => {
          const count = await this.#options.store.unshare(after);
          share.sweep();
          return count;
        },
        close: async () => {
          over = true;
          share.close();
        },
      },
      facts,
      memory: openGroupMemory({
        path: join(dataDir, 'group.json'),
        disk: createSettingsDisk(),
        onError: (error) =>
          tell({
            level: 'error',
            event: 'group.memory-failed',
            subject: arcId,
            text: `group.json cannot be written: ${error instanceof Error ? error.message : String(error)}`,
          }),
      }),
      onNote: (note) => tell({ ...note, subject: arcId }),
      onChange,
      onRemoved: (why) => this.#removed(arcId, why),
    });
    const share = new GroupShare({
      clock,
      queue: { append: (events) => group.queue().append(events) },
      unshared: (limit, after) => this.#options.store.unshared(limit, after),
      // What the queue still takes at the end is put back here after it, and must stay so.
      markShared: async (numbers) => {
        if (!over) await this.#options.store.markShared(numbers);
      },
      onState: (state, problem) =>
        tell(
          state === 'sharing'
            ? {
                level: 'info',
                event: 'group.sharing',
                subject: arcId,
                text: 'events go into the queue of the group',
              }
            : {
                level: 'warning',
                event: 'group.not-sharing',
                subject: arcId,
                text: `events are kept here until the queue of the group answers: ${problem}`,
              },
        ),
    });
    const supervision = new GroupSupervision({
      clock,
      selfId: this.#self.id,
      others: () => group.others(),
      backups: () => group.backups(),
      sealer: createBackupSealer(secret, arcId),
      supervision: this.#options.supervision,
    });
    return { group, share, supervision, text: JSON.stringify(config) };
  }

  /** Up to this row nothing waits here. */
  async #mark(): Promise<number> {
    const { store } = this.#options;
    const { lastNumber } = store.counts();
    const [oldest] = await store.unshared(1);
    return oldest === undefined ? lastNumber : Math.min(lastNumber, oldest.number - 1);
  }

  #removed(arcId: string, why: string): void {
    this.#joined?.share.close();
    void this.#joined?.supervision.close();
    this.#options.tell({ level: 'warning', event: groupEndedEvent, subject: arcId, text: why });
    this.#alone();
  }
}
