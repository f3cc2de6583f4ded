import { connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Desk,
  damaged,
  eventually,
  frameOf,
  openDesk,
  openPanel,
  type Panel,
  secretFrame,
} from './desk.ts';

const opened: Desk[] = [];
const panels: Panel[] = [];
afterEach(async () => {
  for (const panel of panels.splice(0)) panel.socket.destroy();
  for (const desk of opened.splice(0)) await desk.close();
});

async function desk(options: Parameters<typeof openDesk>[0] = {}): Promise<Desk> {
  const at = await openDesk(options);
  opened.push(at);
  return at;
}

async function panel({ port }: Desk): Promise<Panel> {
  const one = await openPanel(port);
  panels.push(one);
  return one;
}

const sequenceOf = (index: number) => String((index % 9_999) + 1).padStart(4, '0');
const heartbeat = (sequence: string) => frameOf({ id: 'NULL', sequence, data: '' });
const eventsOf = (at: Desk) => at.told.map(({ event, subject }) => `${event} ${subject}`);

/** A good device goes on being served. */
async function expectServed(at: Desk, device: Panel, sequence: string) {
  const before = device.answers.length;
  device.send(frameOf({ account: 'ABCD', sequence }));
  const answers = await device.answered(before + 1);
  expect(answers.at(-1)).toMatchObject({ id: 'ACK', sequence });
  expect(at.taken.at(-1)).toMatchObject({ account: 'ABCD', sequence });
}

describe('connections that waste time', () => {
  it('end when a frame is not finished in ten seconds, however steadily bytes drip', async () => {
    const at = await desk();
    const good = await panel(at);
    const slow = await panel(at);
    await expectServed(at, good, '0001');
    slow.send(heartbeat('0001'));
    await slow.answered(1);
    const frame = frameOf();
    let gone = false;
    void slow.closed.then(() => {
      gone = true;
    });
    // A byte more each second: what counts is when the frame began.
    for (let nth = 0; nth < 20 && !gone; nth += 1) {
      slow.socket.write(frame.subarray(nth, nth + 1));
      // Its answer shows that the byte before it has arrived.
      good.send(heartbeat(sequenceOf(nth)));
      await good.answered(nth + 2);
      at.clock.shift(1_000);
    }
    expect(at.intake.counts()).toMatchObject({ connectionsEnded: 1, refusedFrames: 1 });
    await slow.closed;
    expect(at.told.find(({ event }) => event === 'alarm.connection-ended')?.text).toContain('unfinished');
    await expectServed(at, good, '0002');
  });

  it('end when the first ten seconds bring no valid frame, and after five minutes without one', async () => {
    const at = await desk();
    const silent = await panel(at);
    const idle = await panel(at);
    idle.send(heartbeat('0001'));
    await idle.answered(1);
    at.clock.shift(11_000);
    await silent.closed;
    expect(at.intake.counts()).toMatchObject({ connections: 1, connectionsEnded: 1 });
    at.clock.shift(280_000);
    idle.send(heartbeat('0002'));
    await idle.answered(2);
    at.clock.shift(290_000);
    idle.send(heartbeat('0003'));
    await idle.answered(3);
    at.clock.shift(301_000);
    await idle.closed;
    expect(at.intake.counts()).toMatchObject({ connections: 0, connectionsEnded: 2 });
  });

  it('live on while they wait for us', async () => {
    const at = await desk();
    const held: (() => void)[] = [];
    at.take = () => new Promise((safe) => held.push(safe));
    const device = await panel(at);
    device.send(frameOf(), frameOf().subarray(0, 12));
    await eventually(() => expect(held).toHaveLength(1));
    at.clock.shift(400_000);
    for (const safe of held) safe();
    await device.answered(1);
    expect(at.intake.counts().connectionsEnded).toBe(0);
    device.send(frameOf().subarray(12));
    await eventually(() => expect(held).toHaveLength(2));
    for (const safe of held) safe();
  });

  it('end when they bring only garbage, and when too many of their frames are refused', async () => {
    const at = await desk();
    const garbage = await panel(at);
    const block = Buffer.alloc(16_384, 0x78);
    for (let count = 0; count < 5; count += 1) garbage.send(block);
    await garbage.closed;
    const forger = await panel(at);
    forger.send(
      ...Array.from({ length: 400 }, (_, index) => damaged(frameOf({ sequence: sequenceOf(index) }))),
    );
    await forger.closed;
    expect(at.intake.counts()).toMatchObject({ connectionsEnded: 2, refusedFrames: 201 });
    expect(at.told).toHaveLength(2);
    await expectServed(at, await panel(at), '0001');
  });

  it('end when somebody guesses keys, and the account keeps its share', async () => {
    const at = await desk();
    const guesses = Array.from({ length: 400 }, (_, index) =>
      secretFrame(at.clock.nowMs(), { sequence: sequenceOf(index) }, Buffer.alloc(16, index)),
    );
    const guesser = await panel(at);
    guesser.send(...guesses);
    await guesser.closed;
    expect(at.intake.counts().unopened).toBe(201);
    expect(at.taken).toEqual([]);
    expect(eventsOf(at)).toEqual(['alarm.key-wrong ABCD', 'alarm.connection-ended 127.0.0.1']);
    const device = await panel(at);
    device.send(secretFrame(at.clock.nowMs()));
    expect((await device.answered(1))[0]?.id).toBe('ACK');
  });

  it('end when they do not read their answers', async () => {
    const at = await desk({ limits: { accountPerSecond: 1e6, accountBurst: 1e6, unsentBytesMax: 1_000 } });
    const deaf = connect({ port: at.port, host: '127.0.0.1' });
    const gone = new Promise<void>((resolve) => deaf.on('close', () => resolve()));
    deaf.on('error', () => undefined);
    deaf.pause();
    const frames = Buffer.concat(Array.from({ length: 500 }, (_, index) => heartbeat(sequenceOf(index))));
    const pump = () => {
      while (!deaf.destroyed && deaf.write(frames));
    };
    deaf.on('drain', pump);
    pump();
    await eventually(() => expect(at.intake.counts().connectionsEnded).toBe(1));
    deaf.destroy();
    await gone;
  });
});

