import { describe, expect, it } from 'vitest';
import { createSystemCommands } from '../../../../../agent/standby/resources/processes/system-commands.ts';
import { createResourceRunner } from '../../../../../agent/standby/resources/runner.ts';
import { fakeRunner, nodeId, pairOf, resource } from '../fakes.ts';
import { canUse } from '../real.ts';

function rig(unit = 'nginx') {
  const config = { kind: 'service', id: 'web', unit, restartTriesMax: 0, stopTimeoutSeconds: 2 };
  const { clock, commands, failures, runner } = fakeRunner('linux', config);
  /** What `systemctl show` says, one after the other; the last one stays. */
  const says = (states: string[], load = 'loaded') => {
    commands.answer = (line) => {
      if (line.includes('LoadState')) return { output: `LoadState=${load}\n` };
      if (!line.includes('ActiveState')) return {};
      return { output: `ActiveState=${states.length > 1 ? states.shift() : states[0]}\n` };
    };
  };
  return { clock, commands, failures, runner, says };
}

describe('a systemd unit', () => {
  it('is started through systemctl, waited for, and stopped', async () => {
    const { clock, commands, runner, says } = rig();
    says(['activating', 'active']);
    const started = runner.start(1);
    await clock.advance(500);
    await started;
    expect(commands.lines[0]).toBe('systemctl start -- nginx.service');
    says(['deactivating', 'inactive']);
    const stopped = runner.stop();
    await clock.advance(500);
    await stopped;
    expect(commands.lines).toContain('systemctl stop -- nginx.service');
  });

  it('stops at once where systemd is not the manager: none of its units runs', async () => {
    const { commands, runner } = rig();
    commands.answer = (line) =>
      line === 'test -d /run/systemd/system' ? { code: 1 } : { code: 1, lastLines: 'x' };
    await runner.stop();
    await expect(runner.start(1)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('that cannot be asked about is not taken for stopped where systemd is the manager', async () => {
    const { commands, runner } = rig();
    commands.answer = (line) => (line.startsWith('test') ? {} : { code: 1, lastLines: 'no answer' });
    await expect(runner.stop()).rejects.toThrow('systemd does not tell about nginx.service');
  });

  it('keeps the ending that its name has', async () => {
    const { commands, runner, says } = rig('data.mount');
    says(['active']);
    await runner.start(1);
    expect(commands.lines[0]).toBe('systemctl start -- data.mount');
  });

  it('that fails is reported by the monitor', async () => {
    const { clock, runner, says, failures } = rig();
    says(['active']);
    await runner.start(1);
    says(['failed']);
    await clock.advance(1_001);
    expect(failures).toEqual([{ id: 'web', problem: 'nginx.service is failed, not active' }]);
  });

  it('that does not stop is reported at the deadline', async () => {
    const { clock, runner, says } = rig();
    says(['deactivating']);
    const stopped = expect(runner.stop()).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('web could not be stopped: stop did not end within 2 s'),
    });
    await clock.advance(3_000);
    await stopped;
  });

  it('that is not installed counts as stopped, and cannot be started', async () => {
    const { commands, runner, says } = rig();
    says(['inactive'], 'not-found');
    await runner.stop();
    expect(runner.states()[0]?.state).toBe('stopped');
    commands.answer = (line) =>
      line.includes('start')
        ? { code: 5, lastLines: 'Unit nginx.service not found.' }
        : { output: 'LoadState=not-found\n' };
    await expect(runner.start(1)).rejects.toThrow(
      'systemctl start nginx.service failed: Unit nginx.service not found.',
    );
  });
});

const hasSystemctl = canUse({ programs: { systemctl: 'systemd' } });

it.skipIf(!hasSystemctl)('a unit that the real systemctl does not know cannot be started', async () => {
  const runner = createResourceRunner({
    commands: createSystemCommands({ runDir: '/nowhere' }),
    clock: { nowMs: Date.now, monotonicMs: () => performance.now(), after: () => () => {} },
    recording: { start: async () => {}, stop: async () => {} },
    onEvent: () => {},
    platform: 'linux',
  });
  runner.configure(pairOf([resource({ kind: 'service', id: 'web', unit: 'hf-no-such-unit' })]), nodeId);
  await expect(runner.start(1)).rejects.toThrow(/web could not be started: systemctl start hf-no-such-unit/);
});
