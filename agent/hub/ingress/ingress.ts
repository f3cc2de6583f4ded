/** One DC-09 door of the hub: takes alarms in for the group of an account, and acknowledges what is in its queue. */

import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import { describeContent } from '../../alarms/dc09/event-words.ts';
import type { JournalEvent } from '../../alarms/intake/teller.ts';
import { createListening } from '../../alarms/listening.ts';
import { eventText } from '../../alarms/store/codec.ts';
import { createSupervision, type Supervision } from '../../alarms/supervision/supervision.ts';
import { type AlarmEvent, type IntakeAccount, takenByIngress } from '../../alarms/types.ts';
import { parseListen } from '../../control/listen-address.ts';
import type { HubStatus } from '../protocol/schema.ts';
import { accountNameSchema, type IngressAccount } from '../protocol/schema.ts';
import type { AlarmQueues } from '../queue/alarm-queues.ts';
import type { LostDevices } from './lost-devices.ts';
import type { IngressTables } from './tables.ts';

export interface DoorConfig {
  host: string;
  port: number;
  /** Of the hub: whose queue takes the events. */
  account: string;
}

export interface IngressOptions {
  door: DoorConfig;
  tables: IngressTables;
  queues: AlarmQueues;
  lost: LostDevices;
  clock: Clock;
  onEvent(event: JournalEvent): void;
}

export interface Ingress {
  status(): HubStatus['ingress'][number];
  close(): Promise<void>;
}

/** `[HOST:]PORT=ACCOUNT`. @throws AppError `invalid_input`. */
export function parseDoor(text: string): DoorConfig {
  const at = text.lastIndexOf('=');
  const account = accountNameSchema.safeParse(text.slice(at + 1));
  if (at > 0 && account.success) return { ...parseListen(text.slice(0, at)), account: account.data };
  throw new AppError('invalid_input', `not an ingress: ${text.slice(0, 80)}`, {
    hint: 'Write it like 0.0.0.0:6080=site-1: where devices report to, and the account of the hub.',
  });
}

/** A port that is taken is tried again; the hub goes on without it. */
export async function openIngress(options: IngressOptions): Promise<Ingress> {
  const { door, tables, queues, lost, clock, onEvent } = options;
  const { account } = door;
  const append = async (event: AlarmEvent) => {
    const { fingerprint, receivedMs } = event;
    await queues.append(account, [{ fingerprint, receivedMs, body: eventText(event) }]);
  };
  const supervision = createSupervision({
    clock,
    takenBy: takenByIngress,
    onEvent,
    take: async (event) => {
      await append(event);
      lost.note(account, event);
    },
  });
  const listening = createListening(clock, {
    accounts: { find: (device) => intakeAccount(tables.get(account)?.accounts.get(device)) },
    sink: {
      take: async (event) => {
        await append(event);
        supervision.noteFormat(event);
      },
      heard: (device) => supervision.heard(device),
    },
    takenBy: takenByIngress,
    way: 'hub',
    categorise: (_format, content) => ({ category: describeContent(content).category, forward: true }),
    onEvent,
  });
  const watch = () => supervision.set(supervised(tables.get(account)?.accounts.values() ?? []));
  tables.onChange((changed) => {
    if (changed === account) watch();
  });
  watch();
  supervision.restore({ heard: [], events: lost.of(account) });
  supervision.work();
  // The group's settings stay with its receivers: what cannot be judged here goes on, flagged, and is judged there.
  const { host: listenHost, port } = door;
  await listening.configure({ listenHost, port, checkTime: true, forwardUnknown: true });
  return {
    status: () => statusOf(account, { tables, supervision, listening }),
    async close() {
      supervision.close();
      await listening.close();
    },
  };
}

function* supervised(accounts: Iterable<IngressAccount>) {
  for (const { account, enabled, supervisionSeconds } of accounts) {
    if (enabled && supervisionSeconds !== null) yield { account, intervalMs: supervisionSeconds * 1_000 };
  }
}

function intakeAccount(found: IngressAccount | undefined): IntakeAccount | null {
  if (!found) return null;
  const { account, key, requireEncryption, enabled } = found;
  return { account, key: key === null ? null : Buffer.from(key, 'hex'), requireEncryption, enabled };
}

function statusOf(
  account: string,
  parts: { tables: IngressTables; supervision: Supervision; listening: ReturnType<typeof createListening> },
): HubStatus['ingress'][number] {
  const { tables, supervision, listening } = parts;
  const table = tables.get(account);
  const counts = listening.counts();
  return {
    listen: listening.address(),
    problem: listening.problem(),
    account,
    tableVersion: table?.version ?? null,
    devices: table?.accounts.size ?? 0,
    lost: supervision.counts().lost,
    received: counts?.received ?? 0,
    refused: counts?.refusedFrames ?? 0,
    unknownAccounts: counts?.unknownAccounts ?? 0,
  };
}
