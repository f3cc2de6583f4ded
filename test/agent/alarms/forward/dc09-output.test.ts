import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Clock, systemClock } from '../../../../agent/adapters/clock.ts';
import { createDc09Output } from '../../../../agent/alarms/forward/dc09-output.ts';
import type { ForwardNote } from '../../../../agent/alarms/forward/notes.ts';
import type { Convert, Dc09Config } from '../../../../agent/alarms/forward/outgoing.ts';
import type { ArcOutput } from '../../../../agent/alarms/types.ts';
import { alarmOutputSchema } from '../../../../src/contract/index.ts';
import { type Arc, type ArcOptions, startArc } from '../../../support/arc.ts';
import { FakeClock } from '../../control/fake-clock.ts';
import { sampleEvent } from './samples.ts';

const keyHex = 'ABCD'.repeat(8);
const key = Buffer.from(keyHex, 'hex');
const always = () => true;
/** For those that wait for an answer in vain. */
const soon = { responseTimeoutMs: 500 };
const closing: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each.close();
});

interface Setting extends ArcOptions {
  readonly config?: Partial<Dc09Config>;
  readonly convert?: Convert;
}

async function setUp({ config = {}, convert = () => null, ...arcOptions }: Setting = {}): Promise<{
  arc: Arc;
  output: ArcOutput;
  notes: ForwardNote[];
}> {
  const arc = await startArc(arcOptions);
  closing.push(arc);
  const notes: ForwardNote[] = [];
  const output = outputTo(arc.port, config, notes, convert);
  return { arc, output, notes };
}

function outputTo(
  port: number,
  config: Partial<Dc09Config>,
  notes: ForwardNote[] = [],
  convert: Convert = () => null,
  clock: Clock = systemClock,
): ArcOutput {
  const parsed = alarmOutputSchema.parse({
    kind: 'dc09',
    id: 'arc',
    name: 'ARC',
    host: '127.0.0.1',
    port,
    responseTimeoutMs: 5_000,
    heartbeatSeconds: 0,
    ...config,
  });
  if (parsed.kind !== 'dc09') throw new Error('no DC-09');
  const deps = { clock, convert, onNote: (note: ForwardNote) => notes.push(note) };
  const output = createDc09Output(parsed, deps);
  closing.push(output);
  return output;
}

const event = sampleEvent('1234', 1, {
  data: '#1234|Nri1/BA501',
  extended: [
    { type: 'V', value: 'http://camera/1' },
    { type: 'M', value: '001122334455' },
  ],
  deviceTimeMs: Date.UTC(2026, 0, 2, 3, 4, 5),
});

