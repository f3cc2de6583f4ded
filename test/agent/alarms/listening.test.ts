/** The DC-09 port as the settings want it: opened again when it was taken, kept open when only its rules change. */
import { describe, expect, it } from 'vitest';
import { zeroCounts } from '../../../agent/alarms/intake/counts.ts';
import type { Intake, IntakeOptions } from '../../../agent/alarms/intake/intake.ts';
import { createListening } from '../../../agent/alarms/listening.ts';
import { AppError } from '../../../src/errors.ts';
import { FakeClock, settled } from '../standby/resources/fakes.ts';

const at = { listenHost: '127.0.0.1', port: 6080, checkTime: true, forwardUnknown: true };

function world() {
  const clock = new FakeClock();
  const log: string[] = [];
  const state = { taken: false, counts: zeroCounts() };
  const open = async ({ listenHost: host, port, checkTime }: IntakeOptions): Promise<Intake> => {
    if (state.taken) throw new AppError('conflict', `port ${port} is taken`);
    log.push(`open ${host}:${port} ${checkTime}`);
    return {
      address: () => ({ host, port }),
      counts: () => ({ ...state.counts }),
      reconfigure: (settings) => log.push(`rules ${settings.checkTime}`),
      close: async () => void log.push(`close ${port}`),
    };
  };
  const listening = createListening(
    clock,
    {
      accounts: { find: () => null },
      sink: { take: async () => {}, heard: () => {} },
      takenBy: 'n-1',
      way: 'direct',
      categorise: () => ({ category: 'other', forward: true }),
      onEvent: ({ event }) => log.push(event),
    },
    open,
  );
  return { clock, log, state, listening };
}

describe('the port', () => {
  it('is opened, moved and closed as the settings say', async () => {
    const { listening, log } = world();
    await listening.configure(at);
    expect(listening.address()).toBe('127.0.0.1:6080');
    await listening.configure({ ...at, checkTime: false });
    await listening.configure({ ...at, port: 7000, checkTime: false });
    await listening.configure(null);
    expect(listening.address()).toBeNull();
    expect(log).toEqual([
      'open 127.0.0.1:6080 true',
      'rules false',
      'close 6080',
      'open 127.0.0.1:7000 false',
      'close 7000',
    ]);
  });

  it('that is taken is tried again, told once, and open as soon as it is free', async () => {
    const { listening, log, state, clock } = world();
    state.taken = true;
    await listening.configure(at);
    expect(listening.problem()).toBe('port 6080 is taken');
    await clock.advance(16_000);
    expect(log).toEqual(['alarm.not-listening']);
    state.taken = false;
    await clock.advance(5_000);
    await settled();
    expect(listening.address()).toBe('127.0.0.1:6080');
    expect(listening.problem()).toBeNull();
  });

  it('is not tried any more once nobody wants it', async () => {
    const { listening, log, state, clock } = world();
    state.taken = true;
    await listening.configure(at);
    await listening.close();
    state.taken = false;
    await clock.advance(60_000);
    expect(log).toEqual(['alarm.not-listening']);
  });

  it('keeps counting when it is moved', async () => {
    const { listening, state } = world();
    await listening.configure(at);
    state.counts = { ...zeroCounts(), received: 5, connections: 2 };
    await listening.configure({ ...at, port: 7000 });
    expect(listening.counts()).toMatchObject({ received: 10, connections: 2 });
  });
});
