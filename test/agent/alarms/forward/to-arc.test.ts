/** The forwarder with real outputs and real ARCs: whatever they do, every event arrives, in order per account. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../../agent/adapters/clock.ts';
import { createForwarder } from '../../../../agent/alarms/forward/forwarder.ts';
import type { ForwardNote } from '../../../../agent/alarms/forward/notes.ts';
import { openOutput } from '../../../../agent/alarms/forward/open-output.ts';
import { alarmOutputSchema } from '../../../../src/contract/index.ts';
import { type Arc, startArc } from '../../../support/arc.ts';
import { memoryQueue, sampleEvent } from './samples.ts';

const closing: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each.close();
});

async function setUp(arcs: readonly Arc[], settings: Record<string, unknown> = {}) {
  closing.push(...arcs);
  const notes: ForwardNote[] = [];
  let settled = 0;
  const onNote = (note: ForwardNote) => notes.push(note);
  const forwarder = createForwarder({ clock: systemClock, onNote, onSettled: () => (settled += 1) });
  const outputs = arcs.map(({ port }, index) => {
    const common = { kind: 'dc09', id: `arc${index}`, name: `ARC ${index}`, host: '127.0.0.1', port };
    const config = alarmOutputSchema.parse({
      ...common,
      responseTimeoutMs: 1_000,
      heartbeatSeconds: 0,
      ...settings,
    });
    return openOutput(config, { clock: systemClock, convert: () => null, onNote });
  });
  forwarder.setOutputs(outputs);
  closing.push(forwarder);
  const queue = memoryQueue(systemClock);
  forwarder.start(queue, 1);
  forwarder.setDeadline(Number.POSITIVE_INFINITY);
  return { queue, forwarder, notes, settled: () => settled };
}

const accounts = ['1001', '1002', '1003', '1004', '1005', '1006'];
const perAccount = 50;
const events = Array.from({ length: perAccount }, (_, number) =>
  accounts.map((account) => sampleEvent(account, number)),
).flat();
const expected = (account: string) =>
  events.filter((event) => event.account === account).map(({ data }) => data);
const patience = { timeout: 20_000, interval: 20 };

function expectInOrder(arc: Arc): void {
  for (const account of accounts) expect(arc.byAccount.get(account), account).toEqual(expected(account));
}

describe('forwarding to an ARC', () => {
  it.each(['tcp', 'udp'])(
    'delivers all in order over %s, though some answers are lost',
    async (transport) => {
      const arc = await startArc();
      let frames = 0;
      arc.setFault(() => (++frames % 90 === 0 ? 'lost' : null));
      const { queue, settled } = await setUp([arc], { transport });
      queue.put(...events);
      await vi.waitFor(() => expect(settled()).toBe(events.length), patience);
      expectInOrder(arc);
      // A lost answer was none, so what came again for it is no duplicate of something acknowledged.
      expect(arc.duplicates()).toBe(0);
      expect(arc.received()).toBeGreaterThan(events.length);
    },
  );

  it('goes to the alternate when the ARC goes away under load, and nothing is lost', async () => {
    const [first, second] = [await startArc(), await startArc()];
    const { queue, settled, notes } = await setUp([first, second]);
    let taken = 0;
    first.setFault(() => {
      taken += 1;
      if (taken === 100) void first.shut();
      return taken >= 100 ? 'close' : null;
    });
    queue.put(...events);
    await vi.waitFor(() => expect(settled()).toBe(events.length), patience);
    for (const account of accounts) {
      const both = [...(first.byAccount.get(account) ?? []), ...(second.byAccount.get(account) ?? [])];
      expect(both, account).toEqual(expected(account));
    }
    expect(notes.map(({ event }) => event)).toEqual(['alarm.arc-failed', 'alarm.arc-switched']);
  });

  it('waits for an ARC that is away, without limit, and then delivers', async () => {
    const arc = await startArc();
    await arc.shut();
    const { queue, settled, forwarder } = await setUp([arc], { attemptsMax: 1 });
    queue.put(...events);
    await vi.waitFor(() => expect(forwarder.status().outputs[0]?.state).toBe('failing'), patience);
    expect(settled()).toBe(0);
    await arc.open();
    await vi.waitFor(() => expect(settled()).toBe(events.length), patience);
    expectInOrder(arc);
  });

  it('sends nothing more once it was stopped', async () => {
    const arc = await startArc();
    arc.setFault({ slowMs: 20 });
    const { queue, forwarder } = await setUp([arc]);
    queue.put(...events);
    await vi.waitFor(() => expect(arc.received()).toBeGreaterThan(20), patience);
    await forwarder.stop();
    await vi.waitFor(() => expect(arc.connections()).toBe(0), patience);
    const received = arc.received();
    queue.put(...accounts.map((account) => sampleEvent(account, 999)));
    // One that another output sends is the next that arrives.
    await setUp([arc]).then(({ queue: another }) => another.put(sampleEvent('2000', 1)));
    await vi.waitFor(() => expect(arc.received()).toBe(received + 1), patience);
    expect(arc.events.at(-1)).toMatchObject({ account: '2000' });
    expect(queue.settled.length).toBeLessThanOrEqual(received);
  });

  it('sends what one receiver did not settle when the next one starts', async () => {
    const arc = await startArc();
    arc.setFault({ slowMs: 5 });
    const { queue, forwarder, settled } = await setUp([arc]);
    queue.put(...events);
    await vi.waitFor(() => expect(arc.received()).toBeGreaterThan(100), patience);
    await forwarder.drain(5_000);
    const before = arc.received();
    expect(queue.settled).toHaveLength(before);
    forwarder.start(queue, 2);
    forwarder.setDeadline(Number.POSITIVE_INFINITY);
    await vi.waitFor(() => expect(settled()).toBe(events.length), patience);
    expectInOrder(arc);
    expect(arc.duplicates()).toBe(0);
  });
});
