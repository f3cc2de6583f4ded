import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Depacketizer } from '../../../../agent/media/rtp/depacketizer.ts';
import { TimestampUnwrapper } from '../../../../agent/media/rtp/timestamps.ts';
import { RtpTrack } from '../../../../agent/media/rtp/track.ts';
import { rtp } from './packets.ts';

class Payloads implements Depacketizer {
  readonly log: string[] = [];
  timestamp(ptsTicks: number): void {
    this.log.push(`t${ptsTicks}`);
  }
  payload(bytes: Uint8Array, start: number, end: number, marker: boolean): void {
    this.log.push(Buffer.from(bytes.slice(start, end)).toString('hex') + (marker ? '!' : ''));
  }
  lost(): void {
    this.log.push('lost');
  }
}

function track() {
  const payloads = new Payloads();
  const losses: number[] = [];
  const under = new RtpTrack({
    payloadType: 96,
    clockRate: 90_000,
    depacketizer: payloads,
    onLost: (packets) => losses.push(packets),
  });
  const push = (bytes: Uint8Array, arrivalMs = 0) => under.packet(bytes, 0, bytes.length, arrivalMs);
  const send = (sequence: number, options: Partial<Parameters<typeof rtp>[0]> = {}, arrivalMs = 0) =>
    push(rtp({ sequence, timestamp: 1, payload: Uint8Array.of(sequence & 0xff), ...options }), arrivalMs);
  return { under, payloads, losses, send, push, log: payloads.log };
}

describe('an RTP header', () => {
  it('may have contributors, an extension and padding', () => {
    const { push, log } = track();
    const plain = rtp({ sequence: 1, timestamp: 1, payload: Uint8Array.of(0xaa, 0xbb) });
    const head = plain.slice(0, 12);
    head[0] = 0xb2;
    push(Uint8Array.from([...head, ...Array(8).fill(7), 0xab, 0xac, 0, 1, 9, 9, 9, 9, 0xaa, 0xbb, 0, 0, 3]));
    expect(log).toEqual(['t1', 'aabb']);
  });

  it.each([
    ['too short', Uint8Array.of(0x80, 96, 0, 1)],
    ['another version', rtp({ sequence: 1, timestamp: 1, payload: Uint8Array.of(1) }).fill(0x40, 0, 1)],
    [
      'more contributors than bytes',
      rtp({ sequence: 1, timestamp: 1, payload: Uint8Array.of(1) }).fill(0x8f, 0, 1),
    ],
    [
      'an extension that is cut off',
      rtp({ sequence: 1, timestamp: 1, payload: Uint8Array.of(1) }).fill(0x90, 0, 1),
    ],
    [
      'more padding than bytes',
      rtp({ sequence: 1, timestamp: 1, payload: Uint8Array.of(99) }).fill(0xa0, 0, 1),
    ],
  ])('with %s is refused', (_name, bytes) => {
    const { push, log } = track();
    expect(push(bytes)).toBe(false);
    expect(log).toEqual([]);
  });

  it('of another payload type counts in the sequence but carries nothing', () => {
    const { send, log, losses } = track();
    send(1);
    send(2, { payloadType: 13 });
    send(3);
    expect(log).toEqual(['t1', '01', '03']);
    expect(losses).toEqual([]);
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        if (bytes.length > 0) bytes[0] = 0x80 | ((bytes[0] ?? 0) & 0x3f);
        track().push(bytes);
      }),
      { numRuns: 500 },
    );
  });
});

