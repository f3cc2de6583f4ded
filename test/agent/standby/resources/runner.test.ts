import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ResourceEvent } from '../../../../agent/standby/resources/event.ts';
import { createResourceRunner } from '../../../../agent/standby/resources/runner.ts';
import type { PairConfig } from '../../../../src/contract/standby.ts';
import type { AppError } from '../../../../src/errors.ts';
import { FakeClock, FakeCommands, nodeId, pairOf, resource, script, settled } from './fakes.ts';

function rig(resources: PairConfig['resources']) {
  const clock = new FakeClock();
  const commands = new FakeCommands();
  const events: ResourceEvent[] = [];
  const recorded: string[] = [];
  const failures: { id: string; problem: string }[] = [];
  const runner = createResourceRunner({
    commands,
    clock,
    recording: {
      start: async (epoch) => void recorded.push(`start ${epoch}`),
      stop: async () => void recorded.push('stop'),
    },
    onEvent: (event) => events.push(event),
    platform: 'linux',
  });
  runner.onFailed((failure) => failures.push(failure));
  runner.configure(pairOf(resources), nodeId);
  const state = (id: string) => runner.states().find((each) => each.id === id);
  return { clock, commands, events, recorded, failures, runner, state };
}

const chain = [script('disk'), script('db', ['disk']), script('vip'), script('web', ['db', 'vip'])];

/** How a promise ended, once it has. */
function outcome(promise: Promise<void>): { done: boolean; error: AppError | null } {
  const seen: { done: boolean; error: AppError | null } = { done: false, error: null };
  promise.then(
    () => {
      seen.done = true;
    },
    (error: AppError) => {
      seen.done = true;
      seen.error = error;
    },
  );
  return seen;
}

describe('starting and stopping', () => {
  it('starts in order, what is independent at the same time, and stops in reverse', async () => {
    const { runner, commands, state } = rig(chain);
    await runner.start(1);
    const { lines } = commands;
    expect(lines.slice(0, 2).sort()).toEqual(['start disk', 'start vip']);
    expect(lines.slice(2)).toEqual(['start db', 'start web']);
    expect(runner.states().map((each) => each.state)).toEqual(['running', 'running', 'running', 'running']);
    commands.calls.length = 0;
    await runner.stop();
    expect(commands.lines[0]).toBe('stop web');
    expect(commands.lines.slice(1, 3).sort()).toEqual(['stop db', 'stop vip']);
    expect(commands.lines[3]).toBe('stop disk');
    expect(state('web')?.state).toBe('stopped');
  });

  it('stops everything when it knows nothing of what runs, and nothing twice', async () => {
    const { runner, commands } = rig(chain);
    expect(runner.states().every(({ state }) => state === 'unknown')).toBe(true);
    await runner.stop();
    expect(commands.lines.length).toBe(4);
    await runner.stop();
    expect(commands.lines.length).toBe(4);
  });

  it('takes back what it had started when one fails, names it, and keeps its problem', async () => {
    const { runner, commands, state } = rig(chain);
    commands.answer = (line) => (line === 'start db' ? { code: 3, lastLines: 'no such table' } : {});
    await expect(runner.start(1)).rejects.toMatchObject({
      message: 'db could not be started: start ended with code 3: no such table',
      details: { id: 'db' },
    });
    expect(commands.lines).not.toContain('start web');
    expect(commands.lines.indexOf('stop db')).toBeLessThan(commands.lines.indexOf('stop disk'));
    expect(commands.lines).toContain('stop vip');
    expect(state('db')).toMatchObject({ state: 'failed', problem: 'start ended with code 3: no such table' });
    expect(state('disk')?.state).toBe('stopped');
  });

  it('gives each action its time-out, and says which resource did not end', async () => {
    const { runner, commands, clock } = rig([script('slow', [], { startTimeoutSeconds: 3 })]);
    commands.answer = (line) => (line === 'start slow' ? 'hang' : {});
    const started = outcome(runner.start(1));
    await clock.advance(2_900);
    expect(started.done).toBe(false);
    await clock.advance(500);
    expect(started.error).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('slow could not be started: start did not end within 3 s'),
    });
  });

  it('tells of a stop that hangs at its deadline, stops what it can, and drops the addresses', async () => {
    const { runner, commands, clock } = rig([
      script('disk'),
      script('db', ['disk'], { stopTimeoutSeconds: 2 }),
      script('other', [], { stopTimeoutSeconds: 10 }),
      resource({ kind: 'ip', id: 'vip', address: '192.0.2.1/24', interfaces: { '*': 'eth0' } }),
    ]);
    commands.answer = (line) => (line === 'stop db' || line === 'stop other' ? 'hang' : { output: '[]' });
    const stopped = outcome(runner.stop());
    await clock.advance(2_400);
    expect(stopped.error).toMatchObject({
      message: expect.stringContaining('db could not be stopped: stop did not end within 2 s'),
      details: { id: 'db' },
    });
    expect(commands.lines).not.toContain('stop disk');
    expect(commands.lines).toContain('ip address delete 192.0.2.1/24 dev eth0');
  });

  it('tries again to stop what could not be stopped', async () => {
    const { runner, commands, state } = rig(chain);
    commands.answer = (line) => (line === 'stop db' ? { code: 1 } : {});
    await expect(runner.stop()).rejects.toMatchObject({ details: { id: 'db' } });
    expect(state('disk')?.state).toBe('unknown');
    commands.answer = () => ({});
    await runner.stop();
    expect(runner.states().every((each) => each.state === 'stopped')).toBe(true);
  });
});

