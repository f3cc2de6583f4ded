/** This receiver alone or in a group: whichever it is, exactly one of the two queues is forwarded, and events go into it. */

import { join } from 'node:path';
import type { GroupClearing, GroupRole, GroupStatus } from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import type { Clock } from '../adapters/clock.ts';
import { createSettingsDisk } from '../adapters/settings-disk.ts';
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

type GroupConfig = NonNullable<ReceiverConfig['group']>;

export interface MembershipOptions {
  readonly clock: Clock;
  readonly dataDir: string;
  readonly store: Pick<AlarmStore, 'unshared' | 'markShared'>;
  readonly directory: DirectoryHooks;
  readonly forwarding: Forwarding;
  readonly facts: () => ReceiverFacts;
  readonly tell: (event: JournalEvent) => void;
  readonly onChange: () => void;
}

type Self = { readonly id: string; readonly name: string; readonly version: string };

export class Membership implements GroupCalls {
  readonly #options: MembershipOptions;
  #self: Self = { id: '', name: '', version: '' };
  #joined: { readonly group: Group; readonly share: GroupShare; readonly text: string } | null = null;
  #configured = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** Where events go besides the disk; null for a receiver alone. */
  share(): GroupShare | null {
    return this.#joined?.share ?? null;
  }

  /** As the settings say; the same group again changes nothing. */
  async configure(self: Self, config: GroupConfig | null): Promise<void> {
    this.#self = self;
    const text = JSON.stringify(config);
    if (this.#configured && text === (this.#joined?.text ?? 'null')) return;
    this.#configured = true;
    await this.#end();
    if (config === null) return this.#options.forwarding.workAlone();
    const { group, share } = this.#open(config);
    await group.start();
    this.#joined = { group, share, text };
    share.start();
    this.#options.onChange();
  }

  async connect({ replaceOwn, ...config }: Parameters<GroupCalls['connect']>[0]): Promise<unknown> {
    const { forwarding, onChange } = this.#options;
    if (this.#joined) {
      throw new AppError('conflict', 'this receiver belongs to a group', {
        hint: 'Leave it first: holdfast group disable.',
      });
    }
    const { group, share } = this.#open(config);
    // From its first moment in the group it may be told to work on the queue of the group, and on no other.
    await forwarding.rest();
    try {
      const answer = await group.connect({ replaceOwn });
      this.#joined = { group, share, text: JSON.stringify(config) };
      share.start();
      return answer;
    } catch (error) {
      await group.close();
      forwarding.workAlone();
      throw error;
    } finally {
      onChange();
    }
  }

  async disable({ dryRun }: Parameters<GroupCalls['disable']>[0]): Promise<GroupClearing> {
    const { group, share } = this.#member();
    if (dryRun) return group.clearing();
    const cleared = await group.leave();
    share.close();
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

  #member(): { readonly group: Group; readonly share: GroupShare } {
    if (this.#joined) return this.#joined;
    throw new AppError('conflict', 'this receiver is in no group', {
      hint: 'Join one: holdfast group connect --hub HOST:PORT --arc-id ID --fingerprint F.',
    });
  }

  async #end(): Promise<void> {
    const joined = this.#joined;
    this.#joined = null;
    joined?.share.close();
    await joined?.group.close();
    await this.#options.forwarding.rest();
  }

  #alone(): void {
    this.#joined = null;
    this.#options.forwarding.workAlone();
    this.#options.onChange();
  }

  #open({ store, arcId, backupKey }: GroupConfig): { group: Group; share: GroupShare } {
    const { clock, dataDir, directory, forwarding, facts, tell, onChange } = this.#options;
    const secret = backupKey ?? (store.kind === 'hub' ? store.key : store.password);
    if (secret === null) {
      throw new AppError('invalid_input', 'nothing seals the copies of the devices, which hold their keys', {
        hint: 'Give a backup key, the same on every receiver (--backup-key-file), or NATS a password.',
      });
    }
    const address = store.kind === 'hub' ? store.url : store.servers.join(', ');
    const group: Group = createGroup({
      config: { arcId, store: { kind: store.kind, address }, secret },
      self: this.#self,
      openStore: () => openGroupStore(store, arcId, { memberId: this.#self.id, clock }),
      clock,
      forward: forwarding,
      directory,
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
      markShared: (numbers) => this.#options.store.markShared(numbers),
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
    return { group, share };
  }

  #removed(arcId: string, why: string): void {
    this.#joined?.share.close();
    this.#options.tell({ level: 'warning', event: groupEndedEvent, subject: arcId, text: why });
    this.#alone();
  }
}
