import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../agent/adapters/clock.ts';
import { connectLocal } from '../../../../agent/adapters/service-process.ts';
import { createSettingsDisk } from '../../../../agent/adapters/settings-disk.ts';
import { runFence } from '../../../../agent/standby/guard/fence.ts';
import { openMemoryFile } from '../../../../agent/standby/guard/memory-file.ts';
import { watchNetwork } from '../../../../agent/standby/guard/network-watch.ts';
import { createRecorderOrder } from '../../../../agent/standby/guard/recorder-order.ts';
import { watchSuspend } from '../../../../agent/standby/guard/suspend.ts';
import { openWatchdog } from '../../../../agent/standby/guard/watchdog.ts';
import { pairConfigSchema } from '../../../../src/contract/index.ts';
import { diskIdle } from '../../../support/idle-disk.ts';
import { FakeClock } from '../../control/fake-clock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-guard-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('the watchdog device', () => {
  const device = () => join(folder, 'watchdog');
  const written = () => readFileSync(device(), 'utf8');
  const start = async (clock: FakeClock, timeoutMs = 1_000) => {
    const watchdog = await openWatchdog({ path: device(), clock, timeoutMs, onProblem: () => {} });
    if (!watchdog) throw new Error('not opened');
    return watchdog;
  };
  /** Time in which it would be fed, and the write to come to an end. */
  const pass = async (clock: FakeClock, ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.advance(250);
      await diskIdle();
    }
  };

  it('is fed without end while nothing is armed, and closed by its magic letter', async () => {
    const clock = new FakeClock();
    const watchdog = await start(clock);
    await pass(clock, 2_000);
    expect(written().length).toBeGreaterThanOrEqual(8);
    expect(watchdog.state()).toBe('idle');
    await watchdog.close();
    expect(written()).toMatch(/^1+V$/);
  });

  it('is fed for the last time its own time-out before the deadline, and again when it is armed anew', async () => {
    const clock = new FakeClock();
    const watchdog = await start(clock);
    const fedBefore = written().length;
    watchdog.arm(clock.monotonicMs() + 2_000);
    await pass(clock, 1_000);
    const fed = written().length;
    expect(fed).toBeGreaterThan(fedBefore);
    await pass(clock, 2_000);
    expect(written().length).toBe(fed);
    watchdog.arm(clock.monotonicMs() + 2_000);
    await pass(clock, 500);
    expect(written().length).toBeGreaterThan(fed);
    await watchdog.close();
  });

  it('is never fed again once a reset was asked for, nor told that all ended well', async () => {
    const clock = new FakeClock();
    const watchdog = await start(clock);
    await pass(clock, 250);
    watchdog.reset();
    watchdog.disarm();
    const fed = written().length;
    await pass(clock, 2_000);
    expect(watchdog.state()).toBe('resetting');
    await watchdog.close();
    expect(written()).toBe('1'.repeat(fed));
  });

  it('is told of when it cannot be opened', async () => {
    const problems: string[] = [];
    const path = join(folder, 'missing', 'watchdog');
    const opened = await openWatchdog({
      path,
      clock: new FakeClock(),
      timeoutMs: 1_000,
      onProblem: (text) => problems.push(text),
    });
    expect(opened).toBeNull();
    expect(problems[0]).toContain(path);
  });
});

describe('the guard’s memory', () => {
  const open = (changes: Partial<Parameters<typeof openMemoryFile>[0]> = {}) =>
    openMemoryFile({
      ...{ dataDir: folder, disk: createSettingsDisk(), clock: systemClock, onError: () => {} },
      ...changes,
    });
  /** A disk that is full until it is not. */
  const fullDisk = () => {
    const real = createSettingsDisk();
    const state = { isFull: true, kept: Promise.withResolvers<void>() };
    const disk: typeof real = {
      ...real,
      writeSynced: (path, text) =>
        state.isFull ? Promise.reject(new Error('full')) : real.writeSynced(path, text),
      syncFolder: (path) => real.syncFolder(path).then(state.kept.resolve),
    };
    return { disk, state };
  };
  const memory = {
    wanted: 'in',
    highestEpoch: 7,
    maintenance: true,
    standalone: false,
    mayRun: true,
  } as const;

  it('comes back for its pair, and only for that', async () => {
    const file = open();
    file.write({ pairId: 'pair-1234', machineBoot: 'x', memory: { ...memory, highestEpoch: 6 } });
    file.write({ pairId: 'pair-1234', machineBoot: 'x', memory });
    await file.close();
    expect(await open().read('pair-1234')).toEqual({ memory, machineBoot: 'x', found: true });
    expect(await open().read('pair-5678')).toMatchObject({ found: false, memory: { highestEpoch: 0 } });
  });

  it('is kept as soon as a disk that was full has room, with one word about it', async () => {
    const clock = new FakeClock();
    const { disk, state } = fullDisk();
    const failed = Promise.withResolvers<void>();
    let told = 0;
    const onError = () => {
      told += 1;
      failed.resolve();
    };
    const file = open({ disk, clock, onError });
    file.write({ pairId: 'pair-1234', machineBoot: 'x', memory });
    await failed.promise;
    state.isFull = false;
    clock.advance(1_000);
    await state.kept.promise;
    await file.close();
    expect(await open().read('pair-1234')).toEqual({ memory, machineBoot: 'x', found: true });
    expect(told).toBe(1);
  });

  it('is tried once more when the guard ends, and no longer', async () => {
    for (const isFull of [true, false]) {
      const { disk, state } = fullDisk();
      const failed = Promise.withResolvers<void>();
      const file = open({ disk, clock: new FakeClock(), onError: () => failed.resolve() });
      file.write({ pairId: 'pair-1234', machineBoot: 'x', memory });
      await failed.promise;
      state.isFull = isFull;
      await file.close();
      expect((await open().read('pair-1234')).found).toBe(!isFull);
    }
  });

  it('is not taken for empty when it is damaged', async () => {
    writeFileSync(join(folder, 'guard.json'), '{"pairId": "pair-1234", "mem');
    await expect(open().read('pair-1234')).rejects.toMatchObject({ code: 'data_loss' });
  });
});

