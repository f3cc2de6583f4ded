/** The hub as a program: serves until a signal, or does one thing with its accounts, and ends with an exit code that says why. */
import { parseArgs } from 'node:util';
import { AppError, exitCodes, toAppError } from '../../src/errors.ts';
import { plural } from '../../src/model/plural.ts';
import { systemClock } from '../adapters/clock.ts';
import type { JournalEvent } from '../alarms/intake/teller.ts';
import { type HubOptions, type RunningHub, startHub, withAccounts } from './hub.ts';
import { askStatus } from './local-socket.ts';
import { type HubStatus, hubDefaultPort } from './protocol/schema.ts';

const usage = `usage: hub --data DIR [--listen 127.0.0.1:${hubDefaultPort}] [--dc09 [HOST:]PORT=ACCOUNT]… [status | account add|list|remove [NAME]] [--force] [--json]`;
const stopTimeoutMs = 5_000;
const roomRetryMs = 500;
const removePauseMs = 10;

type Flags = ReturnType<typeof parse>['values'];

try {
  const { values, positionals } = parse(process.argv.slice(2));
  if (values.data === undefined)
    throw new AppError('invalid_input', 'the data folder is missing', { hint: usage });
  await run(values.data, positionals, values);
} catch (error) {
  fail(error);
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { data: text, listen: text, dc09: { ...text, multiple: true }, force: flag, json: flag },
    });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('invalid_input', message, { hint: usage, cause });
  }
}

async function run(dataDir: string, words: readonly string[], flags: Flags): Promise<void> {
  const [noun, verb, name, ...rest] = words;
  if (noun === undefined) return serve(dataDir, flags);
  if (noun === 'status' && verb === undefined) return printStatus(dataDir, flags.json);
  if (noun === 'account' && rest.length === 0) {
    if (verb === 'add' && name !== undefined) return addAccount(dataDir, name, flags.json);
    if (verb === 'list' && name === undefined) return listAccounts(dataDir, flags.json);
    if (verb === 'remove' && name !== undefined) return removeAccount(dataDir, name, flags);
  }
  throw new AppError('invalid_input', `unknown: ${words.join(' ').slice(0, 80)}`, { hint: usage });
}

/** Until SIGTERM, SIGINT or SIGHUP; one that comes during the start takes effect right after it. */
async function serve(dataDir: string, { listen: given, dc09 = [] }: Flags): Promise<void> {
  const listen = given ?? `127.0.0.1:${hubDefaultPort}`;
  const stopped = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stopped.resolve());
  // Exit code 1 is a crash: who looks after the hub starts it again, and opening the database cleans it up.
  const onFatal = (error: AppError) => {
    process.stderr.write(`holdfast hub: ${error.message}\n  ${error.hint ?? ''}\n`);
    setImmediate(() => process.exit(1));
  };
  const onEvent = ({ level, subject, text }: JournalEvent) =>
    void process.stderr.write(`holdfast hub: ${level}: ${subject}: ${text}\n`);
  const options = { dataDir, listen, dc09, clock: systemClock, onFatal, onEvent };
  const hub = await startWithRoom(options, stopped.promise);
  if (hub === null) process.exit(0);
  const status = hub.status();
  const lines = [
    `holdfast hub ${status.version}, run ${status.bootNumber} (${status.boot})`,
    `data         ${dataDir}`,
    `listen       ${status.listen}`,
    `fingerprint  ${status.fingerprint}`,
    ...status.ingress.map(ingressLine),
  ];
  if (/^(127\.|\[?::1)/.test(status.listen)) {
    lines.push(`reach        this machine only; for nodes elsewhere: --listen 0.0.0.0:${hubDefaultPort}`);
  }
  if (status.accounts.length === 0) {
    lines.push(`accounts     none yet: holdfast hub account add NAME --data ${dataDir}`);
  }
  process.stdout.write(`${[...lines, 'ready'].join('\n')}\n`);
  await stopped.promise;
  setTimeout(() => process.exit(exitCodes.timeout), stopTimeoutMs).unref();
  await hub.close();
  process.exit(0);
}

