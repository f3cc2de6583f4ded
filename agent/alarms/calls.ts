/** What the receiver process answers to control: the procedures of the contract by name, their input checked as the API checks it. */
import type { z } from 'zod';
import { type Alarm, type AlarmQuery, contract } from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import { describeIssue, issueSchema } from '../../src/model/issues.ts';
import type { Directory } from './directory/types.ts';
import { presentAlarm } from './store/present.ts';
import type { AlarmStore, StoredAlarm } from './store/types.ts';

type InputOf<P> = P extends { '~orpc': { inputSchema?: infer S } }
  ? S extends z.ZodType
    ? z.output<S>
    : never
  : never;

/** The group's part. @throws AppError `conflict` where it needs one and there is none. */
export interface GroupCalls {
  connect(input: InputOf<typeof contract.group.connect>): Promise<unknown>;
  disable(input: InputOf<typeof contract.group.disable>): Promise<unknown>;
  order(input: InputOf<typeof contract.group.order>): Promise<void>;
  removeMember(input: InputOf<typeof contract.group.removeMember>): Promise<void>;
  handOver(input: InputOf<typeof contract.group.handOver>): Promise<void>;
  explain(): unknown;
  /** On the host publishes its backup, on a spare fetches it. */
  synchronise(): Promise<void>;
}

export interface CallParts {
  readonly store: AlarmStore;
  readonly directory: Directory;
  readonly group: GroupCalls;
  /** Rows were put back into the local queue. */
  readonly onResent: () => void;
}

type Call = (input: unknown, user: string) => unknown;

/** Who acts on the local console of a system without accounts. */
const nobody = 'console';
const ok = { ok: true } as const;

/** @throws AppError as the procedure does, `invalid_input`, `unsupported` for one that is not known here. */
export function createCalls(
  parts: CallParts,
): (procedure: string, input: unknown, user: string | null) => Promise<unknown> {
  const calls: Readonly<Record<string, Call>> = {
    ...alarmCalls(parts),
    ...deviceCalls(parts),
    ...groupCalls(parts),
  };
  return async (procedure, input, user) => {
    const call = Object.hasOwn(calls, procedure) ? calls[procedure] : undefined;
    if (call) return call(input ?? undefined, user ?? nobody);
    throw new AppError('unsupported', `the receiver does not know ${procedure.slice(0, 64)}`, {
      hint: 'Control and receiver are of different versions: start the agent again.',
    });
  };
}

function alarmCalls({ store, directory, onResent }: CallParts): Record<string, Call> {
  const { alarm } = contract;
  const present = (stored: StoredAlarm): Alarm => presentAlarm(stored, (event) => directory.namesOf(event));
  return {
    'alarm.list': async (input) => {
      const query: AlarmQuery = parse(alarm.list, input);
      const meaning = query.text === undefined ? undefined : directory.meaningOf(query.text);
      const { alarms, nextBefore } = await store.list(query, meaning);
      return withinLine(alarms.map(present), nextBefore);
    },
    'alarm.show': async (input) => present(await store.show(parse(alarm.show, input).number)),
    'alarm.resend': async (input, user) => {
      const queued = (await store.resend(parse(alarm.resend, input).numbers, user)).length;
      if (queued > 0) onResent();
      return { queued };
    },
    'alarm.acknowledge': async (input, user) => ({
      acknowledged: await store.acknowledge(parse(alarm.acknowledge, input).numbers, user),
    }),
    'alarm.verify': () => store.verify(),
    'alarm.outputs': () => directory.outputs(),
    'alarm.setOutput': (input) => directory.setOutput(parse(alarm.setOutput, input)),
    'alarm.removeOutput': async (input) => {
      await directory.removeOutput(parse(alarm.removeOutput, input).id);
      return ok;
    },
    'alarm.mappings': () => directory.mappings(),
    'alarm.setMappings': (input) => {
      const { mappings, replace } = parse(alarm.setMappings, input);
      return directory.setMappings(mappings, replace);
    },
  };
}

/**
 * Of a page as text: a line to control has a bound, and an event of noise weighs fifty times as much as others. The page is
 * cut then, and says where to go on.
 */
const pageLengthMax = 4 * 1024 * 1024;

function withinLine(
  alarms: readonly Alarm[],
  nextBefore: number | null,
): { alarms: readonly Alarm[]; nextBefore: number | null } {
  let length = 0;
  const end = alarms.findIndex((alarm, at) => {
    length += JSON.stringify(alarm).length;
    return at > 0 && length > pageLengthMax;
  });
  if (end < 0) return { alarms, nextBefore };
  const shown = alarms.slice(0, end);
  return { alarms: shown, nextBefore: shown.at(-1)?.number ?? nextBefore };
}

function deviceCalls({ directory, group }: CallParts): Record<string, Call> {
  const { device } = contract;
  return {
    'device.list': (input) => directory.list(parse(device.list, input)),
    'device.show': (input) => directory.show(parse(device.show, input).account),
    'device.add': (input) => directory.add(parse(device.add, input)),
    'device.edit': (input) => {
      const { account, change } = parse(device.edit, input);
      return directory.edit(account, change);
    },
    'device.remove': async (input) => {
      await directory.remove(parse(device.remove, input).account);
      return ok;
    },
    'device.import': (input) => {
      const { devices, dryRun } = parse(device.import, input);
      return directory.import(devices, dryRun);
    },
    'device.synchronise': async () => {
      await group.synchronise();
      return ok;
    },
  };
}

function groupCalls({ group: calls }: CallParts): Record<string, Call> {
  const { group } = contract;
  return {
    'group.connect': (input) => calls.connect(parse(group.connect, input)),
    'group.disable': (input) => calls.disable(parse(group.disable, input)),
    'group.order': async (input) => {
      await calls.order(parse(group.order, input));
      return ok;
    },
    'group.removeMember': async (input) => {
      await calls.removeMember(parse(group.removeMember, input));
      return ok;
    },
    'group.handOver': async (input) => {
      await calls.handOver(parse(group.handOver, input));
      return ok;
    },
    'group.explain': () => calls.explain(),
  };
}

function parse<Schema extends z.ZodType>(
  procedure: { readonly '~orpc': { readonly inputSchema?: Schema | undefined } },
  input: unknown,
): z.output<Schema> {
  const schema = procedure['~orpc'].inputSchema;
  if (!schema) throw new AppError('internal', 'a procedure without input was given one');
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = issueSchema.parse(parsed.error.issues[0]);
  throw new AppError('invalid_input', `${(issue.path ?? []).join('.')}: ${describeIssue(issue, {})}`, {
    hint: 'Control and receiver may be of different versions: start the agent again.',
  });
}
