import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseServiceState } from '../../../agent/adapters/windows-services.ts';
import { type FakeCommands, fakeRunner } from '../standby/resources/fakes.ts';

const output = (name: string) =>
  readFileSync(new URL(`../../../fixtures/windows/${name}.txt`, import.meta.url), 'utf8');

const rig = () => fakeRunner('win32', { kind: 'service', id: 'demo', unit: 'HoldfastDemo' });

/** Answers of `query`, one after the other; the last one stays. */
function queries(commands: FakeCommands, names: string[], others: Record<string, object> = {}): void {
  commands.answer = (line) => {
    const [, verb = ''] = line.split(' ');
    if (verb !== 'query') return others[verb] ?? {};
    const name = names.length > 1 ? names.shift() : names[0];
    return { output: output(`sc-query-${name}`) };
  };
}

describe('the state of a Windows service', () => {
  it.each([
    ['sc-query-running', 'running'],
    ['sc-query-stopped', 'stopped'],
    ['sc-query-start-pending', 'starting'],
    ['sc-query-stop-pending', 'stopping'],
    ['sc-query-paused', 'paused'],
    ['sc-query-shared-process', 'running'],
    ['sc-query-missing', 'unknown'],
  ])('in %s is %s', (name, state) => {
    expect(parseServiceState(output(name))).toBe(state);
  });

  it('is read where Windows speaks another language', () => {
    const german = output('sc-query-running').replace('STATE  ', 'STATUS').replace('TYPE', 'TYP ');
    expect(parseServiceState(german)).toBe('running');
  });
});

describe('a Windows service', () => {
  it('is waited for at start and at stop', async () => {
    const { clock, commands, runner } = rig();
    queries(commands, ['start-pending', 'start-pending', 'running']);
    const started = runner.start(1);
    await clock.advance(500);
    await started;
    expect(commands.lines).toEqual([
      'sc.exe start HoldfastDemo',
      'sc.exe query HoldfastDemo',
      'sc.exe query HoldfastDemo',
      'sc.exe query HoldfastDemo',
    ]);
    queries(commands, ['stop-pending', 'stopped']);
    const stopped = runner.stop();
    await clock.advance(500);
    await stopped;
    expect(runner.states()[0]?.state).toBe('stopped');
  });

  it('that runs already, or does not run, is left as it is', async () => {
    const { commands, runner } = rig();
    queries(commands, ['running'], {
      start: { code: 1056 },
      stop: { code: 1062, output: output('sc-stop-not-active') },
    });
    await runner.start(1);
    await runner.stop();
    expect(runner.states()[0]?.state).toBe('stopped');
  });

  it('that stops again while it starts is reported', async () => {
    const { clock, commands, runner } = rig();
    queries(commands, ['start-pending', 'stopped']);
    const started = expect(runner.start(1)).rejects.toThrow(
      'demo could not be started: the service HoldfastDemo is stopped, not running',
    );
    await clock.advance(1_000);
    await started;
  });

  it.each([
    [5, 'sc-start-denied', 'unavailable'],
    [1060, 'sc-query-missing', 'not_found'],
  ])('that cannot be started (%i) is reported', async (code, name, errorCode) => {
    const { commands, runner } = rig();
    commands.answer = (line) =>
      line.includes(' start ') ? { code, lastLines: output(name) } : { code: 1062 };
    await expect(runner.start(1)).rejects.toMatchObject({ code: errorCode });
  });

  it('that stopped by itself is started again', async () => {
    const { clock, commands, runner } = rig();
    queries(commands, ['running']);
    await runner.start(1);
    queries(commands, ['stopped', 'stopped', 'running'], { stop: { code: 1062 } });
    await clock.advance(1_001);
    await clock.advance(500);
    expect(commands.lines).toContain('sc.exe stop HoldfastDemo');
    expect(commands.lines.filter((line) => line === 'sc.exe start HoldfastDemo').length).toBe(2);
  });
});
