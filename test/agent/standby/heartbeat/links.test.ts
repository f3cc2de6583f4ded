import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../agent/adapters/clock.ts';
import {
  createHeartbeatLinks,
  type HeartbeatLinks,
  type LinkProblem,
} from '../../../../agent/standby/heartbeat/links.ts';
import type { HeartbeatPacket } from '../../../../src/peer/heartbeat/codec.ts';
import { freePort } from '../../../support/node.ts';
import { quiet } from './quiet.ts';

const open: HeartbeatLinks[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((links) => links.close()));
});

const addresses: Record<string, string> = { a: '127.0.0.1', b: '127.0.0.2', c: '127.0.0.3' };

function node(id: 'a' | 'b' | 'c', peerId: 'a' | 'b', port: number, key = 'k') {
  const packets: HeartbeatPacket[] = [];
  const problems: LinkProblem[] = [];
  const links = createHeartbeatLinks({
    clock: systemClock,
    bootId: id.repeat(32),
    content: () => ({ sentAtMs: systemClock.monotonicMs(), ...quiet }),
    onPacket: (packet) => packets.push(packet),
    onProblem: (problem) => problems.push(problem),
  });
  open.push(links);
  const configure = () =>
    links.configure({ pairId: 'pair-12345678', key: Buffer.from(key.repeat(32)), selfId: id, peerId }, [
      { id: 'cable', addresses, port, intervalMs: 50, lostPacketsMax: 4 },
    ]);
  configure();
  return { links, packets, problems, configure };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('heartbeat links over UDP', () => {
  it('come up on both sides with a round trip, and go down when the peer is gone', async () => {
    const port = await freePort();
    const a = node('a', 'b', port);
    const b = node('b', 'a', port);
    await until(() => [a, b].every(({ links }) => links.status()[0]?.state === 'up'), 'both up');
    await until(() => (a.links.status()[0]?.roundTripMs ?? 1e9) < 1e3, 'a round trip');
    await b.links.close();
    await until(() => a.links.status()[0]?.state === 'down', 'a down');
    expect(a.problems).toEqual([]);
  });

  it('count and tell once who signs with another key, and who is not of the pair', async () => {
    const port = await freePort();
    const a = node('a', 'b', port);
    node('b', 'a', port, 'x');
    await until(() => (a.links.status()[0]?.refused ?? 0) > 3, 'refused packets');
    expect(a.problems.map(({ kind }) => kind)).toEqual(['key']);
    node('c', 'a', port);
    await until(() => a.problems.some(({ kind }) => kind === 'third-node'), 'the third node');
    expect(a.packets).toEqual([]);
    expect(a.links.status()[0]?.state).toBe('unknown');
  });

  it('refuse what is sent once more', async () => {
    const port = await freePort();
    const copies: Buffer[] = [];
    const a = node('a', 'b', port);
    const spy = createSocket('udp4');
    const b = node('b', 'a', port);
    await until(() => a.links.status()[0]?.state === 'up', 'up');
    await b.links.close();
    // In b's place: hears what a sends, and sends a its own words back.
    await new Promise<void>((resolve) => spy.bind(port, '127.0.0.2', resolve));
    spy.on('message', (bytes) => copies.push(bytes));
    await until(() => copies.length > 0, 'a packet of a');
    for (const bytes of copies.slice(0, 1)) spy.send(bytes, port, '127.0.0.1');
    await until(() => a.problems.some(({ kind }) => kind === 'reflected'), 'the reflection refused');
    await new Promise<void>((resolve) => spy.close(() => resolve()));
  });

  it('are tried again when their address is taken or missing', async () => {
    const port = await freePort();
    const taken = createSocket('udp4');
    await new Promise<void>((resolve) => taken.bind(port, '127.0.0.1', resolve));
    const a = node('a', 'b', port);
    const b = node('b', 'a', port);
    await until(() => a.problems.some(({ kind }) => kind === 'socket'), 'the problem');
    await new Promise<void>((resolve) => taken.close(() => resolve()));
    await until(() => b.links.status()[0]?.state === 'up', 'the link after all');
  });
});