describe('overtaking', () => {
  it('ends a start that is under way when a stop comes, and stops all of it', async () => {
    const { runner, commands, state } = rig(chain);
    commands.answer = (line) => (line === 'start db' ? 'hang' : {});
    const started = outcome(runner.start(1));
    await settled();
    await runner.stop();
    expect(started.error).toMatchObject({ code: 'conflict' });
    expect(commands.lines).toContain('stop db');
    expect(commands.lines).not.toContain('start web');
    expect(state('disk')?.state).toBe('stopped');
  });

  it('refuses a start that waits when another stop comes', async () => {
    const { runner, commands } = rig([script('a')]);
    let release: () => void = () => {};
    commands.answer = (line) =>
      line === 'stop a' ? new Promise((resolve) => (release = () => resolve({}))) : {};
    const first = outcome(runner.stop());
    await settled();
    const start = outcome(runner.start(2));
    const second = outcome(runner.stop());
    await settled();
    expect(start.error).toMatchObject({ code: 'conflict' });
    release();
    await settled();
    expect([first, second]).toEqual([
      { done: true, error: null },
      { done: true, error: null },
    ]);
    expect(commands.lines).toEqual(['stop a']);
  });

  it('starts after a stop that was already under way', async () => {
    const { runner, commands, state } = rig([script('a')]);
    const stopped = runner.stop();
    await Promise.all([stopped, runner.start(2)]);
    expect(commands.lines).toEqual(['stop a', 'start a']);
    expect(state('a')?.state).toBe('running');
  });

  it('never has a resource under way twice, nor one running whose needs are not, whatever is called when', async () => {
    const calls = fc.array(fc.tuple(fc.constantFrom('start', 'stop', 'drop'), fc.nat(400)), {
      maxLength: 12,
    });
    const delays = fc.infiniteStream(fc.tuple(fc.nat(300), fc.nat(9)));
    await fc.assert(
      fc.asyncProperty(calls, delays, async (steps, delay) => {
        const { runner, commands, clock, state } = rig(chain);
        const busy = new Set<string>();
        const up = new Set<string>();
        const problems: string[] = [];
        commands.answer = (line, { signal }) => {
          const [verb = '', id = ''] = line.split(' ');
          if (verb === 'monitor') return {};
          if (busy.has(id)) problems.push(`${line} while another action`);
          busy.add(id);
          if (verb === 'start') {
            const needs = chain.find((each) => each.id === id)?.after ?? [];
            if (!needs.every((need) => up.has(need))) problems.push(`${line} before its needs`);
            up.add(id);
          }
          const [ms = 0, luck = 0] = delay.next().value ?? [];
          return new Promise((resolve) => {
            const end = (code: number) => {
              busy.delete(id);
              if (verb === 'stop' && code === 0) up.delete(id);
              resolve({ code });
            };
            signal.addEventListener('abort', () => busy.delete(id));
            clock.after(ms, () => !signal.aborted && end(verb === 'start' && luck === 0 ? 1 : 0));
          });
        };
        for (const [call, ms] of steps) {
          const made =
            call === 'start' ? runner.start(1) : call === 'stop' ? runner.stop() : runner.dropAddresses();
          made.catch(() => undefined);
          await clock.advance(ms);
        }
        const last = outcome(runner.stop());
        await clock.advance(5_000);
        expect(last).toEqual({ done: true, error: null });
        expect(problems).toEqual([]);
        expect([...up]).toEqual([]);
        expect(state('disk')?.state).toBe('stopped');
      }),
      { numRuns: 60 },
    );
  });
});

