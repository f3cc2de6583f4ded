import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRtcp, writeReceiverReport } from '../../../../agent/media/rtp/rtcp.ts';

function read(bytes: Uint8Array) {
  const log: unknown[] = [];
  readRtcp(bytes, 0, bytes.length, {
    senderReport: (...values) => log.push(['report', ...values]),
    goodbye: (source) => log.push(['goodbye', source]),
  });
  return log;
}

/** NTP 3,913,056,000 s is 2024-01-01T00:00:00Z. */
function senderReport(seconds: number, fraction = 0x8000_0000): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.writeUInt32BE(0x80c80006, 0);
  bytes.writeUInt32BE(0xdeadbeef, 4);
  bytes.writeUInt32BE(seconds, 8);
  bytes.writeUInt32BE(fraction, 12);
  bytes.writeUInt32BE(90_000, 16);
  return bytes;
}

const goodbye = Buffer.from('81cb0001deadbeef', 'hex');

describe('RTCP', () => {
  it('reads a sender report', () => {
    const middle = (((3_913_056_000 & 0xffff) << 16) | 0x8000) >>> 0;
    expect(read(senderReport(3_913_056_000))).toEqual([
      ['report', 0xdeadbeef, 90_000, Date.UTC(2024, 0, 1) + 500, middle],
    ]);
  });

  it('knows the era after 2036', () => {
    const seconds = (Date.UTC(2040, 0, 1) / 1000 + 2_208_988_800) % 2 ** 32;
    expect(read(senderReport(seconds, 0))[0]).toMatchObject({ 3: Date.UTC(2040, 0, 1) });
  });

  it('takes a clock that was never set for none', () => {
    expect(read(senderReport(0, 0))[0]).toMatchObject({ 3: null });
    expect(read(senderReport(3600, 0))[0]).toMatchObject({ 3: null });
  });

  it('finds the goodbye in a compound and stops at what is broken', () => {
    expect(read(Buffer.concat([senderReport(3_913_056_000), goodbye]))).toHaveLength(2);
    expect(read(Buffer.concat([Buffer.from('80c8ffff', 'hex'), goodbye]))).toEqual([]);
    expect(read(Buffer.concat([Buffer.from('00c80000', 'hex'), goodbye]))).toEqual([]);
  });

  it('writes a receiver report with a name, padded to words', () => {
    const bytes = Buffer.from(
      writeReceiverReport({
        source: 0x11223344,
        name: 'holdfast',
        reports: [
          {
            source: 0xdeadbeef | 0,
            fractionLost: 64,
            packetsLost: 5,
            highestSequence: 0x1_0005,
            jitterTicks: 7,
            lastReport: 0x01020304,
            delaySinceLastReport: 0x10000,
          },
        ],
      }),
    );
    expect(bytes.toString('hex')).toBe(
      [
        '81c90007 11223344',
        'deadbeef 40000005 00010005 00000007 01020304 00010000',
        '81ca0004 11223344 0108 686f6c6466617374 0000',
      ]
        .join('')
        .replaceAll(' ', ''),
    );
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        if (bytes.length > 1) {
          bytes[0] = 0x80 | ((bytes[0] ?? 0) & 0x3f);
          bytes[1] = 200 + ((bytes[1] ?? 0) % 4);
          bytes[2] = 0;
        }
        read(bytes);
      }),
      { numRuns: 500 },
    );
  });
});
