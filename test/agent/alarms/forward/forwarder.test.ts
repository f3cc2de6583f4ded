import { afterEach, describe, expect, it, vi } from 'vitest';
import { createForwarder, type Forwarder } from '../../../../agent/alarms/forward/forwarder.ts';
import type { ForwardNote } from '../../../../agent/alarms/forward/notes.ts';
import type { AlarmEvent, SendResult, Settlement } from '../../../../agent/alarms/types.ts';
import { FakeClock } from '../../control/fake-clock.ts';
import { type FakeOutput, fakeOutput, memoryQueue, sampleEvent } from './samples.ts';

const failed: SendResult = { outcome: 'failed', problem: 'no answer' };

function setUp(outputs: FakeOutput[] = [fakeOutput('a')], heldMax?: number) {
  const clock = new FakeClock();
  const notes: ForwardNote[] = [];
  const settled: { event: AlarmEvent; settlement: Settlement }[] = [];
  const forwarder = createForwarder({
    clock,
    onSettled: (event, settlement) => settled.push({ event, settlement }),
    onNote: (note) => notes.push(note),
    ...(heldMax === undefined ? {} : { heldMax }),
  });
  forwarder.setOutputs(outputs);
  running.push({ forwarder, clock });
  const queue = memoryQueue(clock);
  const go = () => {
    forwarder.start(queue, 1);
    forwarder.setDeadline(Number.POSITIVE_INFINITY);
  };
  /** Moves time until it holds. */
  const until = async (holds: () => boolean, ms = 200_000) => {
    for (let waited = 0; waited < ms && !holds(); waited += 100) await clock.run(100);
    expect(holds()).toBe(true);
  };
  return { clock, notes, settled, forwarder, queue, go, until };
}

const running: { forwarder: Forwarder; clock: FakeClock }[] = [];
afterEach(async () => {
  for (const { forwarder, clock } of running.splice(0)) {
    const closed = forwarder.close();
    await clock.run(1_000);
    await closed;
  }
});

const many = (account: string, count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => sampleEvent(account, from + index));
const dataOf = (events: readonly AlarmEvent[], account: string) =>
  events.filter((event) => event.account === account).map(({ data }) => data);

/** An answer that comes when the test says so. */
function held(): { promise: Promise<SendResult>; answer: (result: SendResult) => void } {
  let answer: (result: SendResult) => void = () => {};
  const promise = new Promise<SendResult>((resolve) => {
    answer = resolve;
  });
  return { promise, answer };
}

