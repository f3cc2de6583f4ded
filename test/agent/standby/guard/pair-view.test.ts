/** What the page of the pair forecasts: what would really happen if the active died now. */
import { describe, expect, it } from 'vitest';
import { pairView } from '../../../../agent/standby/guard/pair-view.ts';
import { Desk } from '../machine-desk.ts';

function forecast(desk: Desk, monotonicMs: number): string {
  const now = { monotonicMs, utcMs: 1_700_000_000_000 + monotonicMs };
  return pairView({ state: desk.state, now, links: [], states: [], decisions: [] }).forecast;
}

describe('the forecast of a standby', () => {
  it('says how long it still waits after its start, and that an operator need not', () => {
    const desk = new Desk({ waitAfterStartSeconds: 60 }).becomeStandby();
    const startedAtMs = desk.state.startedAtMs ?? 0;
    expect(forecast(desk, startedAtMs + 20_000)).toContain('in 40 s at the earliest; bring in does not wait');
    expect(forecast(desk, startedAtMs + 60_000)).toContain('would take over after about 2.4 s');
  });

  it('says nothing of a wait where it would not take over by itself at all', () => {
    const triggers = { peerLost: false, network: true, resource: true, process: true, storage: true };
    const desk = new Desk({ waitAfterStartSeconds: 60, triggers }).becomeStandby();
    expect(forecast(desk, desk.state.startedAtMs ?? 0)).toContain('the trigger is switched off');
  });
});
