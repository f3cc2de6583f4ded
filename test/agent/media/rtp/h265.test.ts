import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregate265, annexB, fu, h265, hex } from './packets.ts';
import { Stream } from './stream.ts';

const { vps, sps, pps, idr, cra, slice, sei } = h265;
const sets = [vps, sps, pps];

describe('H.265 packets', () => {
  it('gives pictures of single units, aggregates and fragments', () => {
    const stream = new Stream('h265').picture(aggregate265(vps, sps, pps, sei), ...fu(idr, 2)).picture(slice);
    expect(stream.receiver.formatCalls[0]?.video).toMatchObject({
      width: 640,
      height: 360,
      framesPerSecond: 15,
    });
    expect(stream.receiver.formatCalls[0]?.video.parameterSets).toHaveLength(3);
    expect(stream.nals()).toEqual([hex(sei, idr), hex(slice)]);
  });

  it('waits for all three kinds of parameter sets', () => {
    const stream = new Stream('h265', [sps, pps]).picture(idr).picture(vps, idr);
    expect(stream.receiver.log).toEqual(['formats', 'unit']);
  });

  it('orders the sets VPS, SPS, PPS however they came', () => {
    const stream = new Stream('h265').picture(pps, sps, vps, idr);
    const lists = stream.receiver.formatCalls[0]?.video.parameterSets.map((s) => Buffer.from(s));
    expect(lists).toEqual(sets);
  });

  it('takes every IRAP picture as random access', () => {
    const stream = new Stream('h265', sets).picture(cra).picture(slice).picture(idr);
    expect(stream.receiver.units.map((u) => u.randomAccess)).toEqual([true, false, true]);
  });

  it('ignores empty fragments and types that change', () => {
    const [first = idr, second = idr, ...rest] = fu(idr, 2);
    second[2] = ((second[2] ?? 0) & 0xc0) | 1;
    const stream = new Stream('h265', sets).picture(first, Uint8Array.of(98, 1, 19), second, ...rest);
    expect(stream.nals()).toEqual([hex(idr)]);
  });

  it('splits Annex B inside RTP', () => {
    expect(new Stream('h265').picture(annexB(vps, sps, pps, idr)).nals()).toEqual([hex(idr)]);
  });

  it('keeps a suffix SEI with its picture and drops units of other layers', () => {
    const suffix = Buffer.from('5001050211', 'hex');
    const layer = Buffer.from('0209d006aabb', 'hex');
    expect(new Stream('h265', sets).send(idr).picture(layer, suffix).nals()).toEqual([hex(idr, suffix)]);
  });

  it('drops to the next IRAP after loss', () => {
    const stream = new Stream('h265', sets).picture(idr).lose(2).picture(slice).picture(cra);
    expect(stream.nals()).toEqual([hex(idr), hex(cra)]);
    expect(stream.receiver.losses).toEqual([{ track: 'video', packets: 2 }]);
  });
});

describe('any H.265 payloads', () => {
  it('never break the order of calls', () => {
    const known = [...Object.values(h265), ...fu(idr, 2), aggregate265(vps, sps, pps), annexB(slice, idr)];
    const payload = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom<Uint8Array>(...known));
    const packet = fc.record({ payload, marker: fc.boolean(), next: fc.boolean() });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 60 }), (packets) => {
        const stream = new Stream('h265', sets);
        for (const p of packets) {
          stream.send(Uint8Array.from(p.payload), { marker: p.marker });
          if (p.next) stream.next();
        }
        stream.tracks.close();
      }),
      { numRuns: 400 },
    );
  });
});