describe('too many connections', () => {
  it('of one address are not let in', async () => {
    const at = await desk({ limits: { connectionsPerAddressMax: 2 } });
    const good = await panel(at);
    await panel(at);
    const third = await panel(at);
    await third.closed;
    expect(at.intake.counts()).toMatchObject({ connections: 2, connectionsRefused: 1 });
    expect(eventsOf(at)).toEqual(['alarm.connections-full 127.0.0.1']);
    await expectServed(at, good, '0001');
    good.socket.destroy();
    await eventually(() => expect(at.intake.counts().connections).toBe(1));
    await expectServed(at, await panel(at), '0002');
  });

  it('in all cost the stranger its place that was silent longest, never a device of ours', async () => {
    const at = await desk({ limits: { connectionsMax: 3 } });
    const ours = await panel(at);
    await expectServed(at, ours, '0001');
    const old = await panel(at);
    await eventually(() => expect(at.intake.counts().connections).toBe(2));
    at.clock.shift(100);
    const young = await panel(at);
    await eventually(() => expect(at.intake.counts().connections).toBe(3));
    at.clock.shift(100);
    const newcomer = await panel(at);
    await old.closed;
    await expectServed(at, newcomer, '0002');
    await expectServed(at, ours, '0003');
    await expectServed(at, young, '0004');
    const tooMany = await panel(at);
    await tooMany.closed;
    expect(at.intake.counts()).toMatchObject({ connections: 3, connectionsRefused: 1 });
    expect(eventsOf(at)).toContain('alarm.connections-full all');
  });
});

