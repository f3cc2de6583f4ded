/** A running hub: database, accounts, registers and doors of one data folder, put together and ended in order. */
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { version as readVersion } from '../../src/cli/installation.ts';
import { AppError } from '../../src/errors.ts';
import type { Clock } from '../adapters/clock.ts';
import { fromErrno } from '../adapters/errno.ts';
import { lockFolder } from '../adapters/folder-lock.ts';
import { createSettingsDisk } from '../adapters/settings-disk.ts';
import type { JournalEvent } from '../alarms/intake/teller.ts';
import { digestPrefix } from '../alarms/supervision/digest/codec.ts';
import { loadCertificate } from '../control/certificate.ts';
import { createDisposal } from '../control/disposal.ts';
import { parseListen } from '../control/listen-address.ts';
import { createSealer, loadKey } from '../settings/seal.ts';
import { type HubAccounts, openAccounts } from './accounts.ts';
import { openDatabase } from './database.ts';
import { type Counts, createAccountRates } from './desk.ts';
import { type Ingress, openIngress, parseDoor } from './ingress/ingress.ts';
import { openLostDevices } from './ingress/lost-devices.ts';
import { openIngressTables } from './ingress/tables.ts';
import { statusSocketPath } from './local-socket.ts';
import { membersOf } from './members.ts';
import { openObjects } from './objects.ts';
import type { HubStatus } from './protocol/schema.ts';
import { openAlarmQueues } from './queue/alarm-queues.ts';
import { openRegisters } from './registers.ts';
import { listenForAccounts, listenForStatus, type NetworkDoor } from './server.ts';
import type { SessionContext } from './session.ts';

export interface HubOptions {
  dataDir: string;
  /** `host:port`. */
  listen: string;
  /** Where devices report alarms to, `[host:]port=account`; none when left out. */
  dc09?: readonly string[];
  clock: Clock;
  /** What an operator should know of devices and of who knocks at the doors; rate-limited. */
  onEvent(event: JournalEvent): void;
  /** Told when the database failed in a way that leaves its content unknown. */
  onFatal(error: AppError): void;
}

export interface RunningHub {
  status(): HubStatus;
  close(): Promise<void>;
}

/** @throws AppError `conflict` when a hub runs on the folder already; what was begun is undone. */
export async function startHub(options: HubOptions): Promise<RunningHub> {
  const disposal = createDisposal();
  try {
    const status = await open(options, disposal.add);
    return { status, close: disposal.dispose };
  } catch (error) {
    await disposal.dispose();
    throw error;
  }
}

async function open(options: HubOptions, onStop: (end: () => unknown) => void): Promise<() => HubStatus> {
  const { clock, onFatal } = options;
  const doors = (options.dc09 ?? []).map(parseDoor);
  const dataDir = await makeFolder(options.dataDir);
  const lock = ownFolder(dataDir);
  onStop(() => lock.release());
  const database = openDatabase(databasePath(dataDir));
  onStop(() => database.close());
  const accounts = openAccounts(database);
  const registers = openRegisters(database);
  const queues = openAlarmQueues({ database, clock, onFatal });
  onStop(() => queues.close());
  const ingressTables = openIngressTables(database, await loadSealer(dataDir));
  const counts: Counts = { reads: 0, writes: 0, conflicts: 0, refused: 0, slowestWriteMs: 0 };
  const stores = { registers, queues, objects: openObjects(database), ingressTables };
  const rates = createAccountRates();
  const context: SessionContext = { accounts, ...stores, rates, clock, counts, onFatal };
  const certificate = await loadCertificate({
    folder: join(dataDir, 'hub-tls'),
    disk: createSettingsDisk(),
    nodeName: `hub ${hostname()}`,
    hosts: ['localhost', '127.0.0.1', '::1', hostname()],
    nowMs: clock.nowMs(),
    given: null,
  });
  const door = await listenForAccounts({ ...parseListen(options.listen), ...certificate }, context);
  onStop(() => door.close());
  const ingresses: Ingress[] = [];
  const lost = openLostDevices(database);
  const { onEvent } = options;
  for (const each of doors) {
    const ingress = await openIngress({ door: each, tables: ingressTables, queues, lost, clock, onEvent });
    onStop(() => ingress.close());
    ingresses.push(ingress);
  }
  const startedAtMs = clock.nowMs();
  const status = (): HubStatus => {
    const { slowestWriteMs, ...others } = counts;
    return {
      version: readVersion(),
      listen: door.address,
      fingerprint: certificate.fingerprint,
      boot: registers.boot,
      bootNumber: registers.bootNumber,
      revision: registers.revision(),
      startedAtMs,
      connections: door.accounts().length,
      accounts: accounts.list().map(({ name }) => accountStatus(name, door, context)),
      ingress: ingresses.map((ingress) => ingress.status()),
      counts: others,
      slowestWriteMs: Math.round(slowestWriteMs * 10) / 10,
    };
  };
  const local = await listenForStatus(statusSocketPath(dataDir), status);
  onStop(() => local.close());
  return status;
}

function accountStatus(
  name: string,
  door: NetworkDoor,
  context: SessionContext,
): HubStatus['accounts'][number] {
  const { registers, queues, objects } = context;
  return {
    name,
    connections: door.accounts().filter((each) => each === name).length,
    members: membersOf(name, registers),
    queue: queues.status(name),
    objects: objects
      .list(name)
      .filter((object) => !object.name.startsWith(digestPrefix))
      .map(({ name: object, version, bytes }) => ({ name: object, version, bytes })),
  };
}

/** A lost key is made anew: the tables that it sealed are gone then, and come again from the groups' hosts. */
async function loadSealer(dataDir: string) {
  const options = { path: join(dataDir, 'hub.key'), disk: createSettingsDisk(), folder: dataDir };
  return createSealer(await loadKey({ ...options, sealsExist: false }));
}

/** For one command on the accounts, beside a running hub or without one. */
export async function withAccounts<T>(
  dataDir: string,
  work: (accounts: HubAccounts) => T | Promise<T>,
): Promise<T> {
  const database = openDatabase(databasePath(await makeFolder(dataDir)));
  try {
    return await work(openAccounts(database));
  } finally {
    database.close();
  }
}

async function makeFolder(given: string): Promise<string> {
  const dataDir = resolve(given);
  await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw fromErrno(error, `create ${dataDir}`);
  });
  return dataDir;
}

function databasePath(dataDir: string): string {
  return join(dataDir, 'hub.db');
}

function ownFolder(dataDir: string) {
  try {
    return lockFolder(join(dataDir, 'hub.lock'), dataDir);
  } catch (cause) {
    if (cause instanceof AppError && cause.code !== 'conflict') throw cause;
    throw new AppError('conflict', `another hub uses the data folder ${dataDir}`, {
      hint: 'Stop it first (holdfast hub status shows it), or give another folder with --data.',
      cause,
    });
  }
}