/** Each run is noted on the disk: a hub that was killed while it is full waits for room. Null when stopped before. */
async function startWithRoom(options: HubOptions, stopped: Promise<void>): Promise<RunningHub | null> {
  const over = stopped.then(() => null);
  for (let told = false; ; told = true) {
    try {
      return await startHub(options);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'disk_full') throw error;
      if (!told) process.stderr.write(`holdfast hub: ${error.message}; it starts when there is room\n`);
    }
    const waited = new Promise<'waited'>((resolve) =>
      systemClock.after(roomRetryMs, () => resolve('waited')),
    );
    if ((await Promise.race([over, waited])) === null) return null;
  }
}

async function printStatus(dataDir: string, json: boolean): Promise<void> {
  const status = await askStatus(dataDir);
  if (json) return print([JSON.stringify(status)]);
  const { counts } = status;
  print([
    `holdfast hub ${status.version}, run ${status.bootNumber}, since ${new Date(status.startedAtMs).toISOString()}`,
    `listen       ${status.listen}`,
    `fingerprint  ${status.fingerprint}`,
    `revision     ${status.revision}`,
    `requests     ${counts.reads} reads, ${counts.writes} writes, ${counts.conflicts} conflicts, ${counts.refused} refused`,
    `slowest      ${status.slowestWriteMs} ms for a write`,
    ...status.accounts.flatMap(accountLines),
    ...status.ingress.map(ingressLine),
  ]);
}

function accountLines({
  name,
  connections,
  members,
  queue,
  objects,
}: HubStatus['accounts'][number]): string[] {
  const oldest = queue.oldestMs === null ? '' : `, the oldest of ${new Date(queue.oldestMs).toISOString()}`;
  const { waiting, appended, settled, duplicates } = queue;
  return [
    `account      ${name}, ${plural(connections, 'connection')}`,
    ...members.map((each) => `  member     ${each.name}, ${each.role}${each.holdsLease ? ', works' : ''}`),
    ...(queue.epoch === 0 && waiting + appended === 0
      ? []
      : [
          `  alarms     ${waiting} wait${oldest}; since the start ${appended} came, ${settled} left, ${duplicates} twice`,
        ]),
    ...objects.map(
      (each) => `  backup     ${each.name}, version ${each.version}, ${plural(each.bytes, 'byte')}`,
    ),
  ];
}

function ingressLine(ingress: HubStatus['ingress'][number]): string {
  const { listen, problem, account, tableVersion, devices, lost, received, refused, unknownAccounts } =
    ingress;
  if (listen === null) return `dc09         for ${account}: not listening, ${problem}`;
  const table =
    tableVersion === null ? 'no devices published yet' : `${plural(devices, 'device')}, ${lost} lost`;
  return `dc09         ${listen} for ${account}: ${table}; ${received} received, ${refused} refused, ${unknownAccounts} of unknown accounts`;
}

async function addAccount(dataDir: string, name: string, json: boolean): Promise<void> {
  const key = await withAccounts(dataDir, (accounts) => accounts.add(name, systemClock.nowMs()));
  if (json) return print([JSON.stringify({ name, key })]);
  print([
    `account  ${name}`,
    `key      ${key}`,
    '         shown this once; it goes into the arbiter of the pair, or to the receivers of the group',
  ]);
}

async function listAccounts(dataDir: string, json: boolean): Promise<void> {
  const accounts = await withAccounts(dataDir, (each) => each.list());
  if (json) return print([JSON.stringify(accounts)]);
  if (accounts.length === 0) return print(['no accounts; add one: holdfast hub account add NAME']);
  print(
    accounts.map(
      ({ name, createdMs, registers }) =>
        `${name}  since ${new Date(createdMs).toISOString()}, ${plural(registers, 'register')}`,
    ),
  );
}

async function removeAccount(dataDir: string, name: string, flags: Flags): Promise<void> {
  // As long as a step takes at worst: the hub writes in between.
  const pause = () => new Promise<void>((resolve) => systemClock.after(removePauseMs, resolve));
  await withAccounts(dataDir, (accounts) => accounts.remove(name, flags.force, pause));
  print([flags.json ? JSON.stringify({ name, removed: true }) : `account ${name} removed; its key is void`]);
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

function fail(thrown: unknown): void {
  const error = toAppError(thrown);
  process.stderr.write(`holdfast hub: ${error.message}\n${error.hint ? `  ${error.hint}\n` : ''}`);
  // What is no AppError is a defect: its stack is what helps.
  if (thrown instanceof Error && !(thrown instanceof AppError))
    process.stderr.write(`${thrown.stack ?? ''}\n`);
  process.exitCode = thrown instanceof AppError ? exitCodes[error.code] : 1;
}
