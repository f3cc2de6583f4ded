import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  initialLink,
  type LinkState,
  linkHealth,
  nextPacket,
  receive,
} from '../../../../agent/standby/heartbeat/machine.ts';
import type { HeartbeatPacket } from '../../../../src/peer/heartbeat/codec.ts';
import { quiet } from './quiet.ts';

const boots = { a: 'a'.repeat(32), b: 'b'.repeat(32), b2: 'c'.repeat(32) };
const pairHash = '0'.repeat(32);

class End {
  state: LinkState;
  readonly id: string;
  readonly peerId: string;

  constructor(id: string, peerId: string, bootId: string) {
    this.id = id;
    this.peerId = peerId;
    this.state = initialLink(bootId);
  }

  send(nowMs: number, change: Partial<HeartbeatPacket> = {}): HeartbeatPacket {
    const { state, fields } = nextPacket(this.state, nowMs);
    this.state = state;
    return {
      ...fields,
      pairHash,
      linkId: 'cable',
      nodeId: this.id,
      sentAtMs: nowMs,
      ...quiet,
      ...change,
    };
  }

  hear(packet: HeartbeatPacket, nowMs: number): string {
    const identity = { pairHash, linkId: 'cable', selfId: this.id, peerId: this.peerId };
    const { state, verdict } = receive(this.state, packet, identity, nowMs);
    this.state = state;
    return verdict;
  }
}

function metAt(nowMs: number): { a: End; b: End } {
  const a = new End('a', 'b', boots.a);
  const b = new End('b', 'a', boots.b);
  a.hear(b.send(nowMs), nowMs);
  b.hear(a.send(nowMs), nowMs);
  expect(a.hear(b.send(nowMs), nowMs)).toBe('believed');
  expect(b.hear(a.send(nowMs), nowMs)).toBe('believed');
  return { a, b };
}

describe('a heartbeat link', () => {
  it('believes a boot only after it has echoed what was sent to it', () => {
    const a = new End('a', 'b', boots.a);
    const b = new End('b', 'a', boots.b);
    expect(a.hear(b.send(0), 0)).toBe('unproven');
    expect(b.hear(a.send(1), 1)).toBe('believed');
    expect(a.hear(b.send(2), 2)).toBe('believed');
  });

  it('never believes a packet twice, in whatever order they come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(80), fc.nat(2)), { minLength: 20, maxLength: 120 }),
        (deliveries) => {
          const { a, b } = metAt(0);
          const sent = Array.from({ length: 81 }, (_, index) => b.send(index));
          const believed = new Map<number, number>();
          for (const [index, repeats] of deliveries) {
            const packet = sent[index];
            for (let time = 0; packet && time <= repeats; time += 1) {
              const verdict = a.hear(packet, 100);
              if (verdict === 'believed' || verdict === 'late')
                believed.set(packet.seq, (believed.get(packet.seq) ?? 0) + 1);
            }
          }
          for (const times of believed.values()) expect(times).toBe(1);
        },
      ),
    );
  });

  it('refuses the recording of an earlier boot after a restart of either side', () => {
    const { a, b } = metAt(0);
    const recorded = Array.from({ length: 10 }, (_, index) => b.send(index));
    const b2 = new End('b', 'a', boots.b2);
    a.hear(b2.send(20), 20);
    b2.hear(a.send(21), 21);
    expect(a.hear(b2.send(22), 22)).toBe('believed');
    for (const packet of recorded) expect(a.hear(packet, 30)).toBe('replayed');
    const a2 = new End('a', 'b', 'd'.repeat(32));
    for (const packet of recorded) expect(a2.hear(packet, 40)).toBe('unproven');
    expect(linkHealth(a2.state, { intervalMs: 100, lostPacketsMax: 4 }, 40).state).toBe('unknown');
  });

  it('refuses a third node, another pair, another link and its own packets', () => {
    const { a, b } = metAt(0);
    expect(a.hear(b.send(1, { nodeId: 'c' }), 1)).toBe('third-node');
    expect(a.hear(b.send(1, { pairHash: '1'.repeat(32) }), 1)).toBe('pair');
    expect(a.hear(b.send(1, { linkId: 'service' }), 1)).toBe('other-link');
    expect(a.hear(a.send(1), 1)).toBe('reflected');
  });

  it('measures the round trip without the time that the peer held the echo', () => {
    const { a, b } = metAt(0);
    b.hear(a.send(1_000), 1_003);
    expect(a.hear(b.send(1_200), 1_205)).toBe('believed');
    expect(a.state.roundTripMs).toBe(205 - 197);
  });

  it('goes down after the allowed losses, counts them, and comes up again', () => {
    const config = { intervalMs: 100, lostPacketsMax: 4 };
    const { a, b } = metAt(0);
    for (let time = 100; time <= 1_000; time += 100) {
      const packet = b.send(time);
      if (time % 200 === 0) a.hear(packet, time);
    }
    const half = linkHealth(a.state, config, 1_000);
    expect(half).toMatchObject({ state: 'up' });
    expect(half.lossPercent).toBeGreaterThan(30);
    expect(linkHealth(a.state, config, 1_450).state).toBe('up');
    expect(linkHealth(a.state, config, 1_451).state).toBe('down');
    a.hear(b.send(2_000), 2_000);
    expect(linkHealth(a.state, config, 2_000).state).toBe('up');
  });
});