describe('a flood', () => {
  it('of one account is not acknowledged above its share, is told once, and costs the others nothing', async () => {
    const at = await desk({ limits: { accountPerSecond: 10, accountBurst: 50 } });
    const loud = await panel(at);
    const good = await panel(at);
    loud.send(...Array.from({ length: 500 }, (_, index) => frameOf({ sequence: sequenceOf(index) })));
    await expectServed(at, good, '0001');
    await eventually(() => expect(at.intake.counts().flooded).toBeGreaterThan(400));
    const taken = at.taken.filter(({ account }) => account === '1234').length;
    expect(taken).toBeGreaterThanOrEqual(50);
    expect(taken + at.intake.counts().flooded).toBe(500);
    expect(eventsOf(at)).toEqual(['alarm.flood account 1234']);
    at.clock.shift(1_000);
    const before = loud.answers.length;
    loud.send(frameOf({ sequence: '0600' }));
    expect((await loud.answered(before + 1)).at(-1)?.sequence).toBe('0600');
  });

  it('of made-up accounts shares one share, and fills neither memory nor journal', async () => {
    const at = await desk({ limits: { unknownPerSecond: 10, unknownBurst: 300 } });
    const loud = await panel(at);
    const good = await panel(at);
    const accounts = Array.from({ length: 3_000 }, (_, index) => `F${String(index).padStart(5, '0')}`);
    loud.send(...accounts.map((account) => frameOf({ account })));
    await expectServed(at, good, '0001');
    await eventually(() => expect(at.intake.counts().flooded).toBeGreaterThan(2_500));
    expect(at.intake.counts().unknownAccounts + at.intake.counts().flooded).toBe(3_000);
    expect(at.told.length).toBeLessThan(60);
    at.clock.shift(10_000);
    loud.send(frameOf({ account: 'F99999' }));
    await eventually(() => expect(at.told.at(-1)?.event).toBe('alarm.events-held-back'));
    expect(at.told.at(-1)?.text).toMatch(/^\d+ more events/);
  });

  it('that the sink cannot follow is read no further than the bounds, and none of it is lost', async () => {
    const frames = 3_000;
    const at = await desk({
      limits: { accountPerSecond: 1e6, accountBurst: 1e6, underWayPerConnectionMax: 16, underWayMax: 40 },
    });
    const held: (() => void)[] = [];
    let most = 0;
    at.take = () =>
      new Promise((safe) => {
        held.push(safe);
        most = Math.max(most, at.intake.counts().underWay);
      });
    const devices = await Promise.all(Array.from({ length: 4 }, () => panel(at)));
    for (const device of devices) {
      device.send(...Array.from({ length: frames }, (_, index) => frameOf({ sequence: sequenceOf(index) })));
    }
    await eventually(() => expect(held).toHaveLength(40));
    const drain = setInterval(() => {
      for (const safe of held.splice(0)) safe();
    }, 0);
    const answers = await Promise.all(devices.map((device) => device.answered(frames)));
    clearInterval(drain);
    expect(most).toBeLessThanOrEqual(40);
    for (const each of answers) {
      expect(each.map(({ sequence }) => sequence)).toEqual(each.map((_, index) => sequenceOf(index)));
    }
    expect(at.intake.counts()).toMatchObject({ received: 4 * frames, underWay: 0 });
  });
});

describe('whatever bytes come', () => {
  const good = fc.constant('good' as const);
  const noise = fc.uint8Array({ maxLength: 300 });
  const shaped = fc
    .string({ unit: fc.constantFrom(...'\n\r\0"[]#|_*0123456789ABCDEFabcdefSIADCNULRL-'), maxLength: 200 })
    .map((text) => new Uint8Array(Buffer.from(text, 'latin1')));
  const spoiled = fc.integer({ min: 1, max: frameOf().length - 1 }).map((cut) => frameOf().subarray(0, cut));
  const forged = fc.constant(damaged(frameOf()));
  const items = fc.array(fc.oneof({ weight: 3, arbitrary: good }, noise, shaped, spoiled, forged), {
    minLength: 1,
    maxLength: 30,
  });

  it('each good frame among them is answered in order, and another connection is not disturbed', async () => {
    const at = await desk({ limits: { refusedPerSecond: 1e6, refusedBurst: 1e6, accountBurst: 1e6 } });
    const other = await panel(at);
    let served = 0;
    await fc.assert(
      fc.asyncProperty(items, fc.integer({ min: 1, max: 97 }), async (parts, chunkBytes) => {
        const device = await openPanel(at.port);
        const sequences: string[] = [];
        const bytes = Buffer.concat(
          // The last one shows that all before it was worked on.
          [...parts, 'good' as const].map((part) => {
            if (part !== 'good') return part;
            sequences.push(sequenceOf(sequences.length));
            return heartbeat(sequences.at(-1) ?? '');
          }),
        );
        for (let nth = 0; nth < bytes.length; nth += chunkBytes) {
          device.socket.write(bytes.subarray(nth, nth + chunkBytes));
        }
        const answers = await device.answered(sequences.length);
        device.socket.destroy();
        expect(answers.map(({ id, sequence }) => `${id} ${sequence}`)).toEqual(
          sequences.map((sequence) => `ACK ${sequence}`),
        );
        served += 1;
        await expectServed(at, other, sequenceOf(served));
      }),
      { numRuns: 60, interruptAfterTimeLimit: 8_000 },
    );
    expect(served).toBeGreaterThan(0);
    await eventually(() => expect(at.intake.counts()).toMatchObject({ connections: 1, underWay: 0 }));
  });
});
