/** A node that lives in memory: answers the contract's calls from sample data and remembers what was asked of it. */
import { Readable } from 'node:stream';
import type { Lock, NodeStatus, Pool, Space, Whoami } from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import type { ApiClient, Connection, ConnectionState } from '../../tui/api.ts';
import { type FakeReceivers, fakeReceivers, fakeReceiversClient } from './sample-alarms.ts';
import { sampleDay, sampleHour, sampleMonth } from './sample-inspection.ts';
import { type FakeStandby, fakeStandby, fakeStandbyClient } from './sample-pair.ts';
import { sampleEntries, sampleNowMs, sampleStatus } from './sample-status.ts';

export interface FakeOptions {
  status?: NodeStatus;
  whoami?: Whoami | null;
  local?: boolean;
}

export class FakeAgent implements Connection {
  status: NodeStatus;
  whoami: Whoami | null;
  readonly address: string;
  readonly local: boolean;
  readonly client: ApiClient;
  /** The pair that the node says it belongs to. */
  readonly standby: FakeStandby = fakeStandby();
  /** Its alarms, devices and group. */
  readonly receivers: FakeReceivers = fakeReceivers();
  /** `noun.verb` with its input, in order; `node.watch` and reads left out. */
  readonly calls: [string, unknown][] = [];
  /** Thrown by the next changing call. */
  refuse: AppError | null = null;
  probeOk = true;
  /** What is locked, in the order of its list. */
  locks: Lock[] = [];
  /** The password that logs in. */
  password = 'Correct-horse-9';
  #state: ConnectionState = { phase: 'connected', sinceMs: 0, attempts: 0, retryAtMs: null, error: null };
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  readonly #watchers = new Set<(status: NodeStatus) => void>();
  closed = false;

  constructor(options: FakeOptions = {}) {
    this.status = options.status ?? sampleStatus();
    this.local = options.local ?? true;
    this.address = this.local ? '/var/lib/holdfast' : 'https://store-01:6060';
    this.whoami =
      options.whoami === undefined
        ? {
            user: 'admin',
            role: 'admin',
            mustChangePassword: false,
            via: this.local ? 'local' : 'network',
            expiresAtMs: null,
          }
        : options.whoami;
    this.client = fakeClient(this);
  }

  state(): ConnectionState {
    return this.#state;
  }

