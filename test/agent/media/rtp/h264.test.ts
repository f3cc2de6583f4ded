import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { annexB, fuA, h264, hex, stapA } from './packets.ts';
import { Stream } from './stream.ts';

const { sps, spsLarge, pps, aud, sei, idr, idrSecondSlice, slice, secondSlice, recoveryPoint } = h264;
const sets = [sps, pps];

describe('H.264 packets', () => {
  it('gives pictures of single NAL units, with the formats of the SDP before the first', () => {
    const stream = new Stream('h264', sets).picture(idr).picture(slice);
    expect(stream.receiver.log).toEqual(['formats', 'unit', 'unit']);
    expect(stream.receiver.formatCalls[0]?.video).toMatchObject({
      codec: 'h264',
      width: 640,
      height: 360,
      framesPerSecond: 25,
    });
    expect(stream.receiver.units).toMatchObject([
      { pts: 9000, arrivalMs: 1_000_000, randomAccess: true, nals: hex(idr) },
      { pts: 12_600, arrivalMs: 1_000_040, randomAccess: false, nals: hex(slice) },
    ]);
  });

  it('takes STAP-A apart and keeps delimiter and SEI, but no parameter sets, in the picture', () => {
    const stream = new Stream('h264').picture(stapA(aud, sps, pps, sei), idr);
    expect(stream.nals()).toEqual([hex(aud, sei, idr)]);
    expect(stream.receiver.formatCalls[0]?.video.parameterSets.map((s) => Buffer.from(s))).toEqual(sets);
  });

  it('takes what is whole from a STAP-A that is cut off', () => {
    const cut = stapA(aud, sei, idr).subarray(0, -2);
    expect(new Stream('h264', sets).send(cut).picture(idr).nals()).toEqual([hex(aud, sei, idr)]);
  });

  it('puts FU-A fragments together', () => {
    const stream = new Stream('h264', sets).picture(...fuA(idr, 2)).picture(...fuA(slice, 1));
    expect(stream.nals()).toEqual([hex(idr), hex(slice)]);
  });

  it('ignores empty fragments', () => {
    const [first, ...rest] = fuA(idr, 2);
    const empty = Uint8Array.of(0x7c, 0x05);
    const stream = new Stream('h264', sets).picture(first ?? empty, empty, ...rest, empty);
    expect(stream.nals()).toEqual([hex(idr)]);
  });

  it('accepts an empty first fragment and an empty last one', () => {
    const start = Uint8Array.of(0x7c, 0x85);
    const middle = Uint8Array.of(0x7c, 0x05, ...idr.subarray(1));
    const end = Uint8Array.of(0x7c, 0x45);
    expect(new Stream('h264', sets).picture(start, middle, end).nals()).toEqual([hex(idr)]);
  });

  it('goes on with fragments whose type changes on the way', () => {
    const fragments = fuA(idr, 2);
    for (const fragment of fragments.slice(1)) fragment[1] = ((fragment[1] ?? 0) & 0xe0) | 1;
    expect(new Stream('h264', sets).picture(...fragments).nals()).toEqual([hex(idr)]);
  });

  it('ends an unfinished fragment where the next one starts', () => {
    const [first = idr] = fuA(idr, 3);
    const stream = new Stream('h264', sets).picture(first, ...fuA(idrSecondSlice, 9));
    expect(stream.nals()).toEqual([[...hex(idr.subarray(0, 4)), ...hex(idrSecondSlice)]]);
  });

  it('drops fragments that go on after an aggregate, also one in which nothing is whole', () => {
    const [first = idr, ...rest] = fuA(secondSlice, 1);
    const cut = stapA(aud).subarray(0, -1);
    expect(new Stream('h264', sets).picture(idr, first, cut, ...rest).nals()).toEqual([
      [...hex(idr), ...hex(secondSlice.subarray(0, 2))],
    ]);
  });

  it('drops fragments without a start', () => {
    const [, ...tail] = fuA(slice, 2);
    expect(
      new Stream('h264', sets)
        .picture(idr)
        .picture(...tail, slice)
        .nals(),
    ).toEqual([hex(idr), hex(slice)]);
  });

  it('splits an Annex B stream inside a single packet', () => {
    const stream = new Stream('h264').picture(annexB(sps, pps, idr)).picture(annexB(slice, secondSlice));
    expect(stream.nals()).toEqual([hex(idr), hex(slice, secondSlice)]);
  });

  it('splits an Annex B stream that hides behind an SPS header and is cut into fragments anywhere', () => {
    const whole = Uint8Array.from([...sps, ...annexB(pps, sei, idr, idrSecondSlice)]);
    for (let size = 1; size <= whole.length; size++) {
      const stream = new Stream('h264').picture(...fuA(whole, size));
      expect(stream.nals(), `fragments of ${size}`).toEqual([hex(sei, idr, idrSecondSlice)]);
    }
  });

  it('drops filler, and keeps what ends a sequence with its picture', () => {
    const filler = Uint8Array.of(0x0c, 0xff, 0xff, 0x80);
    const stream = new Stream('h264', sets).send(idr).picture(filler, Uint8Array.of(0x0a, 0x01));
    expect(stream.nals()).toEqual([[...hex(idr), '0a01']]);
  });
});

