import { createServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../../agent/adapters/clock.ts';
import type { ForwardNote } from '../../../../agent/alarms/forward/notes.ts';
import { openOutput } from '../../../../agent/alarms/forward/open-output.ts';
import type { ArcOutput } from '../../../../agent/alarms/types.ts';
import { alarmOutputSchema } from '../../../../src/contract/index.ts';
import { type Automation, connectAutomation, startAutomation } from '../../../support/automation.ts';
import { sampleEvent } from '../forward/samples.ts';

const always = () => true;
const soon = { responseTimeoutMs: 500 };
const closing: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each.close();
});

const event = sampleEvent('1234', 1, { format: 'ADM-CID', data: '#1234|1130 01 015' });
const other = sampleEvent('1234', 2, { format: 'ADM-CID', data: '#1234|3130 01 015' });

function open(settings: Record<string, unknown>, notes: ForwardNote[] = []): ArcOutput {
  const config = alarmOutputSchema.parse({
    id: 'arc',
    name: 'Automation',
    responseTimeoutMs: 5_000,
    heartbeatSeconds: 0,
    ...settings,
  });
  const output = openOutput(config, {
    clock: systemClock,
    convert: ({ data }, to) => (to === 'ADM-CID' && data.includes('BA') ? '#1234|1131 02 007' : null),
    onNote: (note) => notes.push(note),
  });
  closing.push(output);
  return output;
}

async function client(
  settings: Record<string, unknown> = {},
): Promise<{ automation: Automation; output: ArcOutput }> {
  const automation = await startAutomation();
  closing.push(automation);
  const output = open({ kind: 'surgard-client', host: '127.0.0.1', port: automation.port, ...settings });
  return { automation, output };
}

describe('Sur-Gard as a client', () => {
  it('sends an event and takes 06h as its acknowledgement', async () => {
    const { automation, output } = await client();
    expect(await output.send(event, 0, always)).toEqual({ outcome: 'acknowledged' });
    expect(automation.events).toEqual(['1234 new 130 01 015']);
  });

  it('converts what came in another format', async () => {
    const { automation, output } = await client();
    expect(await output.send(sampleEvent('1234', 3), 0, always)).toEqual({ outcome: 'acknowledged' });
    expect(automation.events).toEqual(['1234 new 131 02 007']);
  });

  it('refuses what has no place in a line, such as a long account', async () => {
    const { output } = await client();
    expect(await output.send({ ...event, account: '123456' }, 0, always)).toMatchObject({
      outcome: 'refused',
      problem: expect.stringContaining('123456'),
    });
  });

  it('never takes a late 06h for another event: it connects anew after a silent one', async () => {
    const { automation, output } = await client(soon);
    automation.answer = 'silent';
    expect(await output.send(event, 0, always)).toMatchObject({ outcome: 'failed' });
    automation.acknowledge();
    expect(await output.send(other, 0, always)).toMatchObject({ outcome: 'failed' });
    automation.answer = 'ack';
    expect(await output.send(event, 0, always)).toEqual({ outcome: 'acknowledged' });
  });

  it('connects anew when more is answered than was asked', async () => {
    const { automation, output } = await client(soon);
    automation.answer = 'twice';
    expect(await output.send(event, 0, always)).toEqual({ outcome: 'acknowledged' });
    await vi.waitFor(() => expect(automation.connections()).toBe(0), { timeout: 5_000 });
    automation.answer = 'silent';
    expect(await output.send(other, 0, always)).toMatchObject({ outcome: 'failed' });
  });

  it('tries a NAK again, and takes the third for a refusal', async () => {
    const { automation, output } = await client();
    automation.answer = 'nak';
    const outcomes = [];
    for (let attempt = 0; attempt < 3; attempt += 1)
      outcomes.push((await output.send(event, 0, always)).outcome);
    expect(outcomes).toEqual(['failed', 'failed', 'refused']);
  });

  it('counts the NAKs of each event, also when two of them take turns', async () => {
    const { automation, output } = await client();
    automation.answer = 'nak';
    const outcomes = [];
    for (const each of [event, other, event, other, event, other])
      outcomes.push((await output.send(each, 0, always)).outcome);
    expect(outcomes).toEqual(['failed', 'failed', 'failed', 'failed', 'refused', 'refused']);
  });

  it('sends heartbeats while it works', async () => {
    const { automation, output } = await client({ heartbeatSeconds: 1 });
    output.work();
    await vi.waitFor(() => expect(automation.heartbeats()).toBeGreaterThanOrEqual(2), { timeout: 10_000 });
    expect(output.state().state).toBe('connected');
    expect(automation.events).toEqual([]);
  });

  it('sends nothing that may not leave', async () => {
    const { automation, output } = await client();
    expect(await output.send(event, 0, () => false)).toMatchObject({ outcome: 'failed' });
    expect(automation.connections()).toBe(0);
  });
});