  onState(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  setToken(): void {
    this.connect('connecting');
    this.connect('connected');
  }

  async download(): Promise<{ totalBytes: number | null; stream: Readable }> {
    return { totalBytes: 5, stream: Readable.from([Buffer.from('video')]) };
  }

  close(): void {
    this.closed = true;
    this.#watchers.clear();
  }

  /** The connection changes its state, as when a cable is pulled. */
  connect(phase: ConnectionState['phase'], error: AppError | null = null): void {
    this.#state = { ...this.#state, phase, error };
    for (const listener of this.#listeners) listener(this.#state);
  }

  /** A new status goes out to whoever watches. */
  publish(patch: Partial<NodeStatus>): void {
    this.status = { ...this.status, ...patch };
    for (const watcher of this.#watchers) watcher(this.status);
  }

  /** Notes a changing call, or throws what the test prepared. */
  note(name: string, input: unknown): void {
    const { refuse } = this;
    this.refuse = null;
    if (refuse) throw refuse;
    this.calls.push([name, input]);
  }

  async *watch(signal: AbortSignal | undefined): AsyncGenerator<NodeStatus, void, void> {
    const queue: NodeStatus[] = [this.status];
    let wake = (): void => {};
    const watcher = (status: NodeStatus): void => {
      queue.push(status);
      wake();
    };
    this.#watchers.add(watcher);
    signal?.addEventListener('abort', () => wake());
    try {
      while (signal?.aborted !== true) {
        const next = queue.shift();
        if (next) yield next;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      this.#watchers.delete(watcher);
    }
  }
}

function fakeClient(agent: FakeAgent): ApiClient {
  const ok = { ok: true } as const;
  const find = <Item extends { id: string }>(items: readonly Item[], id: string): Item => {
    const found = items.find((item) => item.id === id);
    if (!found) throw new AppError('not_found', `there is no ${id}`);
    return found;
  };
  const whoami = (): Whoami => {
    if (!agent.whoami) throw new AppError('unauthorized', 'log in first');
    return agent.whoami;
  };
  const session = {
    id: 'x1',
    user: 'admin',
    role: 'admin' as const,
    address: '198.51.100.7',
    startedAtMs: sampleNowMs - 3_140_000,
    lastSeenAtMs: sampleNowMs - 2_000,
    current: true,
  };
  const account = {
    name: 'admin',
    role: 'admin' as const,
    disabled: false,
    mustChangePassword: false,
    createdAtMs: sampleNowMs - 90_000_000,
    lastLoginAtMs: sampleNowMs - 3_140_000,
    lockedUntilMs: null,
  };
  const client = {
    node: {
      status: async () => agent.status,
      watch: async (_input: unknown, options?: { signal?: AbortSignal }) => agent.watch(options?.signal),
      doctor: async () => [
        { name: 'disk-latency', result: 'pass' as const, evidence: 's1 7.4 ms', fix: null },
        {
          name: 'clock',
          result: 'warn' as const,
          evidence:
            'zone UTC; no time daemon was found, whether the clock follows a time server cannot be asked',
          fix: 'Set one on the node.',
        },
      ],
      hello: async () => ({
        product: 'holdfast' as const,
        version: '0.1.0',
        api: 1,
        local: agent.local,
        role: null,
      }),
    },
    session: {
      login: async (input: { user: string; password: string }) => {
        if (input.password !== agent.password)
          throw new AppError('unauthorized', 'user or password is wrong');
        agent.whoami = {
          user: input.user,
          role: 'admin',
          mustChangePassword: false,
          via: 'network',
          expiresAtMs: null,
        };
        return { ...agent.whoami, token: 'token-1' };
      },
      logout: async () => {
        agent.whoami = null;
        return ok;
      },
      whoami: async () => whoami(),
      changePassword: async (input: unknown) => {
        agent.note('session.changePassword', input);
        agent.whoami = { ...whoami(), mustChangePassword: false };
        agent.publish({ setup: { ...agent.status.setup, passwordChanged: true } });
        return ok;
      },
      list: async () => [session],
      revoke: async (input: unknown) => {
        agent.note('session.revoke', input);
        return ok;
      },
    },
    user: {
      list: async () => [
        account,
        { ...account, name: 'guard', role: 'viewer' as const, lastLoginAtMs: null },
      ],
      add: async (input: { name: string; role: 'viewer' | 'operator' | 'admin' }) => {
        agent.note('user.add', input);
        return { ...account, ...input, oneTimePassword: 'Tulip-4471-Harbour' };
      },
      edit: async (input: { name: string }) => {
        agent.note('user.edit', input);
        return { ...account, name: input.name };
      },
      resetPassword: async (input: { name: string }) => {
        agent.note('user.resetPassword', input);
        return { oneTimePassword: 'Anchor-9083-Lime' };
      },
      remove: async (input: { name: string }) => {
        agent.note('user.remove', input);
        return ok;
      },
    },
    space: {
      list: async () => agent.status.spaces,
      browse: async (input?: { path?: string | undefined }) => browse(input?.path, agent.calls),
      makeFolder: async (input: { path: string }) => {
        agent.note('space.makeFolder', input);
        return ok;
      },
      add: async (input: { path: string; quotaBytes: number }) => {
        agent.note('space.add', input);
        const template = agent.status.spaces[0] as Space;
        const added: Space = {
          ...template,
          id: `s${agent.status.spaces.length + 1}`,
          path: input.path,
          quotaBytes: input.quotaBytes,
          allocatedBytes: 0,
          usedBytes: 0,
        };
        agent.publish({
          spaces: [...agent.status.spaces, added],
          setup: { ...agent.status.setup, hasSpace: true },
        });
        return added;
      },
      initialize: async (input: { id: string }) => {
        agent.note('space.initialize', input);
        return find(agent.status.spaces, input.id);
      },
      cancel: async (input: { id: string }) => {
        agent.note('space.cancel', input);
        return ok;
      },
      delete: async (input: { id: string }) => {
        agent.note('space.delete', input);
        return ok;
      },
      restore: async (input: { id: string }) => {
        agent.note('space.restore', input);
        return find(agent.status.spaces, input.id);
      },
    },
    pool: {
      list: async () => agent.status.pools,
      show: async (input: { id: string }) => find(agent.status.pools, input.id),
      add: async (input: { name: string }) => {
        agent.note('pool.add', input);
        const added: Pool = {
          ...(agent.status.pools[0] as Pool),
          id: `p${agent.status.pools.length + 1}`,
          name: input.name,
        };
        agent.publish({
          pools: [...agent.status.pools, added],
          setup: { ...agent.status.setup, hasPool: true },
        });
        return added;
      },
      edit: async (input: { id: string }) => {
        agent.note('pool.edit', input);
        return find(agent.status.pools, input.id);
      },
      expandable: async () => [
        { spaceId: 's1', bytes: 0.6e12 },
        { spaceId: 's2', bytes: 2e12 },
      ],
      expand: async (input: { id: string }) => {
        agent.note('pool.expand', input);
        return find(agent.status.pools, input.id);
      },
      delete: async (input: { id: string }) => {
        agent.note('pool.delete', input);
        return ok;
      },
    },
    camera: {
      list: async () => agent.status.cameras,
      show: async (input: { id: string }) => find(agent.status.cameras, input.id),
      probe: async (input: unknown) => {
        agent.calls.push(['camera.probe', input]);
        return agent.probeOk
          ? {
              ok: true,
              media: {
                videoCodec: 'h264' as const,
                audioCodec: null,
                width: 1920,
                height: 1080,
                framesPerSecond: 25,
                notes: [],
              },
              reason: null,
              problem: null,
              hint: null,
              elapsedMs: 412,
            }
          : {
              ok: false,
              media: null,
              reason: 'auth-failed' as const,
              problem: 'The camera refused the user or the password.',
              hint: 'Try them in a browser.',
              elapsedMs: 90,
            };
      },
      add: async (input: { name: string }) => {
        agent.note('camera.add', input);
        const added = {
          ...agent.status.cameras[0],
          id: `c${agent.status.cameras.length + 1}`,
          name: input.name,
        } as NodeStatus['cameras'][number];
        agent.publish({
          cameras: [...agent.status.cameras, added],
          setup: { ...agent.status.setup, hasCamera: true },
        });
        return added;
      },
      edit: async (input: { id: string }) => {
        agent.note('camera.edit', input);
        return find(agent.status.cameras, input.id);
      },
      remove: async (input: { id: string }) => {
        agent.note('camera.remove', input);
        return ok;
      },
    },
    inspection: {
      day: async (input?: { day?: string | undefined }) => sampleDay(agent.status.cameras, input?.day),
      month: async (input: { month: string }) => sampleMonth(agent.status.cameras, input.month),
      hour: async (input: { cameraId: string; startMs: number }) =>
        sampleHour(find(agent.status.cameras, input.cameraId), input.startMs),
      gaps: async () => [],
    },
    lock: {
      list: async () => agent.locks,
      add: async (input: Pick<Lock, 'fromMs' | 'toMs'> & Partial<Lock> & { camera: string }) => {
        agent.note('lock.add', input);
        const { camera, note = '', expiresAtMs = null, ...stretch } = input;
        const cameraName = find(agent.status.cameras, camera).name;
        const held = { blocks: 3, bytes: 3 * 64 * 2 ** 20 };
        const made = { createdBy: whoami().user, createdAtMs: sampleNowMs, expiresAtMs };
        const id = `lock-${agent.locks.length + 1}`;
        const lock: Lock = { id, cameraId: camera, cameraName, ...stretch, note, ...made, ...held };
        agent.locks = [...agent.locks, lock];
        return lock;
      },
      remove: async (input: { id: string }) => {
        agent.note('lock.remove', input);
        agent.locks = agent.locks.filter(({ id }) => id !== input.id);
        return ok;
      },
    },
    export: {
      plan: async (input: { camera: string; fromMs: number; toMs: number }) => ({
        cameraId: input.camera,
        fromMs: input.fromMs,
        toMs: input.toMs,
        presentSeconds: 2333,
        estimatedBytes: 1_204_000_000,
        parts: 1170,
        gaps: [],
        downloadPath: `/v1/export/download?camera=${input.camera}`,
      }),
    },
    log: {
      search: async (input?: {
        text?: string | undefined;
        level?: string | undefined;
        type?: string | undefined;
        page?: number | undefined;
      }) => {
        const text = (input?.text ?? '').toLowerCase();
        const levels = ['debug', 'info', 'warning', 'error'];
        const entries = sampleEntries.filter(
          (entry) =>
            entry.text.toLowerCase().includes(text) &&
            (input?.type === undefined || entry.type === input.type) &&
            levels.indexOf(entry.level) >= levels.indexOf(input?.level ?? 'debug'),
        );
        return { total: entries.length, page: input?.page ?? 1, pages: 1, entries };
      },
      clear: async (input: unknown) => {
        agent.note('log.clear', input);
        return { removed: 9 };
      },
    },
  };
  return {
    ...client,
    standby: fakeStandbyClient(agent.standby),
    ...fakeReceiversClient(agent.receivers),
  } as unknown as ApiClient;
}

/** `/srv/new` exists when it was made. */
function browse(path: string | undefined, calls: FakeAgent['calls']) {
  const made = calls.some(([name, input]) => name === 'space.makeFolder' && isPath(input, path));
  if (path === '/srv/new' && !made) throw new AppError('not_found', `there is no folder ${path}`);
  const entry = (at: string, patch: object = {}) => ({
    path: at,
    name: at.split('/').at(-1) ?? at,
    kind: 'folder' as const,
    totalBytes: 8e12,
    freeBytes: 7.2e12,
    deviceType: 'hdd' as const,
    systemDisk: false,
    writable: true,
    empty: true,
    holdfast: null,
    ...patch,
  });
  if (path === undefined) {
    return {
      path: null,
      parent: null,
      entries: [
        entry('/srv/video', { kind: 'mount', name: '/srv/video', empty: false }),
        entry('/mnt/nas', {
          kind: 'mount',
          name: '/mnt/nas',
          deviceType: 'nas',
          totalBytes: 20e12,
          freeBytes: 3e12,
        }),
        entry('/', {
          kind: 'mount',
          name: '/',
          systemDisk: true,
          deviceType: 'ssd',
          totalBytes: 250e9,
          freeBytes: 91e9,
          empty: false,
        }),
      ],
    };
  }
  return {
    path,
    parent: path === '/srv/video' ? null : path.slice(0, path.lastIndexOf('/')) || '/',
    entries:
      path === '/srv/video'
        ? [
            entry('/srv/video/disk3'),
            entry('/srv/video/old', { empty: false }),
            entry('/srv/video/locked', { writable: false }),
          ]
        : path === '/mnt/nas'
          ? Array.from({ length: 30 }, (_, index) => entry(`/mnt/nas/folder-${index + 1}`))
          : [],
  };
}

function isPath(input: unknown, path: string | undefined): boolean {
  return typeof input === 'object' && input !== null && 'path' in input && input.path === path;
}
