import { afterEach, describe, expect, it } from 'vitest';
import { timestampAt } from '../../../../agent/alarms/dc09/timestamp.ts';
import type { AlarmEvent } from '../../../../agent/alarms/types.ts';
import { decimalLength, vectors, wired } from '../dc09/vectors.ts';
import {
  askByUdp,
  cipherOf,
  type Desk,
  damaged,
  eventually,
  frameOf,
  key,
  keyHex,
  openDesk,
  openPanel,
  type Panel,
  secretFrame,
} from './desk.ts';

const closing: { close(): Promise<void> }[] = [];
const panels: Panel[] = [];
afterEach(async () => {
  for (const panel of panels.splice(0)) panel.socket.destroy();
  for (const desk of closing.splice(0)) await desk.close();
});

async function desk(options: Parameters<typeof openDesk>[0] = {}): Promise<Desk> {
  const opened = await openDesk(options);
  closing.push(opened);
  return opened;
}

async function panel({ port }: Desk): Promise<Panel> {
  const opened = await openPanel(port);
  panels.push(opened);
  return opened;
}

const heartbeat = (fields = {}) => frameOf({ id: 'NULL', sequence: '7777', data: '', ...fields });

/** What is answered to frames before a heartbeat is: silence shows by the heartbeat's answer being the first. */
async function answersTo(at: Desk, ...frames: readonly Uint8Array[]) {
  const device = await panel(at);
  device.send(...frames, heartbeat());
  await eventually(() => expect(device.answers.at(-1)?.sequence).toBe('7777'));
  return device.answers.slice(0, -1);
}

/** A sink that holds each event until it is told to go on. */
function holding(at: Desk) {
  const held: { event: AlarmEvent; safe: () => void; fail: (why: Error) => void }[] = [];
  at.take = (event) => new Promise((safe, fail) => held.push({ event, safe, fail }));
  return held;
}

/** A panel whose events are all held. */
async function heldFrom(at: Desk, ...frames: readonly Uint8Array[]) {
  const held = holding(at);
  const device = await panel(at);
  device.send(...frames);
  await eventually(() => expect(held).toHaveLength(frames.length));
  return { held, device };
}

