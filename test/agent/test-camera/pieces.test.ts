import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ballastNal, ballastPlan } from '../../../agent/test-camera/ballast.ts';
import { noFaults, parseFaults } from '../../../agent/test-camera/faults.ts';
import { placeFrame, videoTemplate } from '../../../agent/test-camera/packets.ts';
import { RequestAssembler } from '../../../agent/test-camera/request.ts';
import { nalsOf, parseRtp } from './rtsp-client.ts';

describe('fault switches', () => {
  it('are read with their units, and have defaults', () => {
    expect(parseFaults([])).toEqual(noFaults);
    expect(parseFaults(['drop=2.5%', 'stall', 'reset=1.5s', 'clock-step=-3600s', 'slow', 'bad-sdp'])).toEqual(
      {
        ...noFaults,
        dropShare: 0.025,
        stallMs: 5000,
        resetMs: 1500,
        clockStepMs: -3_600_000,
        deliveredRate: 21,
        badSdp: true,
      },
    );
  });

  it.each([
    'nothing',
    'drop=1',
    'drop=101%',
    'stall=40s',
    'reset=soon',
    'slow=0',
    'bad-sdp=1',
    'drop=1%=2',
    'toString',
  ])('refuse "%s" and say what there is', (text) => {
    expect(() => parseFaults([text])).toThrow(
      expect.objectContaining({ code: 'invalid_input', hint: expect.stringContaining('drop=1%') }),
    );
  });
});

describe('ballast', () => {
  it('brings the sum to the asked total by raising the smallest frames first', () => {
    const sizes = fc.array(fc.integer({ min: 10, max: 50_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 5_000_000 }), (own, total) => {
        const added = ballastPlan(own, total);
        const before = own.reduce((sum, size) => sum + size, 0);
        const after = own.reduce((sum, size, index) => sum + size + (added[index] ?? 0), 0);
        if (before >= total) expect(after).toBe(before);
        else expect(Math.abs(after - total)).toBeLessThanOrEqual(own.length);
        const level = Math.max(
          0,
          ...own.map((size, index) => ((added[index] ?? 0) > 0 ? size + (added[index] ?? 0) : 0)),
        );
        own.forEach((size, index) => {
          if (level > 0) expect(size + (added[index] ?? 0)).toBeGreaterThanOrEqual(level - 1);
        });
      }),
    );
  });

  it('is an SEI unit of unregistered user data, a little under the asked size', () => {
    const small = ballastNal('h264', 30);
    expect([...(small ?? []).slice(0, 3)]).toEqual([6, 5, 26]);
    expect(small).toHaveLength(30);
    expect(ballastNal('h265', 20)).toBeNull();
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 100_000 }), (size) => {
        const nal = ballastNal('h265', size) ?? new Uint8Array(0);
        expect([...nal.slice(0, 3)]).toEqual([78, 1, 5]);
        let payload = 0;
        let at = 3;
        while (nal[at] === 255) payload += nal[at++] ?? 0;
        payload += nal[at++] ?? 0;
        expect(nal.length).toBe(at + payload + 1);
        expect(nal.at(-1)).toBe(0x80);
        expect(size - nal.length).toBeLessThanOrEqual(2);
        expect(size - nal.length).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('packets', () => {
  const track = { channel: 0, payloadType: 96, ssrc: 7 };

  it.each(['h264', 'h265'] as const)('of %s carry every NAL unit unchanged, marker on the last', (codec) => {
    const headers = codec === 'h264' ? [0x65] : [0x26, 1];
    const nal = fc
      .uint8Array({ minLength: 1, maxLength: 5000 })
      .map((body) => Buffer.concat([Buffer.from(headers), body]));
    fc.assert(
      fc.property(fc.array(nal, { minLength: 1, maxLength: 4 }), fc.nat(0xffff), (nals, sequence) => {
        const template = videoTemplate(codec, nals, track);
        const bytes = Buffer.alloc(template.bytes.length);
        expect(placeFrame(bytes, 0, template, { sequence, timestamp: 99 })).toBe(bytes.length);
        const packets = template.packetOffsets.map((offset, index) =>
          parseRtp(bytes.subarray(offset, template.packetOffsets[index + 1])),
        );
        expect(nalsOf(codec, packets).map((unit) => unit.toString('hex'))).toEqual(
          nals.map((unit) => unit.toString('hex')),
        );
        packets.forEach((packet, index) => {
          expect(packet.payload.length).toBeLessThanOrEqual(1400);
          expect(packet).toMatchObject({
            sequence: (sequence + index) & 0xffff,
            timestamp: 99,
            marker: index === packets.length - 1,
          });
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('requests', () => {
  const text =
    'SETUP rtsp://h/cam1/trackID=0 RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP/TCP\r\n\r\n' +
    '$\u0001\u0000\u0003abc' +
    'GET_PARAMETER rtsp://h/cam1 RTSP/1.0\r\ncseq:4\r\nContent-Length: 5\r\n\r\nhello' +
    'PLAY rtsp://h/cam1 RTSP/1.0\r\nCSeq: 5\r\n\r\n';

  it('are found however they are cut into pieces, between interleaved data', () => {
    const bytes = Buffer.from(text, 'latin1');
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (cuts) => {
        const assembler = new RequestAssembler();
        const edges = [0, ...cuts.toSorted((one, other) => one - other), bytes.length];
        const requests = edges.flatMap((edge, index) =>
          assembler.push(bytes.subarray(edges[index - 1] ?? 0, edge)),
        );
        expect(requests.map(({ method, headers }) => [method, headers.get('cseq')])).toEqual([
          ['SETUP', '3'],
          ['GET_PARAMETER', '4'],
          ['PLAY', '5'],
        ]);
      }),
    );
  });

  it('that cannot be RTSP, or are too long, are refused', () => {
    for (const bad of [
      'GET / HTTP/1.1\r\n\r\n',
      'x'.repeat(20_000),
      'PLAY a RTSP/1.0\r\nContent-Length: 9999999\r\n\r\n',
    ]) {
      expect(() => new RequestAssembler().push(Buffer.from(bad))).toThrow(
        expect.objectContaining({ code: 'protocol' }),
      );
    }
  });
});