describe('monitors', () => {
  const one = () => script('web', [], { restartTriesMax: 1 });

  it('look at each interval and leave a healthy resource alone', async () => {
    const { runner, commands, clock } = rig([one()]);
    await runner.start(1);
    await clock.advance(3_500);
    expect(commands.lines).toEqual(['start web', 'monitor web', 'monitor web', 'monitor web']);
    await runner.stop();
    commands.calls.length = 0;
    await clock.advance(10_000);
    expect(commands.lines).toEqual([]);
  });

  it('restart a failed one in place with what needs it, then report it, then try on with pauses', async () => {
    const { runner, commands, clock, failures, state } = rig([one(), script('top', ['web'])]);
    await runner.start(1);
    commands.calls.length = 0;
    commands.answer = (line) => (line === 'monitor web' ? { code: 7, lastLines: 'refused' } : {});
    await clock.advance(1_100);
    expect(commands.lines.filter((line) => !line.startsWith('monitor'))).toEqual([
      'stop top',
      'stop web',
      'start web',
      'start top',
    ]);
    expect(state('web')).toMatchObject({ state: 'running', restarts: 1 });
    expect(failures).toEqual([]);
    await clock.advance(1_100);
    expect(failures).toEqual([{ id: 'web', problem: 'monitor ended with code 7: refused' }]);
    expect(state('web')?.state).toBe('failed');
    commands.answer = () => ({});
    await clock.advance(5_100);
    expect(state('web')).toMatchObject({ state: 'running', problem: null });
    expect(failures.length).toBe(1);
  });

  it('count one that does not answer in time as failed', async () => {
    const { runner, commands, clock, failures } = rig([
      script('web', [], { restartTriesMax: 0, monitorTimeoutSeconds: 2 }),
    ]);
    await runner.start(1);
    commands.answer = (line) => (line === 'monitor web' ? 'hang' : {});
    await clock.advance(3_400);
    expect(failures).toMatchObject([
      { id: 'web', problem: expect.stringContaining('monitor did not end within 2 s') },
    ]);
  });

  it('report the one whose restart fails', async () => {
    const { runner, commands, clock, failures } = rig([one()]);
    await runner.start(1);
    commands.answer = (line) => (line.startsWith('monitor') || line.startsWith('start') ? { code: 1 } : {});
    await clock.advance(1_100);
    expect(failures).toEqual([{ id: 'web', problem: 'start ended with code 1' }]);
  });

  it('forgive failures that lie far apart', async () => {
    const { runner, commands, clock, failures, state } = rig([one()]);
    await runner.start(1);
    for (let round = 0; round < 3; round += 1) {
      commands.answer = (line) => (line === 'monitor web' ? { code: 1 } : {});
      await clock.advance(1_001);
      commands.answer = () => ({});
      await clock.advance(11 * 60_000);
    }
    expect(failures).toEqual([]);
    expect(state('web')).toMatchObject({ state: 'running', restarts: 3 });
  });

  it('stop mattering when the pair stops, even in the middle of a restart', async () => {
    const { runner, commands, clock, failures, state } = rig([one()]);
    await runner.start(1);
    commands.answer = (line) => (line === 'monitor web' ? { code: 1 } : line === 'start web' ? 'hang' : {});
    await clock.advance(1_100);
    await runner.stop();
    await clock.advance(60_000);
    expect(state('web')?.state).toBe('stopped');
    expect(failures).toEqual([]);
  });
});

describe('recording', () => {
  it('is told the epoch, and again when it changes while the rest goes on', async () => {
    const { runner, recorded, commands } = rig([
      script('disk'),
      resource({ kind: 'recording', id: 'rec', after: ['disk'] }),
    ]);
    await runner.start(4);
    await runner.start(4);
    await runner.start(5);
    await runner.stop();
    expect(recorded).toEqual(['start 4', 'start 5', 'stop']);
    expect(commands.lines).toEqual(['start disk', 'stop disk']);
  });
});

describe('settings', () => {
  it('with a circle are refused and nothing changes', async () => {
    const { runner } = rig([script('a')]);
    const circle = pairOf([script('a', ['b']), script('b', ['a'])]);
    expect(() => runner.configure(circle, nodeId)).toThrow('a -> b -> a');
    expect(runner.states().map(({ id }) => id)).toEqual(['a']);
  });

  it('cannot change what runs', async () => {
    const { runner } = rig([script('a')]);
    await runner.start(1);
    runner.configure(pairOf([script('a')]), nodeId);
    expect(() => runner.configure(pairOf([script('b')]), nodeId)).toThrow('cannot be changed now');
    await runner.stop();
    runner.configure(pairOf([script('b')]), nodeId);
    expect(runner.states().map(({ id }) => id)).toEqual(['b']);
  });

  it.each([
    [
      'no interface for this node',
      { kind: 'ip', id: 'v', address: '192.0.2.1/24', interfaces: { other: 'eth0' } },
    ],
    ['no prefix', { kind: 'ip', id: 'v', address: '192.0.2.1', interfaces: { '*': 'eth0' } }],
    ['a prefix too long', { kind: 'ip', id: 'v', address: '192.0.2.1/33', interfaces: { '*': 'eth0' } }],
    ['a zone', { kind: 'ip', id: 'v', address: 'fe80::1%eth0/64', interfaces: { '*': 'eth0' } }],
    [
      'an interface that is an option',
      { kind: 'ip', id: 'v', address: '192.0.2.1/24', interfaces: { '*': '-x' } },
    ],
    [
      'a relative mount point',
      { kind: 'volume', id: 'v', device: '/dev/x', mountPoint: 'x', fileSystem: 'ext4' },
    ],
    [
      'a device that is an option',
      { kind: 'volume', id: 'v', device: '-a', mountPoint: '/mnt/x', fileSystem: 'ext4' },
    ],
  ])('with %s are refused', (_, wanted) => {
    const { runner } = rig([]);
    expect(() => runner.configure(pairOf([resource(wanted)]), nodeId)).toThrow(
      expect.objectContaining({ code: 'invalid_input' }),
    );
  });
});