describe('what a device is answered', () => {
  it('is ACK with its sequence, receiver, line and account, and the event is kept whole', async () => {
    const at = await desk();
    const time = timestampAt(1_700_000_000_000);
    const extended = [
      { type: 'V', value: 'https://video.example/7' },
      { type: 'Q', value: 'whatever' },
    ];
    const sent = frameOf({ sequence: '0042', receiver: 'F3', line: '77', timestamp: time, extended });
    const [answer] = await answersTo(at, sent);
    expect(answer).toMatchObject({
      id: 'ACK',
      sequence: '0042',
      receiver: 'F3',
      line: '77',
      account: '1234',
    });
    expect(answer?.encrypted).toBe(false);
    const [event] = at.taken;
    expect(event).toMatchObject({
      kind: 'device',
      account: '1234',
      known: true,
      format: 'SIA-DCS',
      sequence: '0042',
      data: '#1234|Nri1/BA7',
      extended,
      content: { code: 'BA', qualifier: 'new', area: '1', zone: '7' },
      category: 'burglary',
      deviceTimeMs: time.utcMs,
      way: 'direct',
      encrypted: false,
      takenBy: 'receiver-1',
      forward: true,
    });
    expect(event?.source).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(event?.fingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(event?.id).toBe(`${event?.fingerprint}-${event?.receivedMs.toString(36)}`);
    expect(`\n${event?.raw}\r`).toBe(Buffer.from(sent).toString('latin1'));
  });

  it('comes after the event is safe, never before', async () => {
    const at = await desk();
    const { held, device } = await heldFrom(at, frameOf());
    // Whatever comes on the same connection would overtake an answer that is not due.
    const other = await panel(at);
    other.send(heartbeat());
    await other.answered(1);
    expect(device.answers).toEqual([]);
    held[0]?.safe();
    expect((await device.answered(1))[0]).toMatchObject({ id: 'ACK', sequence: '0001' });
  });

  it('does not come when the event could not be made safe, and comes when it is sent again', async () => {
    const at = await desk();
    const device = await panel(at);
    at.take = () => Promise.reject(new Error('the disk is full'));
    device.send(frameOf(), heartbeat());
    expect((await device.answered(1))[0]?.sequence).toBe('7777');
    expect(at.intake.counts()).toMatchObject({ notStored: 1, received: 0, underWay: 0 });
    expect(at.told.find(({ event }) => event === 'alarm.not-stored')?.text).toContain('the disk is full');
    at.take = async () => undefined;
    device.send(frameOf());
    expect((await device.answered(2))[1]).toMatchObject({ id: 'ACK', sequence: '0001' });
  });

  it('keeps the order of the frames, whichever becomes safe first', async () => {
    const at = await desk();
    const held = holding(at);
    const device = await panel(at);
    const sequences = ['0001', '0002', '0003', '0004', '0005'];
    device.send(...sequences.map((sequence) => frameOf({ sequence })), heartbeat());
    await eventually(() => expect(held).toHaveLength(5));
    for (const each of held.toReversed()) each.safe();
    const answers = await device.answered(6);
    expect(answers.map(({ sequence }) => sequence)).toEqual([...sequences, '7777']);
  });

  it('leaves out the one that failed among others', async () => {
    const at = await desk();
    const frames = ['0001', '0002', '0003'].map((sequence) => frameOf({ sequence }));
    const { held, device } = await heldFrom(at, ...frames);
    held[2]?.safe();
    held[1]?.fail(new Error('no'));
    held[0]?.safe();
    expect((await device.answered(2)).map(({ sequence }) => sequence)).toEqual(['0001', '0003']);
  });

  it('is ACK again to one that is sent again, with the same fingerprint for whoever sorts them out', async () => {
    const at = await desk();
    const answers = await answersTo(at, frameOf(), frameOf());
    expect(answers.map(({ id }) => id)).toEqual(['ACK', 'ACK']);
    expect(new Set(at.taken.map(({ fingerprint }) => fingerprint)).size).toBe(1);
  });

  it('still arrives when the device closes its half after the event', async () => {
    const at = await desk();
    const held = holding(at);
    const device = await panel(at);
    device.socket.end(frameOf());
    await eventually(() => expect(held).toHaveLength(1));
    held[0]?.safe();
    expect((await device.answered(1))[0]?.id).toBe('ACK');
    await device.closed;
  });

  it('is an encrypted ACK with our time to an encrypted event, which is kept decrypted', async () => {
    const at = await desk();
    const nowMs = at.clock.nowMs();
    const extended = [{ type: 'V', value: 'rtsp://camera/1' }];
    const [answer] = await answersTo(at, secretFrame(nowMs, { sequence: '0815', extended }));
    expect(answer).toMatchObject({ id: 'ACK', encrypted: true, sequence: '0815', account: 'ABCD' });
    expect(Math.abs((answer?.timestamp?.utcMs ?? 0) - nowMs)).toBeLessThan(5_000);
    const time = timestampAt(nowMs).text;
    expect(at.taken[0]).toMatchObject({ account: 'ABCD', encrypted: true, data: '#ABCD|Nri1/BA7', extended });
    expect(at.taken[0]?.raw).toMatch(/"\*SIA-DCS"0815L0#ABCD\[#ABCD\|Nri1\/BA7\]\[Vrtsp:\/\/camera\/1\]_/);
    expect(at.taken[0]?.raw.endsWith(`_${time}`)).toBe(true);
  });

  it('is ACK to a heartbeat, which is no event', async () => {
    const at = await desk();
    const [answer, secret] = await answersTo(
      at,
      heartbeat({ sequence: '0000' }),
      secretFrame(at.clock.nowMs(), { id: 'NULL', sequence: '0000', data: '' }),
    );
    expect(answer).toMatchObject({ id: 'ACK', sequence: '0000', encrypted: false });
    expect(secret).toMatchObject({ id: 'ACK', encrypted: true });
    expect(at.taken).toEqual([]);
    expect(at.heard).toEqual(['1234', 'ABCD', '1234']);
    expect(at.intake.counts()).toMatchObject({ heartbeats: 3, received: 0 });
  });

  it.each([
    ['a kind that is not known', { id: 'ACR-SF' }],
    ['an event with nothing in it', { data: '' }],
    ['a disabled account', { account: 'DDDD' }],
    ['no account', { account: '', data: 'Nri1/BA1' }],
  ])('is DUH to %s', async (_, fields) => {
    const at = await desk();
    const [answer] = await answersTo(at, frameOf(fields));
    expect(answer).toMatchObject({ id: 'DUH', sequence: '0001' });
    expect(at.taken).toEqual([]);
    expect(at.intake.counts().notProcessed).toBe(1);
    expect(at.told.map(({ event }) => event)).toEqual(['alarm.not-processed']);
  });

  it('keeps and flags an unknown account, forwards it only when told to, and tells it once an hour', async () => {
    const at = await desk();
    const stranger = { account: '9999' };
    const frames = ['0001', '0002'].map((sequence) => frameOf({ ...stranger, sequence }));
    expect((await answersTo(at, ...frames)).map(({ id }) => id)).toEqual(['ACK', 'ACK']);
    expect(at.taken.map(({ known, forward }) => ({ known, forward }))).toEqual([
      { known: false, forward: false },
      { known: false, forward: false },
    ]);
    expect(at.heard).toEqual(['1234']);
    expect(at.told.map(({ event, subject }) => `${event} ${subject}`)).toEqual([
      'alarm.unknown-account 9999',
    ]);
    at.intake.reconfigure({ forwardUnknown: true });
    at.clock.shift(3_600_000);
    await answersTo(at, frameOf({ ...stranger, sequence: '0003' }));
    expect(at.taken[2]).toMatchObject({ known: false, forward: true });
    expect(at.told.filter(({ event }) => event === 'alarm.unknown-account')).toHaveLength(2);
  });

  it('is NAK with our time to an encrypted message outside the window, and none is taken', async () => {
    const at = await desk();
    const nowMs = at.clock.nowMs();
    const late = secretFrame(nowMs - 45_000);
    const early = secretFrame(nowMs + 25_000);
    const timeless = secretFrame(nowMs, { timestamp: null });
    const answers = await answersTo(at, late, early, timeless);
    expect(answers).toHaveLength(3);
    for (const answer of answers) {
      expect(answer).toMatchObject({ id: 'NAK', encrypted: false, sequence: '0000' });
      expect(Math.abs((answer.timestamp?.utcMs ?? 0) - nowMs)).toBeLessThan(5_000);
    }
    expect(at.taken).toEqual([]);
    expect(at.heard).toEqual(['1234']);
    expect(at.intake.counts().outsideWindow).toBe(3);
    expect(at.told.map(({ event }) => event)).toEqual(['alarm.clock-wrong']);
    const within = [secretFrame(nowMs - 30_000), secretFrame(nowMs + 10_000)];
    expect((await answersTo(at, ...within)).map(({ id }) => id)).toEqual(['ACK', 'ACK']);
  });

  it('does not depend on the time of a plain message, nor of any when that is not to be checked', async () => {
    const at = await desk();
    const old = timestampAt(at.clock.nowMs() - 86_400_000);
    expect((await answersTo(at, frameOf({ timestamp: old })))[0]?.id).toBe('ACK');
    at.intake.reconfigure({ checkTime: false });
    expect((await answersTo(at, secretFrame(old.utcMs)))[0]?.id).toBe('ACK');
  });
});

describe('what is met with silence', () => {
  it('is a wrong key, a missing key and an encrypted stranger; each is told once', async () => {
    const at = await desk();
    const nowMs = at.clock.nowMs();
    const wrong = Buffer.alloc(16, 1);
    const answers = await answersTo(
      at,
      secretFrame(nowMs, {}, wrong),
      secretFrame(nowMs, { sequence: '0002' }, wrong),
      secretFrame(nowMs, { account: '1234' }),
      secretFrame(nowMs, { account: '9999' }),
    );
    expect(answers).toEqual([]);
    expect(at.taken).toEqual([]);
    expect(at.intake.counts().unopened).toBe(4);
    expect(at.told.map(({ event, subject }) => `${event} ${subject}`)).toEqual([
      'alarm.key-wrong ABCD',
      'alarm.key-wrong 1234',
      'alarm.key-wrong 9999',
    ]);
    expect(JSON.stringify(at.told).toUpperCase()).not.toContain(keyHex.slice(0, 8));
  });

  it('is a plain message of an account that must encrypt, a heartbeat as well', async () => {
    const at = await desk();
    const plain = { account: 'EEEE' };
    expect(await answersTo(at, frameOf(plain), heartbeat({ ...plain, sequence: '0002' }))).toEqual([]);
    expect(at.heard).toEqual(['1234']);
    expect(at.intake.counts().plainRefused).toBe(2);
    expect(at.told.map(({ event }) => event)).toEqual(['alarm.plain-refused']);
    expect((await answersTo(at, secretFrame(at.clock.nowMs(), plain)))[0]?.id).toBe('ACK');
  });

  it('is a bad CRC, noise, and what is too long; the next frame is taken', async () => {
    const at = await desk();
    const tooLong = frameOf({ data: `#1234|Nri1/BA7|A${'x'.repeat(4_000)}` });
    const longer = Buffer.concat([tooLong.subarray(0, -1), Buffer.alloc(200, 0x78), Buffer.from('\r')]);
    const noise = Buffer.from('GET / HTTP/1.1\r\nHost: example\r\n\r\n');
    const cut = frameOf().subarray(0, 20);
    expect(await answersTo(at, damaged(frameOf()), noise, longer, cut)).toEqual([]);
    expect(at.taken).toEqual([]);
    expect(at.intake.counts().refusedFrames).toBe(2);
    expect(at.told.map(({ event }) => event)).toEqual(['alarm.frame-refused']);
  });

  it('is ACK, NAK, DUH and RSP: a receiver asks nothing', async () => {
    const at = await desk();
    const frames = ['ACK', 'DUH', 'RSP'].map((id) => frameOf({ id }));
    expect(await answersTo(at, ...frames)).toEqual([]);
    expect(at.taken).toEqual([]);
    expect(at.intake.counts()).toMatchObject({ ignored: 3, refusedFrames: 0 });
  });
});

describe('published frames through the wire', () => {
  const answers: Record<string, string | null> = {
    F4D2: 'ACK',
    '96ED': 'DUH',
    E441: null,
    '9EC4': 'ACK',
    2729: null,
    B0AC: 'ACK',
    '1D85': 'ACK',
    1414: null,
    FE8F: null,
    CAC1: 'NAK',
    E34C: null,
    '073D': 'NAK',
    CA2F: 'ACK',
    '87CD': 'ACK',
  };

  it('are each answered as the standard says, by TCP and by UDP', async () => {
    const at = await desk();
    at.accounts.set('080027E62A64', {
      account: '080027E62A64',
      key,
      requireEncryption: false,
      enabled: true,
    });
    expect(vectors.map((text) => text.slice(0, 4)).sort()).toEqual(Object.keys(answers).sort());
    for (const text of vectors) {
      const due = answers[text.slice(0, 4)] ?? null;
      const byTcp = await answersTo(at, wired(text));
      expect([text, ...byTcp.map(({ id }) => id)]).toEqual(due === null ? [text] : [text, due]);
      if (due !== null) expect((await askByUdp(at.port, wired(text), 1))[0]?.id).toBe(due);
    }
    expect(await answersTo(at, wired(decimalLength))).toEqual([]);
    at.intake.reconfigure({ checkTime: false });
    const secret = vectors.filter((text) => text.includes('"*NULL"'));
    expect(
      (await answersTo(at, ...secret.map(wired))).map(({ id, encrypted }) => ({ id, encrypted })),
    ).toEqual([
      { id: 'ACK', encrypted: true },
      { id: 'ACK', encrypted: true },
    ]);
  });
});

describe('UDP', () => {
  it('shares the number with TCP and answers each frame of a datagram to where it came from', async () => {
    const at = await desk();
    const two = Buffer.concat([frameOf(), frameOf({ sequence: '0002' }), new Uint8Array(1)]);
    const answers = await askByUdp(at.port, two, 2);
    expect(answers.map(({ id, sequence }) => `${id} ${sequence}`)).toEqual(['ACK 0001', 'ACK 0002']);
    expect(at.intake.counts().refusedFrames).toBe(0);
  });

  it('drops what comes when too much is under way, and says so', async () => {
    const at = await desk({ limits: { underWayMax: 1 } });
    const held = holding(at);
    await askByUdp(at.port, frameOf(), 0);
    await eventually(() => expect(held).toHaveLength(1));
    await askByUdp(at.port, frameOf({ sequence: '0002' }), 0);
    await eventually(() => expect(at.intake.counts().overloaded).toBe(1));
    expect(at.told.map(({ event }) => event)).toEqual(['alarm.overload']);
    held[0]?.safe();
  });

  it('refuses a datagram that was cut off, and one without a frame', async () => {
    const at = await desk();
    await askByUdp(at.port, frameOf().subarray(0, 30), 0);
    await askByUdp(at.port, Buffer.from('hello'), 0);
    await askByUdp(at.port, damaged(frameOf()), 0);
    await eventually(() => expect(at.intake.counts().refusedFrames).toBe(3));
    expect(at.told).toHaveLength(1);
  });
});

describe('starting and ending', () => {
  it('refuses a port that is taken, and gives TCP back when UDP is', async () => {
    const at = await desk();
    await expect(openDesk({ port: at.port })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('acknowledges what is under way before it ends', async () => {
    const at = await openDesk();
    const { held, device } = await heldFrom(at, frameOf());
    const closed = at.close();
    held[0]?.safe();
    await closed;
    expect((await device.answered(1))[0]?.id).toBe('ACK');
    await device.closed;
  });

  it('ends also when the sink never answers', async () => {
    const at = await openDesk();
    const { device } = await heldFrom(at, frameOf());
    const closed = at.close();
    at.clock.shift(2_000);
    await closed;
    await device.closed;
    expect(device.answers).toEqual([]);
  });

  it('takes the keys of all three sizes', async () => {
    const at = await desk();
    for (const [index, size] of [16, 24, 32].entries()) {
      const secret = Buffer.alloc(size, 0x31 + index);
      at.accounts.set('ABCD', { account: 'ABCD', key: secret, requireEncryption: true, enabled: true });
      const device = await panel(at);
      device.socket.removeAllListeners('data');
      const bytes = new Promise<Buffer>((resolve) => device.socket.once('data', resolve));
      device.send(secretFrame(at.clock.nowMs(), { sequence: `000${index}` }, secret));
      const body = /"\*ACK"000\dL0#ABCD\[([0-9A-F]+)/.exec((await bytes).toString('latin1'))?.[1] ?? '';
      expect(cipherOf(secret).decrypt(body)).toMatch(/\|\]_\d\d:/);
    }
    expect(at.taken).toHaveLength(3);
  });
});
