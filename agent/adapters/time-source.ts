/** What keeps the system's clock right: the daemon that runs, and whether it says that the clock follows a time server. */
import { execFile } from 'node:child_process';
import { access, readdir, readFile } from 'node:fs/promises';

export interface TimeSource {
  /** Name of the time daemon that runs, null when none was found. */
  readonly daemon: string | null;
  /** What it says; null when it could not be asked. */
  readonly synchronized: boolean | null;
}

export interface TimeSourceOptions {
  /** Names of the running programs, as the kernel cuts them (15 bytes). */
  programs(): Promise<ReadonlySet<string>>;
  exists(path: string): Promise<boolean>;
  /** What a program prints; null when it is not there, fails, or takes too long. */
  ask(program: string, args: readonly string[]): Promise<string | null>;
}

interface Daemon {
  readonly name: string;
  readonly program: string;
  synchronized(options: TimeSourceOptions): Promise<boolean | null>;
}

const daemons: readonly Daemon[] = [
  {
    name: 'chrony',
    program: 'chronyd',
    // chronyc(1): CSV, the leap status comes last.
    synchronized: async ({ ask }) => {
      const status = (await ask('chronyc', ['-c', 'tracking']))?.trim().split(',').at(-1);
      return status ? !/^not synchroni[sz]ed$/i.test(status) : null;
    },
  },
  {
    name: 'ntpd',
    program: 'ntpd',
    // ntpq(8): "leap_none, sync_ntp, …" once a server was chosen, "leap_alarm, sync_unspec, …" before.
    synchronized: async ({ ask }) => {
      const status = await ask('ntpq', ['-c', 'rv']);
      return status && /leap_/.test(status) ? !/leap_alarm|sync_unspec/.test(status) : null;
    },
  },
  {
    name: 'systemd-timesyncd',
    program: 'systemd-timesyn',
    synchronized: ({ exists }) => exists('/run/systemd/timesync/synchronized'),
  },
];

export async function findTimeSource(options: TimeSourceOptions = system): Promise<TimeSource> {
  const programs = await options.programs();
  const daemon = daemons.find(({ program }) => programs.has(program));
  const said = (await daemon?.synchronized(options)) ?? null;
  // The kernel knows too, whoever set its clock; this is how it tells.
  const synchronized = said ?? (await askKernel(options));
  return { daemon: daemon?.name ?? null, synchronized };
}

async function askKernel({ ask }: TimeSourceOptions): Promise<boolean | null> {
  const answer = (await ask('timedatectl', ['show', '--property=NTPSynchronized', '--value']))?.trim();
  return answer === 'yes' ? true : answer === 'no' ? false : null;
}

const askTimeoutMs = 2_000;
const answerBytesMax = 64 * 1024;
const processesMax = 20_000;

const system: TimeSourceOptions = {
  programs: async () => {
    const ids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
    const names = ids.slice(0, processesMax).map((id) =>
      readFile(`/proc/${id}/comm`, 'utf8')
        .then((name) => name.trim())
        .catch(() => ''),
    );
    return new Set(await Promise.all(names));
  },
  exists: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),
  ask: (program, args) =>
    new Promise((resolve) => {
      execFile(program, [...args], { timeout: askTimeoutMs, maxBuffer: answerBytesMax }, (error, output) =>
        resolve(error ? null : output),
      );
    }),
};