describe('H.264 pictures', () => {
  it('holds all slices of one timestamp', () => {
    expect(new Stream('h264', sets).picture(idr, idrSecondSlice).nals()).toEqual([hex(idr, idrSecondSlice)]);
  });

  it('end where the timestamp changes without a marker', () => {
    const stream = new Stream('h264', sets).send(idr).next().send(slice).next().send(slice);
    expect(stream.nals()).toEqual([hex(idr), hex(slice)]);
  });

  it('do not end at a marker on SEI, which stays with the picture that follows', () => {
    const stream = new Stream('h264', sets).send(sei, { marker: true }).picture(idr);
    stream.next().send(sei, { marker: true }).next().picture(slice);
    expect(stream.nals()).toEqual([hex(sei, idr), hex(sei, slice)]);
  });

  it('do not end at a marker on parameter sets', () => {
    const stream = new Stream('h264').send(sps, { marker: true }).send(pps, { marker: true }).picture(idr);
    expect(stream.nals()).toEqual([hex(idr)]);
  });

  it('are told apart by timestamps once the camera was seen to mark every slice', () => {
    const stream = new Stream('h264', sets);
    for (let i = 0; i < 3; i++) {
      stream.send(idr, { marker: true }).send(idrSecondSlice, { marker: true }).next();
    }
    stream.send(idr);
    expect(stream.nals().slice(1)).toEqual([hex(idr, idrSecondSlice), hex(idr, idrSecondSlice)]);
  });

  it('before the first random access are dropped without being counted as loss', () => {
    const stream = new Stream('h264', sets).picture(slice).picture(slice).picture(idr);
    expect(stream.nals()).toEqual([hex(idr)]);
    expect(stream.receiver.losses).toEqual([]);
  });

  it('wait for parameter sets when the SDP has none', () => {
    const stream = new Stream('h264').picture(idr).picture(slice).picture(sps, pps, idr);
    expect(stream.receiver.log).toEqual(['formats', 'unit']);
    expect(stream.receiver.units[0]?.pts).toBe(9000 + 7200);
  });

  it('begin at a recovery point only when no IDR came for ten seconds', () => {
    const early = new Stream('h264', sets).picture(recoveryPoint, slice);
    expect(early.nals()).toEqual([]);
    for (let i = 0; i < 250; i++) early.picture(slice);
    early.picture(recoveryPoint, slice).picture(slice);
    expect(early.receiver.units.map((u) => u.randomAccess)).toEqual([true, false]);
    expect(early.nals()[0]).toEqual(hex(recoveryPoint, slice));
  });
});