describe('forwarder', () => {
  it('sends in order per account and settles what was acknowledged', async () => {
    const output = fakeOutput('a');
    const { queue, go, settled, until } = setUp([output]);
    queue.put(...many('1111', 300), ...many('2222', 300));
    go();
    await until(() => settled.length === 600);
    expect(dataOf(output.sent, '1111')).toEqual(dataOf(many('1111', 300), '1111'));
    expect(dataOf(output.sent, '2222')).toEqual(dataOf(many('2222', 300), '2222'));
    expect(queue.settled).toHaveLength(600);
    expect(settled[0]?.settlement).toMatchObject({
      position: 1,
      outcome: 'acknowledged',
      output: 'a',
      attempts: 1,
    });
  });

  it('sends nothing before it has the right to, and nothing after it ran out', async () => {
    const output = fakeOutput('a');
    const { queue, forwarder, clock, until } = setUp([output]);
    queue.put(...many('1111', 10));
    forwarder.start(queue, 1);
    await clock.run(2_000);
    forwarder.setDeadline(clock.monotonicMs() - 1);
    await clock.run(2_000);
    expect(output.sent).toEqual([]);
    forwarder.setDeadline(clock.monotonicMs() + 1_000);
    await until(() => output.sent.length === 10);
    await clock.run(2_000);
    queue.put(...many('1111', 5, 11));
    await clock.run(5_000);
    expect(output.sent).toHaveLength(10);
    expect(output.working).toBe(false);
  });

  it('asks at the last moment whether the frame may leave', async () => {
    const gate = held();
    const output = fakeOutput('a', {
      async send(event, _lane, mayLeave) {
        await gate.promise;
        if (!mayLeave()) return { outcome: 'failed', problem: 'not sent' };
        output.sent.push(event);
        return { outcome: 'acknowledged' };
      },
    });
    const { queue, forwarder, clock, until, settled } = setUp([output]);
    queue.put(sampleEvent('1111', 1));
    forwarder.start(queue, 1);
    forwarder.setDeadline(1_000);
    await until(() => forwarder.status().underWay === 1, 1_000);
    await clock.run(2_000);
    gate.answer(failed);
    await clock.run(1_000);
    expect(output.sent).toEqual([]);
    // It was no failure of the ARC, so it goes at once with the next right.
    forwarder.setDeadline(Number.POSITIVE_INFINITY);
    await until(() => settled.length === 1, 1_000);
    expect(settled[0]?.settlement.attempts).toBe(1);
  });

  it('stops at once: what is under way is not settled and stays queued', async () => {
    const output = fakeOutput('a', { answer: () => held().promise });
    output.rest = () => {
      output.working = false;
    };
    const gate = held();
    output.answer = () => gate.promise;
    const { queue, go, forwarder, until, clock } = setUp([output]);
    queue.put(...many('1111', 2));
    go();
    await until(() => output.sent.length === 1);
    const stopped = forwarder.stop();
    gate.answer({ outcome: 'acknowledged' });
    await stopped;
    await clock.run(1_000);
    expect(output.sent).toHaveLength(1);
    expect(queue.settled).toEqual([]);
    expect(forwarder.status()).toMatchObject({ running: false, underWay: 0 });
  });

  it('still tells the queue of what was acknowledged just before it was stopped', async () => {
    const output = fakeOutput('a');
    const { queue, go, forwarder, until, clock } = setUp([output]);
    queue.put(...many('1111', 3));
    go();
    await until(() => forwarder.status().unsettled === 3 || queue.settled.length === 3, 20);
    const stopped = forwarder.stop();
    await clock.run(100);
    await stopped;
    expect(queue.settled).toHaveLength(3);
  });

  it('drains: finishes what is under way, settles it, starts nothing more', async () => {
    const gates: ReturnType<typeof held>[] = [];
    const output = fakeOutput('a', {
      answer: () => {
        const gate = held();
        gates.push(gate);
        return gate.promise;
      },
    });
    const { queue, go, forwarder, until, clock } = setUp([output]);
    queue.put(...many('1111', 3), ...many('2222', 3));
    go();
    await until(() => gates.length === 2);
    let drained = false;
    const drain = forwarder.drain(10_000).then(() => {
      drained = true;
    });
    await clock.run(500);
    expect(drained).toBe(false);
    for (const gate of gates) gate.answer({ outcome: 'acknowledged' });
    await clock.run(500);
    await drain;
    expect(output.sent).toHaveLength(2);
    expect(queue.settled).toHaveLength(2);
  });

  it('does not wait longer than allowed for an ARC that is silent', async () => {
    const gate = held();
    const output = fakeOutput('a', { answer: () => gate.promise });
    output.rest = () => gate.answer(failed);
    const { queue, go, forwarder, until, clock } = setUp([output]);
    queue.put(sampleEvent('1111', 1));
    go();
    await until(() => output.sent.length === 1);
    const drain = forwarder.drain(1_000);
    await clock.run(2_000);
    await drain;
    expect(queue.settled).toEqual([]);
  });

  it('goes to the alternate while events are under way, and keeps the order', async () => {
    const first = fakeOutput('a');
    const second = fakeOutput('b');
    const { queue, go, until, notes, settled } = setUp([first, second]);
    queue.put(...many('1111', 20), ...many('2222', 20));
    let count = 0;
    first.answer = () => (++count > 10 ? failed : { outcome: 'acknowledged' });
    go();
    await until(() => settled.length === 40);
    for (const account of ['1111', '2222']) {
      const acknowledged = settled
        .filter(({ event }) => event.account === account)
        .map(({ event }) => event.data);
      expect(acknowledged).toEqual(dataOf(many(account, 20), account));
    }
    expect(notes.map(({ event }) => event)).toEqual(['alarm.arc-failed', 'alarm.arc-switched']);
    expect(second.working).toBe(true);
    expect(new Set(settled.map(({ settlement }) => settlement.output))).toEqual(new Set(['a', 'b']));
  });

  it('takes new outputs while it runs and closes those that are gone', async () => {
    const first = fakeOutput('a', { answer: () => failed });
    const second = fakeOutput('b');
    const { queue, go, until, forwarder, settled } = setUp([first]);
    queue.put(...many('1111', 3));
    go();
    await until(() => first.sent.length > 0);
    forwarder.setOutputs([second]);
    await until(() => settled.length === 3);
    expect(first.closed).toBe(true);
    expect(second.sent).toHaveLength(3);
  });

  it('pulls nothing while there is no output', async () => {
    const { queue, go, clock, forwarder } = setUp([]);
    queue.put(...many('1111', 3));
    go();
    await clock.run(1_000);
    expect(forwarder.status().held).toBe(0);
  });

  it('opens the queue again after a pull whose answer was lost, and sends nothing twice', async () => {
    const output = fakeOutput('a');
    const { queue, go, until, settled } = setUp([output]);
    queue.fail.pull = 1;
    queue.put(...many('1111', 5));
    go();
    await until(() => settled.length === 5);
    queue.fail.pull = 1;
    queue.put(...many('1111', 5, 6));
    await until(() => settled.length === 10);
    expect(queue.opened).toBe(3);
    expect(output.sent).toHaveLength(10);
  });

  it('takes nothing twice that a second opening gives again', async () => {
    const gate = held();
    const output = fakeOutput('a', { answer: () => gate.promise });
    const { queue, go, until, settled, forwarder } = setUp([output]);
    queue.put(...many('1111', 3));
    go();
    await until(() => forwarder.status().held === 3);
    queue.fail.pull = 1;
    await until(() => queue.opened === 2);
    queue.put(sampleEvent('2222', 1));
    await until(() => output.sent.length === 2);
    expect(forwarder.status().held).toBe(4);
    gate.answer({ outcome: 'acknowledged' });
    await until(() => settled.length === 4);
    expect(output.sent).toHaveLength(4);
  });

  it('settles again when the queue did not take it, and does not send again for it', async () => {
    const output = fakeOutput('a');
    const { queue, go, until, settled, forwarder } = setUp([output]);
    queue.fail.settle = 3;
    queue.put(...many('1111', 5));
    go();
    await until(() => forwarder.status().problem !== null);
    await until(() => settled.length === 5);
    expect(output.sent).toHaveLength(5);
    expect(forwarder.status().problem).toBeNull();
  });

  it('stops sending while too much that was acknowledged cannot be settled', async () => {
    const output = fakeOutput('a', { lanes: 16 });
    const { queue, go, clock } = setUp([output]);
    queue.fail.settle = 1_000_000;
    for (let account = 0; account < 40; account += 1) queue.put(...many(String(1_000 + account), 100));
    go();
    await clock.run(20_000);
    expect(output.sent.length).toBeLessThanOrEqual(2_048);
    expect(output.sent.length).toBeGreaterThan(2_000);
  });

  it('stops by itself when the queue says that another one works', async () => {
    const output = fakeOutput('a');
    const { queue, go, until, forwarder, notes } = setUp([output]);
    queue.fail.code = 'not_active';
    queue.fail.settle = 1_000;
    queue.put(...many('1111', 2));
    go();
    await until(() => !forwarder.status().running);
    expect(notes.map(({ event }) => event)).toEqual(['alarm.forwarder-fenced']);
  });

  it('holds a bounded number of events of accounts that are held up, and still sends others', async () => {
    const output = fakeOutput('a', { lanes: 2 });
    output.answer = ({ account }) => (account === '1111' ? failed : { outcome: 'acknowledged' });
    const { queue, go, until, forwarder, clock } = setUp([output], 100);
    queue.put(...many('1111', 60), ...many('2222', 60));
    go();
    await until(() => dataOf(output.sent, '2222').length === 60);
    queue.put(...many('1111', 500, 61));
    await clock.run(10_000);
    expect(forwarder.status().held).toBeLessThanOrEqual(100);
  });

  it('keeps refused events as refused, with a note', async () => {
    const output = fakeOutput('a', { answer: () => ({ outcome: 'refused', problem: 'the ARC says DUH' }) });
    const { queue, go, until, settled, notes } = setUp([output]);
    queue.put(sampleEvent('1111', 1));
    go();
    await until(() => settled.length === 1);
    expect(settled[0]?.settlement).toMatchObject({ outcome: 'refused', problem: 'the ARC says DUH' });
    expect(notes.map(({ event }) => event)).toEqual(['alarm.event-refused']);
  });

  it('is not started twice, and can be started again with a later epoch', async () => {
    const { queue, go, forwarder, until, settled, clock } = setUp();
    go();
    expect(() => forwarder.start(queue, 2)).toThrow('runs already');
    await forwarder.stop();
    queue.put(sampleEvent('1111', 1));
    forwarder.start(queue, 2);
    await clock.run(2_000);
    // The right of the earlier epoch is none for this one.
    expect(settled).toEqual([]);
    forwarder.setDeadline(Number.POSITIVE_INFINITY);
    await until(() => settled.length === 1);
    expect(forwarder.status().epoch).toBe(2);
  });

  it('shows each output with what it did', async () => {
    const output = fakeOutput('a');
    const { queue, go, until, settled, forwarder } = setUp([output, fakeOutput('b')]);
    queue.put(...many('1111', 4));
    go();
    await until(() => settled.length === 4);
    expect(forwarder.status().outputs).toMatchObject([
      { id: 'a', state: 'connected', active: true, acknowledged: 4, failedAttempts: 0 },
      { id: 'b', state: 'idle', active: false, acknowledged: 0 },
    ]);
  });
});

vi.setConfig({ testTimeout: 20_000 });
