import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectLocal } from '../../../../agent/adapters/service-process.ts';
import {
  createRecorderSupervisor,
  type RecorderSupervisor,
} from '../../../../agent/control/recorder/supervisor.ts';
import type { ServiceProcess } from '../../../../agent/control/supervision/supervisor.ts';
import { FakeClock } from '../fake-clock.ts';
import { FakeRecorder } from '../fake-recorder.ts';

let folder: string;
let path: string;
let clock: FakeClock;
let events: string[];
let recorders: FakeRecorder[];
let killed: string[];
let supervisor: RecorderSupervisor;
let startsWell: boolean;
let spawnError: Error | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-sup-'));
  path = join(folder, 'recorder.sock');
  clock = new FakeClock();
  events = [];
  recorders = [];
  killed = [];
  startsWell = true;
  spawnError = null;
  supervisor = createRecorderSupervisor({
    clock,
    spawn,
    connect: () => connectLocal(path),
    killPid: (pid, signal) => {
      killed.push(`${pid} ${signal}`);
      recorders.at(-1)?.die();
    },
    isAlive: () => false,
    config: (startReason) => ({
      nodeId: 'n',
      epoch: 1,
      timeZone: 'UTC',
      dataDir: folder,
      spaces: [],
      pools: [],
      cameras: [],
      startReason,
    }),
    onEvent: ({ event }) => events.push(event),
    onChange: () => {},
  });
});
afterEach(() => {
  supervisor.detach();
  for (const recorder of recorders) recorder.die();
  rmSync(folder, { recursive: true, force: true });
});

function spawn(): ServiceProcess {
  if (spawnError) throw spawnError;
  const recorder = new FakeRecorder();
  recorders.push(recorder);
  if (startsWell) void recorder.listen(path);
  else recorder.die('it ended with code 1');
  return {
    pid: recorders.length,
    exited: recorder.ended.promise,
    kill: (signal) => {
      killed.push(`child ${signal}`);
      recorder.die();
    },
  };
}

/** Lets time pass until something is so. */
async function reach(condition: () => boolean, what: string, limitMs = 60_000): Promise<void> {
  for (let passedMs = 0; !condition(); passedMs += 50) {
    if (passedMs > limitMs) throw new Error(`not reached: ${what}`);
    await clock.run(50);
  }
}
const configured = (count: number) => recorders[count - 1]?.config != null;

describe('the supervisor', () => {
  it('starts a recorder, gives it the settings, and holds its status', async () => {
    supervisor.start();
    await reach(() => configured(1), 'a configured recorder');
    expect(recorders[0]?.config?.startReason).toBe('agent-down');
    await reach(() => supervisor.status() !== null, 'a status');
    expect(supervisor.phase).toBe('running');
  });

  it('attaches to a recorder that lives, and starts none', async () => {
    const survivor = new FakeRecorder();
    recorders.push(survivor);
    await survivor.listen(path);
    supervisor.start();
    await reach(() => configured(1), 'the survivor to be configured');
    expect(recorders).toHaveLength(1);
  });

  it('starts another when it dies, fails requests under way, and tells the journal', async () => {
    supervisor.start();
    await reach(() => configured(1), 'the first');
    recorders[0]?.silent.add('restoreSpace');
    const pending = supervisor
      .request({ method: 'restoreSpace', spaceId: 's1' })
      .catch((error) => error.code);
    await reach(() => recorders[0]?.requests.at(-1)?.method === 'restoreSpace', 'the request');
    recorders[0]?.die();
    expect(await pending).toBe('unavailable');
    await reach(() => configured(2), 'the second');
    expect(recorders[1]?.config?.startReason).toBe('recorder-restarted');
    expect(events).toContain('recorder.died');
    expect(supervisor.restarts).toBe(1);
  });

  it('ends one that says nothing for 20 s', async () => {
    supervisor.start();
    await reach(() => configured(1), 'the first');
    await reach(() => configured(2), 'the second', 40_000);
    expect(killed[0]).toBe('child SIGKILL');
    expect(events).toContain('recorder.hung');
  });

  it('goes on trying when it cannot start', async () => {
    startsWell = false;
    supervisor.start();
    await reach(() => recorders.length >= 5, 'five attempts');
    expect(events.filter((event) => event === 'recorder.failed').length).toBeGreaterThanOrEqual(4);
    startsWell = true;
    await reach(() => supervisor.phase === 'running', 'a good one');
  });

  it('goes on trying when the system refuses it a process, or a file for its log', async () => {
    spawnError = new Error('EMFILE: too many open files');
    supervisor.start();
    await reach(() => events.filter((event) => event === 'recorder.failed').length >= 3, 'three attempts');
    spawnError = null;
    await reach(() => supervisor.phase === 'running', 'a good one');
  });

  it('lets a request wait for a recorder that is starting, and not for ever', async () => {
    startsWell = false;
    supervisor.start();
    const refused = supervisor.request({ method: 'status' }).catch((error) => error.code);
    await clock.run(9_000);
    expect(await refused).toBe('unavailable');
    startsWell = true;
    const answered = supervisor.request({ method: 'status' });
    await reach(
      () => recorders.at(-1)?.requests.some((one) => one.method === 'status') ?? false,
      'the request',
      20_000,
    );
    expect((await answered).error).toBeNull();
  });

  it('cuts off one that sends nonsense, and one whose answer does not come', async () => {
    supervisor.start();
    await reach(() => configured(1), 'the first');
    recorders[0]?.silent.add('probe');
    const camera = {
      url: 'rtsp://h/',
      user: null,
      password: null,
      transport: 'tcp' as const,
      allowBasicAuth: false,
    };
    const late = supervisor.request({ method: 'probe', camera }).catch((error) => error.code);
    await reach(() => recorders[0]?.requests.at(-1)?.method === 'probe', 'the probe');
    for (let second = 0; second < 21; second += 1) {
      recorders[0]?.report();
      await clock.run(1_000, 1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await late).toBe('timeout');
    recorders[0]?.sendRaw('{"kind":"status","status":{}}\n');
    await reach(() => supervisor.phase !== 'running', 'the end of the connection');
    await reach(() => supervisor.phase === 'running', 'a new connection');
  });

  it('asks it to end when stopped, and ends it by force when it does not', async () => {
    supervisor.start();
    await reach(() => configured(1), 'the first');
    const stopped = supervisor.stop();
    await reach(() => recorders[0]?.requests.at(-1)?.method === 'stop', 'the request to stop');
    await stopped;
    expect(killed).toEqual([]);
  });

  it('ends by force one that does not obey', async () => {
    supervisor.start();
    await reach(() => configured(1), 'the first');
    recorders[0]?.silent.add('stop');
    let done = false;
    const stopped = supervisor.stop().then(() => {
      done = true;
    });
    await reach(() => done, 'the end', 40_000);
    await stopped;
    expect(killed).toContain('child SIGTERM');
    expect(recorders).toHaveLength(1);
  });
});