describe('sequence numbers', () => {
  it('tell how many packets are missing, also over the wrap', () => {
    const { send, losses, log, under } = track();
    send(65_533);
    send(65_535);
    send(2);
    expect(losses).toEqual([1, 2]);
    expect(log).toEqual(['t1', 'fd', 'lost', 'ff', 'lost', '02']);
    expect(under.packetsLost).toBe(3);
  });

  it('drop what comes twice or late', () => {
    const { send, log, losses } = track();
    for (const sequence of [10, 11, 11, 10, 12]) send(sequence);
    expect(log).toEqual(['t1', '0a', '0b', '0c']);
    expect(losses).toEqual([]);
  });

  it('that jump far mean a restarted sender: one loss, then on', () => {
    const { send, losses } = track();
    send(40_000);
    send(5);
    send(6);
    expect(losses).toEqual([1]);
  });
});

describe('another source', () => {
  it('takes over at once on a connection of its own', () => {
    const { send, log } = track();
    send(1);
    send(900, { source: 2 });
    expect(log).toEqual(['t1', '01', 'lost', '84']);
  });

  it('is no sender of this stream with a payload type of its own, such as a report on the wrong channel', () => {
    const { send, push, log, losses, under } = track();
    const report = Buffer.from('80c80006000012349e3b2c1d00000000000000010000000a00000f00', 'hex');
    expect(push(Uint8Array.from(report))).toBe(false);
    send(1);
    expect(push(Uint8Array.from(report))).toBe(false);
    expect(send(7_000, { source: 2, payloadType: 107 })).toBe(false);
    send(2);
    expect(log).toEqual(['t1', '01', '02']);
    expect(losses).toEqual([]);
    expect(under.source).toBe(0x1234);
  });

  it('is a dead session on UDP until the present one has been silent for a second', () => {
    const { under, send, log } = track();
    under.guardSource();
    send(1, {}, 1000);
    expect(send(900, { source: 2 }, 1500)).toBe(false);
    send(2, {}, 1600);
    expect(send(901, { source: 2 }, 2700)).toBe(true);
    expect(log).toEqual(['t1', '01', '02', 'lost', '85']);
  });

  it('is believed at once on UDP when the server announced it', () => {
    const { under, send } = track();
    under.guardSource();
    under.expectSource(2);
    send(1, {}, 1000);
    expect(send(900, { source: 2 }, 1001)).toBe(true);
    expect(send(2, {}, 1002)).toBe(false);
  });
});

describe('a reception report', () => {
  it('says loss, highest sequence, and the time since the sender report', () => {
    const { under, send } = track();
    expect(under.report(0)).toBeNull();
    send(65_535);
    send(1);
    expect(under.reportedAt(0x1234, 91, 0xabcd, 1000)).toBe(91);
    expect(under.reportedAt(0x9999, 91, 0xabcd, 1000)).toBeNull();
    expect(under.report(1500)).toEqual({
      source: 0x1234,
      fractionLost: Math.floor(256 / 3),
      packetsLost: 1,
      highestSequence: 0x10001,
      jitterTicks: 0,
      lastReport: 0xabcd,
      delaySinceLastReport: 32_768,
    });
    expect(under.report(1500)).toMatchObject({ fractionLost: 0, packetsLost: 1 });
  });

  it('has the jitter of arrival', () => {
    const { under, send } = track();
    for (let i = 0; i < 200; i++) send(i, { timestamp: i * 3600 }, i * 40 + (i % 2) * 10);
    expect(under.report(0)?.jitterTicks).toBeGreaterThan(800);
    expect(under.report(0)?.jitterTicks).toBeLessThan(1000);
  });
});

describe('timestamps', () => {
  it('grow over the wrap and go back where the sender does', () => {
    const unwrapper = new TimestampUnwrapper();
    const values = [0xffff_ff00, 0x100, 0x80, 0xffff_ff80, 0x200].map((t) => unwrapper.next(t | 0));
    expect(values).toEqual([0xffff_ff00, 0x1_0000_0100, 0x1_0000_0080, 0xffff_ff80, 0x1_0000_0200]);
    expect(unwrapper.peek(0x300)).toBe(0x1_0000_0300);
    expect(unwrapper.next(0x201)).toBe(0x1_0000_0201);
  });
});
