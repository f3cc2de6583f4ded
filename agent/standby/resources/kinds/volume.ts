/** A mounted file system or share: mounted once, its password never on a command line, and who holds it named when it is busy. */
import { mkdir, readFile, realpath } from 'node:fs/promises';
import type { ResourceConfig } from '../../../../src/contract/standby.ts';
import { AppError } from '../../../../src/errors.ts';
import { type Mount, parseMountInfo } from '../../../adapters/mount-table.ts';
import type { CommandResult } from '../commands.ts';
import type { Action, Controller, ControllerDeps } from '../controller.ts';
import { holdersOfMount } from './mount-holders.ts';

type VolumeConfig = Extract<ResourceConfig, { kind: 'volume' }>;

/** A program that is just ending is waited for so long, before its hold counts. */
const busyMs = 1_500;
const busyPollMs = 100;
const mountTable = '/proc/self/mountinfo';

export class VolumeController implements Controller {
  readonly #config: VolumeConfig;
  readonly #deps: ControllerDeps;

  constructor(config: VolumeConfig, deps: ControllerDeps) {
    for (const [name, text] of [
      ['device', config.device],
      ['mount point', config.mountPoint],
    ] as const) {
      if (/\p{Cc}/u.test(text) || text === '' || text.startsWith('-'))
        throw new AppError('invalid_input', `${config.name}: the ${name} is not a valid path`);
    }
    if (!/^\/[^/]/.test(config.mountPoint) || config.mountPoint.includes('/../'))
      throw new AppError('invalid_input', `${config.name}: the mount point must be an absolute folder`);
    if (config.user?.match(/[,\p{Cc}]/u) || config.password?.match(/\p{Cc}/u))
      throw new AppError(
        'invalid_input',
        `${config.name}: user or password holds a character that cannot be passed`,
      );
    this.#config = { ...config, mountPoint: config.mountPoint.replace(/\/+$/, '') };
    this.#deps = deps;
  }

  async start({ signal }: Action): Promise<void> {
    const { device, mountPoint, name } = this.#config;
    const mounts = await readTable();
    const there = mounts.findLast((mount) => mount.mountPoint === mountPoint);
    if (there !== undefined) return this.#requireOurs(there);
    const elsewhere = await this.#mountOfDevice(mounts);
    if (elsewhere !== null) {
      throw new AppError('conflict', `${device} is mounted at ${elsewhere.mountPoint} already`, {
        hint: `Unmount it there, and remove it from /etc/fstab: the pair mounts ${name}.`,
      });
    }
    await mkdir(mountPoint, { recursive: true });
    const result = await this.#mount(signal);
    if (result.code !== 0)
      throw new AppError('unavailable', `mount of ${device} failed: ${this.#masked(result.lastLines)}`, {
        hint: 'Check that the disk or server can be reached from this node, and the user and password.',
      });
  }