describe('sleep of the machine', () => {
  it('is told by the uptime that went on, once', () => {
    let monotonicMs = 1_000;
    let uptimeMs = 50_000;
    const watch = watchSuspend({ monotonicMs: () => monotonicMs, uptimeMs: () => uptimeMs });
    monotonicMs += 100;
    uptimeMs += 110;
    expect(watch.sleptMs()).toBe(0);
    uptimeMs += 60_000;
    expect(watch.sleptMs()).toBeGreaterThan(59_000);
    expect(watch.sleptMs()).toBe(0);
  });

  it('is not made up by many small differences of the clocks', () => {
    let uptimeMs = 0;
    const watch = watchSuspend({
      monotonicMs: () => uptimeMs + Math.sin(uptimeMs) * 10,
      uptimeMs: () => uptimeMs,
    });
    for (; uptimeMs < 100_000; uptimeMs += 25) expect(watch.sleptMs()).toBe(0);
  });
});

describe('the order to the recorder', () => {
  const path = () => join(folder, 'recorder.sock');
  let server: Server | null = null;
  let sockets: Socket[] = [];
  let orders: { active: boolean; epoch: number }[] = [];
  const listen = async (answer = true) => {
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        for (const line of chunk.toString().trim().split('\n')) {
          const { id, active, epoch } = JSON.parse(line);
          orders.push({ active, epoch });
          socket.write('{"kind":"status","status":{}}\n');
          if (answer) socket.write(`{"kind":"reply","id":${id},"error":null}\n`);
        }
      });
    });
    await new Promise<void>((resolve) => server?.listen(path(), resolve));
  };
  const die = () => {
    server?.close();
    for (const socket of sockets) socket.destroy();
  };
  beforeEach(() => {
    orders = [];
    sockets = [];
  });
  afterEach(die);
  const make = () => createRecorderOrder({ clock: systemClock, connect: () => connectLocal(path()) });

  it('waits for a recorder that is being started', async () => {
    const order = make();
    const started = order.start(5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await listen();
    await started;
    expect(orders.at(-1)).toEqual({ active: true, epoch: 5 });
    order.close();
  });

  it('is given again to a recorder that comes after', async () => {
    await listen();
    const order = make();
    await order.start(5);
    die();
    orders = [];
    await listen();
    await until(() => orders.length > 0, 'the order again');
    expect(orders[0]).toEqual({ active: true, epoch: 5 });
    order.close();
  });

  it('to stop is done when there is no recorder, and ends a start that still waits', async () => {
    const order = make();
    const started = order.start(5);
    await Promise.all([order.stop(), expect(started).rejects.toMatchObject({ code: 'conflict' })]);
    order.close();
  });
});

describe('the watch over the network', () => {
  const config = pairConfigSchema.parse({
    pairId: 'pair-1234',
    version: 1,
    application: 'x',
    nodes: ['a', 'b'].map((id) => ({ id, name: id, address: 'h', fingerprint: 'f' })),
    links: [{ id: 'l', addresses: { a: '1', b: '2' } }],
    arbiter: { kind: 'manual' },
    resources: [{ id: 'vip', name: 'vip', kind: 'ip', address: '192.0.2.1/24', interfaces: { '*': 'eth9' } }],
    isolationAddresses: ['192.0.2.254', '192.0.2.253'],
  });

  it('tells of a lost network after three rounds, and when it is over', async () => {
    const clock = new FakeClock();
    const told: (string | null)[] = [];
    const state = { up: true, answering: ['192.0.2.253'] };
    const watch = watchNetwork({
      clock,
      probe: {
        isUp: async () => state.up,
        answers: async (address) => state.answering.includes(address),
      },
      onTrouble: (problem) => told.push(problem),
    });
    watch.configure(config, 'a');
    await clock.run(5_000);
    expect(told).toEqual([]);
    state.answering = [];
    await clock.run(1_500);
    expect(told).toEqual([]);
    await clock.run(3_000);
    expect(told).toEqual(['none of 192.0.2.254, 192.0.2.253 answers']);
    state.answering = ['192.0.2.254'];
    await clock.run(2_000);
    expect(told.at(-1)).toBeNull();
    state.up = false;
    await clock.run(4_000);
    expect(told.at(-1)).toBe('the network interface eth9 is down');
    watch.close();
    expect(told.at(-1)).toBeNull();
  });
});

describe('the fence agent', () => {
  const arbiter = (command: string[]) => ({ kind: 'fence-agent' as const, command });

  it('is believed only when it ends with 0', async () => {
    expect(await runFence(arbiter(['true']))).toBeNull();
    expect(await runFence(arbiter(['false']))).toContain('1');
    expect(await runFence(arbiter(['no-such-fence-agent']))).toContain('no-such-fence-agent');
    expect(await runFence({ kind: 'manual' })).not.toBeNull();
  });
});