describe('H.264 loss', () => {
  it('takes back the picture that lost a packet and drops until the next random access', () => {
    const stream = new Stream('h264', sets).picture(idr).send(slice).lose(3).picture(secondSlice);
    stream.picture(slice).picture(idr).picture(slice);
    expect(stream.receiver.log).toEqual(['formats', 'unit', 'abandon', 'lost', 'unit', 'unit']);
    expect(stream.receiver.losses).toEqual([{ track: 'video', packets: 3 }]);
    expect(stream.nals()).toEqual([hex(idr), hex(idr), hex(slice)]);
  });

  it('drops to the next random access also when whole pictures are missing', () => {
    const stream = new Stream('h264', sets).picture(idr).lose(1).next().picture(slice).picture(idr);
    expect(stream.nals()).toEqual([hex(idr), hex(idr)]);
  });

  it('does not begin in the middle of an IDR whose first slice is missing', () => {
    const stream = new Stream('h264', sets).picture(idr).lose(1).picture(idrSecondSlice).picture(idr);
    expect(stream.nals()).toEqual([hex(idr), hex(idr)]);
  });

  it('forgets a fragment that was open', () => {
    const [first = idr, , third = idr] = fuA(idr, 2);
    const stream = new Stream('h264', sets)
      .send(first)
      .lose(1)
      .send(third, { marker: true })
      .next()
      .picture(idr);
    expect(stream.nals()).toEqual([hex(idr)]);
    expect(stream.receiver.abandoned).toBe(1);
  });
});

describe('H.264 parameter sets', () => {
  it('are dropped when they repeat what is known, trailing zeros or not', () => {
    const padded = Uint8Array.from([...sps, 0, 0, 0]);
    const stream = new Stream('h264', [padded, pps]).picture(sps, pps, idr);
    stream.picture(padded, Uint8Array.from([...pps, 0]), idr);
    expect(stream.receiver.log).toEqual(['formats', 'unit', 'unit']);
    expect(Buffer.from(stream.receiver.formatCalls[0]?.video.parameterSets[0] ?? [])).toEqual(sps);
  });

  it('give new formats before the picture that really changes', () => {
    const stream = new Stream('h264', sets).picture(idr).picture(spsLarge, pps, idr).picture(idr);
    expect(stream.receiver.log).toEqual(['formats', 'unit', 'formats', 'unit', 'unit']);
    expect(stream.receiver.formatCalls.map((f) => f.video.width)).toEqual([640, 1920]);
  });

  it('that flap between copies which decode alike change nothing', () => {
    const otherRate = Buffer.from(sps);
    const timing = otherRate.indexOf(0x32);
    otherRate[timing] = 0x3c;
    const stream = new Stream('h264', sets);
    for (let i = 0; i < 4; i++) stream.picture(i % 2 ? sps : otherRate, pps, idr);
    expect(timing).toBeGreaterThan(0);
    expect(stream.receiver.formatCalls).toHaveLength(1);
  });

  it('that flap inside one picture change nothing', () => {
    const stream = new Stream('h264', sets).picture(idr).picture(spsLarge, sps, pps, idr);
    expect(stream.receiver.formatCalls).toHaveLength(1);
  });

  it('that cannot be read are ignored', () => {
    const stream = new Stream('h264', sets).picture(Uint8Array.of(0x67, 0x42), idr);
    expect(stream.receiver.formatCalls).toHaveLength(1);
    expect(stream.nals()).toEqual([hex(idr)]);
  });

  it('between random access pictures take effect at the next one', () => {
    const stream = new Stream('h264', sets).picture(idr).picture(spsLarge, slice).picture(slice).picture(idr);
    expect(stream.receiver.log).toEqual(['formats', 'unit', 'unit', 'unit', 'formats', 'unit']);
  });
});

describe('any H.264 payloads', () => {
  it('never break the order of calls', () => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom<Uint8Array>(
        ...Object.values(h264),
        ...fuA(idr, 2),
        ...fuA(slice, 3),
        stapA(sps, pps, idr),
      ),
      fc.constantFrom<Uint8Array>(annexB(sps, pps, idr), annexB(slice, sei)),
    );
    const packet = fc.record({
      payload,
      marker: fc.boolean(),
      next: fc.boolean(),
      lose: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 60 }), (packets) => {
        const stream = new Stream('h264', sets);
        for (const p of packets) {
          if (p.lose > 7) stream.lose(1);
          stream.send(Uint8Array.from(p.payload), { marker: p.marker });
          if (p.next) stream.next();
        }
        stream.tracks.close();
      }),
      { numRuns: 400 },
    );
  });
});
