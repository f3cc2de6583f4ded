/** The hub's frames: whatever pieces they come in, the same messages come out, and nothing large is held. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrameReader, encodeFrame } from '../../../agent/hub/protocol/codec.ts';

describe('frames', () => {
  it('come out as they went in, in whatever pieces they arrive', () => {
    const messages = fc.array(fc.record({ text: fc.string({ unit: 'binary' }), number: fc.integer() }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, pieces) => {
        const bytes = Buffer.concat(sent.map(encodeFrame));
        const reader = createFrameReader(4_096);
        const received: unknown[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const length = pieces[turn % pieces.length] ?? 1;
          received.push(...reader.push(bytes.subarray(at, at + length)));
          at += length;
        }
        expect(received).toEqual(sent);
      }),
    );
  });

  it('are refused by their length alone, before their body comes', () => {
    const reader = createFrameReader(100);
    expect(() => reader.push(Uint8Array.from([0, 0, 0, 101]))).toThrow(/at most 100/);
    reader.setLimit(200);
    expect(createFrameReader(100).push(Uint8Array.from([0, 0, 0, 100]))).toEqual([]);
  });

  it('cost no more each when there are very many of them', () => {
    const frames = 200_000;
    const bytes = Buffer.alloc(5 * frames);
    for (let at = 0; at < bytes.length; at += 5) bytes.set([0, 0, 0, 1, 0x30], at);
    // With each frame moving all that follow it this takes longer than a test may.
    expect(createFrameReader(100).push(bytes)).toHaveLength(frames);
  });

  it('are refused when they hold no JSON in UTF-8', () => {
    const framed = (...body: number[]) => Uint8Array.from([0, 0, 0, body.length, ...body]);
    expect(() => createFrameReader(100).push(framed(0x7b))).toThrow(/no JSON/);
    expect(() => createFrameReader(100).push(framed(0x22, 0xff, 0x22))).toThrow(/no JSON/);
  });
});