describe('Sur-Gard as a server', () => {
  async function server(settings: Record<string, unknown> = {}, notes: ForwardNote[] = []) {
    const port = await freePort();
    const output = open({ kind: 'surgard-server', listenHost: '127.0.0.1', port, ...settings }, notes);
    return { port, output };
  }
  async function joined(port: number): Promise<Automation> {
    const automation = await vi.waitFor(() => connectAutomation(port), { timeout: 5_000 });
    closing.push(automation);
    return automation;
  }

  it('sends to the automation that connects, also when the event came before it', async () => {
    const { port, output } = await server();
    output.work();
    const sent = output.send(event, 0, always);
    const automation = await joined(port);
    expect(await sent).toEqual({ outcome: 'acknowledged' });
    expect(automation.events).toEqual(['1234 new 130 01 015']);
  });

  it('serves the newest connection, and ends the one before it', async () => {
    const notes: ForwardNote[] = [];
    const { port, output } = await server({}, notes);
    output.work();
    const first = await joined(port);
    expect(await output.send(event, 0, always)).toEqual({ outcome: 'acknowledged' });
    const second = await joined(port);
    await vi.waitFor(() => expect(first.connections()).toBe(0), { timeout: 5_000 });
    expect(await output.send(other, 0, always)).toEqual({ outcome: 'acknowledged' });
    expect(second.events).toEqual(['1234 restore 130 01 015']);
    expect(notes.map(({ event: name }) => name)).toContain('alarm.automation-replaced');
  });

  it('lets only those in that may', async () => {
    const notes: ForwardNote[] = [];
    const { port, output } = await server({ clients: ['192.0.2.1'] }, notes);
    output.work();
    const automation = await joined(port);
    await vi.waitFor(() => expect(automation.connections()).toBe(0), { timeout: 5_000 });
    expect(notes).toMatchObject([
      {
        event: 'alarm.automation-foreign',
        text: '127.0.0.1 may not connect as an automation: it is not among the clients',
      },
    ]);
  });

  it('tells in its state who was turned away, until somebody is let in', async () => {
    const { port, output } = await server({ clients: ['192.0.2.1'], heartbeatSeconds: 0, attemptsMax: 1 });
    output.work();
    await joined(port);
    const sent = await output.send(event, 0, always);
    expect(sent).toEqual({
      outcome: 'failed',
      problem: `no automation is connected to port ${port}; 127.0.0.1 was refused: it is not among the clients`,
    });
    expect(output.state()).toMatchObject({ state: 'failing', problem: expect.stringContaining('refused') });
  });

  it('says that only this machine may connect while no client is named', async () => {
    const { port, output } = await server();
    expect(await output.send(event, 0, always)).toMatchObject({
      problem: `no automation is connected to port ${port}: no client is named, so only this machine may connect`,
    });
  });

  it('does not listen while it rests', async () => {
    const { port, output } = await server();
    output.work();
    const automation = await joined(port);
    output.rest();
    await vi.waitFor(() => expect(automation.connections()).toBe(0), { timeout: 5_000 });
    await expect(connectAutomation(port)).rejects.toThrow('ECONNREFUSED');
    output.work();
    await joined(port);
  });

  it('says what keeps it from listening', async () => {
    const { port, output } = await server();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    expect(await output.send(event, 0, always)).toMatchObject({
      outcome: 'failed',
      problem: expect.stringContaining('EADDRINUSE'),
    });
    await new Promise<void>((resolve) => taken.close(() => resolve()));
    const sent = output.send(event, 0, always);
    await joined(port);
    expect(await sent).toEqual({ outcome: 'acknowledged' });
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