  async stop({ signal }: Action): Promise<void> {
    const { mountPoint } = this.#config;
    const startedMs = this.#deps.clock.monotonicMs();
    for (;;) {
      if (!(await this.#isMounted())) return;
      const result = await this.#run(['umount', '--', mountPoint], signal);
      if (result.code === 0) continue;
      const waitedMs = this.#deps.clock.monotonicMs() - startedMs;
      if (waitedMs > busyMs || signal.aborted) throw await this.#busy(result);
      await new Promise<void>((resolve) => this.#deps.clock.after(busyPollMs, resolve));
    }
  }

  /** A look at the folder as a process of its own: a share that hangs must not hang the guard. */
  async monitor({ signal }: Action): Promise<void> {
    const { mountPoint, options } = this.#config;
    const text = await readFile(mountTable, 'utf8');
    const mount = parseMountInfo(text).findLast((each) => each.mountPoint === mountPoint);
    if (mount === undefined)
      throw new AppError('unavailable', `nothing is mounted at ${mountPoint} any more`);
    await this.#requireOurs(mount);
    if (becameReadOnly(text, mount) && !options.split(',').includes('ro')) {
      throw new AppError('unavailable', `${mountPoint} has become read-only`, {
        hint: 'The file system met an error: see dmesg, and check the disk.',
      });
    }
    const result = await this.#run(['stat', '--file-system', '--', mountPoint], signal);
    if (result.code !== 0)
      throw new AppError('unavailable', `${mountPoint} does not answer: ${result.lastLines}`);
  }

  #mount(signal: AbortSignal): Promise<CommandResult> {
    const { device, mountPoint, fileSystem, options, user, password } = this.#config;
    const all = [...(options === '' ? [] : [options]), ...(user === null ? [] : [`username=${user}`])];
    const command = [
      'mount',
      '-t',
      fileSystem,
      ...(all.length === 0 ? [] : ['-o', all.join(',')]),
      '--',
      device,
      mountPoint,
    ];
    // mount.cifs(8): the password is read from this file descriptor, so that neither ps nor a file ever shows it.
    const secret = password === null ? {} : { env: { PASSWD_FD: '0' }, input: `${password}\n` };
    return this.#deps.hostCommands.run({ command, signal, ...secret });
  }

  async #requireOurs(mount: Mount): Promise<void> {
    if (await this.#isOurs(mount)) return;
    const { device, mountPoint } = this.#config;
    throw new AppError('conflict', `${mount.source} is mounted at ${mountPoint}, not ${device}`, {
      hint: `Unmount ${mountPoint} and try again.`,
    });
  }

  async #isOurs(mount: Mount): Promise<boolean> {
    const { device } = this.#config;
    if (mount.source === device || mount.source === (await resolveDevice(device))) return true;
    // A server's share may be written with another number of slashes.
    return mount.source.replace(/\/+/g, '/') === device.replace(/\/+/g, '/');
  }

  async #mountOfDevice(mounts: readonly Mount[]): Promise<Mount | null> {
    const path = await resolveDevice(this.#config.device);
    if (!path.startsWith('/dev/')) return null;
    return mounts.find((mount) => mount.source === path) ?? null;
  }

  /** Something else at this place was put there by somebody else, and stays. */
  async #isMounted(): Promise<boolean> {
    const there = (await readTable()).findLast((mount) => mount.mountPoint === this.#config.mountPoint);
    return there !== undefined && (await this.#isOurs(there));
  }

  async #busy({ lastLines }: CommandResult): Promise<AppError> {
    const { mountPoint } = this.#config;
    const holders = await holdersOfMount(mountPoint);
    const why = holders.length === 0 ? this.#masked(lastLines) : `held by ${holders.join(', ')}`;
    return new AppError('conflict', `${mountPoint} cannot be unmounted: ${why}`, {
      hint: 'End these programs, or make them resources that come after the volume.',
    });
  }

  #run(command: string[], signal: AbortSignal): Promise<CommandResult> {
    return this.#deps.hostCommands.run({ command, signal });
  }

  #masked(text: string): string {
    const { password } = this.#config;
    return password ? text.replaceAll(password, '***') : text;
  }
}

async function readTable(): Promise<Mount[]> {
  return parseMountInfo(await readFile(mountTable, 'utf8'));
}

/** `UUID=`, `LABEL=` and links as the device they lead to; anything else as it is. */
async function resolveDevice(device: string): Promise<string> {
  const [, by, value] = /^(UUID|LABEL|PARTUUID|PARTLABEL)=(.+)$/.exec(device) ?? [];
  const path = by && value ? `/dev/disk/by-${by.toLowerCase()}/${value}` : device;
  return path.startsWith('/dev/') ? realpath(path).catch(() => path) : path;
}

/** proc(5): the last field of a line holds the options of the file system itself, which turn to `ro` after an error. */
function becameReadOnly(text: string, mount: Mount): boolean {
  const line = text.split('\n').findLast((each) => each.split(' ')[2] === mount.device);
  return line?.split(' ').at(-1)?.split(',').includes('ro') ?? false;
}
