/** Publishing an event: a duplicate counts once it has its place, and not before. */
import type { PubAck } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import { publishEvent } from '../../../../agent/spare/store/nats-stream.ts';
import { createDeadline } from '../../../../agent/standby/lease/deadline.ts';
import { ShiftedClock } from '../../alarms/intake/desk.ts';

const event = { account: '1234', fingerprint: 'f'.repeat(32), receivedMs: 1, body: '{}', bytes: 2 };

function publishing(answers: readonly Pick<PubAck, 'duplicate' | 'seq'>[]) {
  const clock = new ShiftedClock();
  const asked: unknown[] = [];
  const publish = async (_subject: string, _body: unknown, options: { msgID?: string } = {}) => {
    const answer = answers[Math.min(asked.push(options.msgID), answers.length) - 1];
    if (!answer) throw new Error('asked too often');
    return { stream: 'alarms', domain: '', ...answer };
  };
  const within = { clock, deadline: createDeadline(clock, 5_000, 'NATS') };
  return { clock, asked, published: publishEvent({ client: { publish } }, 'alarms', event, within) };
}

describe('an event on its way into the stream', () => {
  it('is new, or there already, as the servers say', async () => {
    expect(await publishing([{ duplicate: false, seq: 7 }]).published).toBe(false);
    expect(await publishing([{ duplicate: true, seq: 7 }]).published).toBe(true);
  });

  it('is asked for again while it has no place, with the same message id', async () => {
    const { published, asked } = publishing([
      { duplicate: true, seq: 0 },
      { duplicate: true, seq: 0 },
      { duplicate: true, seq: 9 },
    ]);
    expect(await published).toBe(true);
    expect(asked).toEqual([event.fingerprint, event.fingerprint, event.fingerprint]);
  });

  it('is not taken for safe when it never gets a place', async () => {
    const { published, clock, asked } = publishing([{ duplicate: true, seq: 0 }]);
    const failed = published.catch((error: { code?: string }) => error.code);
    await expect.poll(() => asked.length).toBeGreaterThan(0);
    clock.shift(5_001);
    expect(await failed).toBe('unavailable');
  });
});
