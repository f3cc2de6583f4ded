/** The group as screens and commands show it: from the machine's state, the backup, and the queue's last count. */
import type { GroupBackup, GroupDecision, GroupMember, GroupStatus } from '../../../src/contract/index.ts';
import { forecastOf } from '../machine/explain.ts';
import { hasSecond } from '../machine/members.ts';
import { hasRight, holderOf, isAlive } from '../machine/turn.ts';
import type { GroupState, Now } from '../machine/types.ts';
import type { Roster } from '../types.ts';
import type { GroupOptions } from './ports.ts';

export interface GroupParts {
  readonly state: GroupState;
  readonly now: Now;
  readonly backup: GroupBackup;
  readonly queue: GroupStatus['queue'];
  readonly decisions: readonly GroupDecision[];
  /** Null: the store has no list of receivers that was ever seen. */
  readonly roster: Roster | null;
}

export function statusOf({ config, self }: GroupOptions, parts: GroupParts): GroupStatus {
  const { state, now, backup, queue, decisions, roster } = parts;
  const members = (roster?.members ?? []).map((member) => memberOf(member, parts));
  const own = members.find((member) => member.self);
  const holder = holderOf(state);
  return {
    enabled: true,
    arcId: config.arcId,
    store: {
      ...config.store,
      state: state.storeLostSinceMs === null && state.roundTripMs !== null ? 'reachable' : 'unreachable',
      roundTripMs: state.roundTripMs === null ? null : Math.round(state.roundTripMs),
      problem: state.storeProblem,
    },
    self: { id: self.id, name: self.name, role: own?.role ?? null, status: own?.status ?? 'offline' },
    members,
    lease: {
      holder,
      epoch: state.lease?.stored?.record.epoch ?? state.highestEpoch,
      validForMs: hasRight(state) ? Math.max(0, Math.round(state.rightUntilMs - now.monotonicMs)) : null,
    },
    backup,
    queue,
    forecast: forecastOf(state, now.monotonicMs),
    problem: problemOf(state),
    decisions: [...decisions],
  };
}

function memberOf(member: Roster['members'][number], { state, now, backup }: GroupParts): GroupMember {
  const { id, name, role } = member;
  if (id === state.selfId) {
    return {
      id,
      name,
      role,
      status: hasRight(state) ? 'working' : state.storeLostSinceMs === null ? 'standby' : 'offline',
      self: true,
      ageMs: 0,
      version: state.version,
      backupVersion: backup.version,
      backupState: backup.state,
      unshared: state.facts.unshared,
      problem: state.facts.problem,
    };
  }
  const view = state.members[id];
  const alive = isAlive(state, view, now.monotonicMs);
  return {
    id,
    name,
    role,
    status: !alive ? 'offline' : view.presence.working ? 'working' : 'standby',
    self: false,
    ageMs: view?.moves ? Math.round(now.monotonicMs - view.movedMs) : null,
    version: view?.presence.version ?? null,
    backupVersion: view?.presence.backup.version ?? null,
    backupState: view?.presence.backup.state ?? null,
    unshared: view?.presence.unshared ?? null,
    problem: alive ? view.presence.problem : null,
  };
}

function problemOf(state: GroupState): string | null {
  if (hasSecond(state)) return `another machine uses the id ${state.selfId}: this one takes no part`;
  if (state.rosterGone) return 'the store has no list of receivers any more: was it made anew?';
  if (state.storeLostSinceMs !== null) {
    return `the group's store is out of reach (${state.storeProblem}): events are kept here, nobody forwards`;
  }
  return state.facts.problem;
}