describe('ARC over DC-09', () => {
  it('sends an event as it was received, under the account of its device, with its own time', async () => {
    const { arc, output } = await setUp({ config: { receiver: '2A', line: '7' } });
    expect(await output.send(event, 0, always)).toEqual({ outcome: 'acknowledged' });
    expect(arc.events).toMatchObject([
      {
        account: '1234',
        data: '#1234|Nri1/BA501',
        extended: ['Vhttp://camera/1', 'M001122334455'],
        format: 'SIA-DCS',
        receiver: '2A',
        line: '7',
        encrypted: false,
        timeMs: Date.UTC(2026, 0, 2, 3, 4, 5),
      },
    ]);
  });

  it('leaves links to pictures out when the ARC does not want them', async () => {
    const { arc, output } = await setUp({ config: { videoLinks: false } });
    await output.send(event, 0, always);
    expect(arc.events[0]?.extended).toEqual(['M001122334455']);
  });

  it('converts, and says once what it cannot convert', async () => {
    const convert: Convert = ({ content }) => (content.code === 'BA' ? '#1234|1130 01 501' : null);
    const { arc, output, notes } = await setUp({ config: { format: 'ADM-CID' }, convert });
    const strange = { ...event, content: { ...event.content, code: 'ZZ' } };
    await output.send(event, 0, always);
    await output.send({ ...strange, id: 'x' }, 0, always);
    await output.send({ ...strange, id: 'y', data: '#1234|ZZ2' }, 0, always);
    expect(arc.events.map(({ format, data }) => `${format} ${data}`)).toEqual([
      'ADM-CID #1234|1130 01 501',
      'SIA-DCS #1234|Nri1/BA501',
      'SIA-DCS #1234|ZZ2',
    ]);
    expect(notes.map(({ event: name }) => name)).toEqual(['alarm.not-converted']);
  });

  it.each(['tcp', 'udp'] as const)('encrypts over %s, and takes only an encrypted ACK', async (transport) => {
    const { arc, output } = await setUp({ key, config: { key: keyHex, transport, ...soon } });
    expect(await output.send(event, 0, always)).toEqual({ outcome: 'acknowledged' });
    expect(arc.events[0]).toMatchObject({ encrypted: true, data: '#1234|Nri1/BA501' });
    expect(Math.abs((arc.events[0]?.timeMs ?? 0) - Date.now())).toBeLessThan(5_000);
    arc.setFault('plain-ack');
    expect(await output.send({ ...event, id: 'b' }, 0, always)).toMatchObject({
      outcome: 'failed',
      problem: expect.stringContaining('without encryption'),
    });
  });

  it('takes no ACK that was closed with another key', async () => {
    const { output } = await setUp({ key, config: { key: '1234'.repeat(8), ...soon } });
    expect(await output.send(event, 0, always)).toMatchObject({ outcome: 'failed' });
  });

  it('numbers events one after the other, and keeps the number of one that is sent again', async () => {
    const { arc, output } = await setUp({ config: soon });
    const first = await sequenceOf(output, arc, 'a');
    expect(await sequenceOf(output, arc, 'b')).toBe((first % 9_999) + 1);
    const seen: string[] = [];
    arc.setFault(({ sequence }) => {
      seen.push(sequence);
      return seen.length < 3 ? 'silent' : null;
    });
    const again = { ...event, id: 'c', data: '#1234|BA3' };
    await output.send(again, 0, always);
    await output.send(again, 1, always);
    expect(await output.send(again, 2, always)).toEqual({ outcome: 'acknowledged' });
    expect(new Set(seen).size).toBe(1);
  });

  it.each(['duh', 'nak'] as const)('takes a %s as refused', async (fault) => {
    const { arc, output } = await setUp();
    arc.setFault(fault);
    expect(await output.send(event, 0, always)).toMatchObject({
      outcome: 'refused',
      problem: expect.stringContaining(fault.toUpperCase()),
    });
    arc.setFault(null);
    expect(await output.send(event, 0, always)).toEqual({ outcome: 'acknowledged' });
  });

  it('takes the time of an ARC that refuses ours, and says so', async () => {
    const { arc, output, notes } = await setUp({ key, config: { key: keyHex } });
    const aheadMs = 3_600_000;
    arc.setClockAhead(aheadMs);
    const strict = ({ timeMs }: { timeMs: number | null }) =>
      Math.abs((timeMs ?? 0) - Date.now() - aheadMs) > 20_000 ? 'nak' : null;
    arc.setFault(strict);
    expect(await output.send(event, 0, always)).toEqual({ outcome: 'acknowledged' });
    expect(await output.send({ ...event, id: 'b', data: '#1234|BA2' }, 0, always)).toEqual({
      outcome: 'acknowledged',
    });
    expect(notes).toMatchObject([
      { event: 'alarm.arc-time', text: expect.stringMatching(/3600 s ahead|3599 s ahead/) },
    ]);
  });

  it('stamps plain frames with the time of sending for an ARC that judges it, on all lanes', async () => {
    const { arc, output, notes } = await setUp();
    arc.setFault(({ timeMs }) => (Math.abs((timeMs ?? 0) - Date.now()) > 20_000 ? 'nak' : null));
    const results = await Promise.all(
      [0, 1, 2, 3].map((lane) => output.send(sampleEvent(`100${lane}`, 1), lane, always)),
    );
    expect(results.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 4 }, () => 'acknowledged'));
    expect(notes).toMatchObject([
      { event: 'alarm.arc-time', text: expect.stringContaining('time of sending') },
    ]);
  });

  it.each(['silent', 'lost', 'close', 'bad-crc'] as const)(
    'tells of a failure when the ARC is %s',
    async (fault) => {
      const { arc, output } = await setUp({ config: { responseTimeoutMs: 1_000 } });
      arc.setFault(fault);
      expect(await output.send(event, 0, always)).toMatchObject({ outcome: 'failed' });
      arc.setFault(null);
      expect(await output.send(event, 0, always)).toEqual({ outcome: 'acknowledged' });
      expect(arc.duplicates()).toBe(0);
    },
  );

  it('tells of a failure when nobody listens, and connects again', async () => {
    const { arc, output } = await setUp();
    await arc.shut();
    expect(await output.send(event, 0, always)).toMatchObject({ outcome: 'failed' });
    await arc.open();
    expect(await output.send(event, 0, always)).toEqual({ outcome: 'acknowledged' });
  });

  it('counts a late ACK for its own event and for no other', async () => {
    const { arc, output } = await setUp({ config: soon });
    arc.setFault({ slowMs: 800 });
    const late = output.send(event, 0, always);
    expect(await late).toMatchObject({ outcome: 'failed' });
    arc.setFault('silent');
    expect(await output.send({ ...event, id: 'other', data: '#1234|BA2' }, 0, always)).toMatchObject({
      outcome: 'failed',
    });
    const received = arc.received();
    expect(await output.send(event, 1, always)).toEqual({ outcome: 'acknowledged' });
    expect(arc.received()).toBe(received);
  });

  it('does not take an ACK of another account or sequence', async () => {
    const answers = ['"ACK"0000L0#1234[]', '"ACK"9999L0#9999[]'];
    const { port, close } = await listen((socket) => {
      socket.on('data', () => {
        for (const body of answers) socket.write(framed(body));
      });
    });
    closing.push({ close });
    const output = outputTo(port, soon);
    expect(await output.send(event, 0, always)).toMatchObject({ outcome: 'failed' });
  });

  it('is not disturbed by noise, and gives up a connection that only makes noise', async () => {
    const sockets: Socket[] = [];
    const { port, close } = await listen((socket) => {
      sockets.push(socket);
      socket.on('data', () => socket.write(Buffer.alloc(10_000, 'x')));
    });
    closing.push({ close });
    const output = outputTo(port, { attemptsMax: 1, ...soon });
    expect(await output.send(event, 0, always)).toMatchObject({
      outcome: 'failed',
      problem: expect.stringContaining('no DC-09'),
    });
    await output.send({ ...event, id: 'b' }, 0, always);
    expect(sockets).toHaveLength(2);
  });

  it('lets no frame leave that may not, and connects nowhere for it', async () => {
    const { arc, output } = await setUp();
    expect(await output.send(event, 0, () => false)).toMatchObject({ outcome: 'failed' });
    expect(arc.received()).toBe(0);
    expect(arc.connections()).toBe(0);
  });

  it('ends at once what is under way when it rests', async () => {
    const { arc, output } = await setUp({ config: { responseTimeoutMs: 60_000 } });
    output.work();
    arc.setFault('lost');
    const sent = output.send(event, 0, always);
    await vi.waitFor(() => expect(arc.received()).toBe(1), { timeout: 5_000 });
    output.rest();
    expect(await sent).toMatchObject({ outcome: 'failed' });
    await vi.waitFor(() => expect(arc.connections()).toBe(0), { timeout: 5_000 });
    expect(output.state().state).toBe('idle');
  });

  it('has one frame under way on each lane', async () => {
    const { arc, output } = await setUp({ config: { lanes: 3 } });
    arc.setFault({ slowMs: 100 });
    const results = await Promise.all(
      [0, 1, 2].map((lane) => output.send(sampleEvent(`100${lane}`, 1), lane, always)),
    );
    expect(results.map(({ outcome }) => outcome)).toEqual(['acknowledged', 'acknowledged', 'acknowledged']);
    expect(arc.connections()).toBe(3);
  });

  it('sends an event with characters that no frame can hold with blanks for them', async () => {
    const { arc, output } = await setUp();
    const odd = sampleEvent('1234', 7, {
      data: '#1234|Nri1/BA[5]\u0001\u007f',
      extended: [{ type: 'X', value: 'a\tb' }],
    });
    expect(await output.send(odd, 0, always)).toEqual({ outcome: 'acknowledged' });
    expect(arc.events).toMatchObject([{ data: '#1234|Nri1/BA 5   ' }]);
  });

  it('leaves out what was added when only that makes a frame too long', async () => {
    const { arc, output } = await setUp({ key, config: { key: keyHex } });
    const long = sampleEvent('1234', 8, { extended: [{ type: 'V', value: 'x'.repeat(2_500) }] });
    expect(await output.send(long, 0, always)).toEqual({ outcome: 'acknowledged' });
    expect(arc.events).toMatchObject([{ data: '#1234|Nri1/BA8', extended: [] }]);
  });

  it('refuses what fits no frame instead of trying it for ever', async () => {
    const { output } = await setUp();
    const huge = sampleEvent('1234', 1, { data: 'x'.repeat(5_000) });
    expect(await output.send(huge, 0, always)).toMatchObject({ outcome: 'refused' });
  });

  it('sends heartbeats under its own account while it works and is idle, and none while it rests', async () => {
    const arc = await startArc();
    closing.push(arc);
    const clock = new FakeClock();
    const config = { heartbeatSeconds: 30, account: '0FED', receiver: '3', line: '4' };
    const output = outputTo(arc.port, config, [], undefined, clock);
    expect(output.state().state).toBe('idle');
    output.work();
    await vi.waitFor(() => expect(output.state().state).toBe('connected'), { timeout: 5_000 });
    expect(arc.heartbeats()).toMatchObject([{ account: '0FED', receiver: '3', line: '4', sequence: '0000' }]);
    clock.advance(29_000);
    expect(await output.send(event, 0, always)).toEqual({ outcome: 'acknowledged' });
    await clock.run(29_000, 1_000);
    expect(arc.heartbeats()).toHaveLength(1);
    clock.advance(1_000);
    await vi.waitFor(() => expect(arc.heartbeats()).toHaveLength(2), { timeout: 5_000 });
    output.rest();
    expect(clock.pendingTimers).toBe(0);
  });

  it('sends encrypted heartbeats', async () => {
    const { arc, output } = await setUp({ key, config: { key: keyHex, heartbeatSeconds: 1 } });
    output.work();
    await vi.waitFor(() => expect(output.state().state).toBe('connected'), { timeout: 5_000 });
    expect(arc.heartbeats()[0]).toMatchObject({ encrypted: true });
  });

  it('takes an ARC that answers NAK to heartbeats for one that is there', async () => {
    const { arc, output } = await setUp({ config: { heartbeatSeconds: 1 } });
    arc.setHeartbeatFault('nak');
    output.work();
    await vi.waitFor(() => expect(output.state().state).toBe('connected'), { timeout: 5_000 });
    expect(await output.send(event, 0, always)).toEqual({ outcome: 'acknowledged' });
  });

  it('is failing when heartbeats are not answered, and connected when they are again', async () => {
    const { arc, output } = await setUp({ config: { heartbeatSeconds: 1, attemptsMax: 2, ...soon } });
    arc.setHeartbeatFault('silent');
    output.work();
    await vi.waitFor(() => expect(output.state()).toMatchObject({ state: 'failing' }), { timeout: 10_000 });
    expect(output.state().problem).toContain('no answer');
    arc.setHeartbeatFault(null);
    await vi.waitFor(() => expect(output.state().state).toBe('connected'), { timeout: 10_000 });
  });

  it('answers to UDP that nobody takes with a failure', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    const output = outputTo(port, { transport: 'udp' });
    expect(await output.send(event, 0, always)).toMatchObject({ outcome: 'failed' });
  });
});

async function sequenceOf(output: ArcOutput, arc: Arc, id: string): Promise<number> {
  await output.send({ ...event, id, data: `#1234|${id}` }, 0, always);
  return Number(arc.events.at(-1)?.sequence);
}

function framed(body: string): string {
  let crc = 0;
  for (const byte of Buffer.from(body)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(4, '0');
  return `\n${hex(crc)}${hex(body.length)}${body}\r`;
}

async function listen(onSocket: (socket: Socket) => void): Promise<{ port: number; close(): Promise<void> }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return {
    port: address.port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
