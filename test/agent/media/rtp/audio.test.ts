import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AacDepacketizer, type AacLayout } from '../../../../agent/media/rtp/aac.ts';
import { buildAacConfig, parseAacConfig } from '../../../../agent/media/rtp/aac-config.ts';
import { G711Depacketizer } from '../../../../agent/media/rtp/g711.ts';

class Sounds {
  readonly list: [pts: number, hex: string][] = [];
  sound(pts: number, _arrivalMs: number, bytes: Uint8Array, start: number, end: number): void {
    if (end <= start || end > bytes.length) throw new Error('empty or impossible frame');
    this.list.push([pts, Buffer.from(bytes.slice(start, end)).toString('hex')]);
  }
}

const highBitRate: AacLayout = { sizeBits: 13, indexBits: 3, indexDeltaBits: 3, unitTicks: 1024 };

function packet(units: Uint8Array[], sizes = units.map((unit) => unit.length)): Uint8Array {
  const headers = sizes.flatMap((size) => [(size << 3) >> 8, (size << 3) & 0xff]);
  const bits = sizes.length * 16;
  return Uint8Array.from([bits >> 8, bits & 0xff, ...headers, ...units.flatMap((unit) => [...unit])]);
}

function aac(layout = highBitRate) {
  const sounds = new Sounds();
  const depacketizer = new AacDepacketizer(layout, sounds);
  const send = (timestamp: number, payload: Uint8Array) => {
    depacketizer.timestamp(timestamp, 0);
    depacketizer.payload(payload, 0, payload.length);
  };
  return { sounds: sounds.list, depacketizer, send };
}

describe('AAC in RTP', () => {
  it('gives one unit a packet', () => {
    const { sounds, send } = aac();
    send(5000, packet([Uint8Array.of(1, 2, 3)]));
    expect(sounds).toEqual([[5000, '010203']]);
  });

  it('gives the units of a packet their own times', () => {
    const { sounds, send } = aac();
    send(0, packet([Uint8Array.of(1), Uint8Array.of(2, 2), Uint8Array.of(3)]));
    expect(sounds).toEqual([
      [0, '01'],
      [1024, '0202'],
      [2048, '03'],
    ]);
  });

  it('puts a unit together that is cut into packets', () => {
    const { sounds, depacketizer, send } = aac();
    send(7, packet([Uint8Array.of(1, 2)], [5]));
    const rest = packet([Uint8Array.of(3, 4, 5)], [5]);
    depacketizer.payload(rest, 0, rest.length);
    expect(sounds).toEqual([[7, '0102030405']]);
  });

  it('forgets fragments over which a packet was lost', () => {
    const { sounds, depacketizer, send } = aac();
    send(7, packet([Uint8Array.of(1, 2)], [5]));
    depacketizer.lost();
    send(8, packet([Uint8Array.of(9)]));
    expect(sounds).toEqual([[8, '09']]);
  });

  it('reads the low bit rate layout', () => {
    const { sounds, send } = aac({ sizeBits: 6, indexBits: 2, indexDeltaBits: 2, unitTicks: 1024 });
    send(1, Uint8Array.of(0, 16, 2 << 2, 1 << 2, 0xa, 0xb, 0xc));
    expect(sounds).toEqual([
      [1, '0a0b'],
      [1025, '0c'],
    ]);
  });

  it('takes off an ADTS header that a device left on', () => {
    const { sounds, send } = aac();
    send(1, packet([Uint8Array.of(0xff, 0xf1, 0, 0, 0, 0, 0, 0x21, 0x10)]));
    expect(sounds).toEqual([[1, '2110']]);
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 10 }), (payloads) => {
        const { depacketizer, send } = aac();
        payloads.forEach((payload, i) => {
          send(i, payload);
          depacketizer.payload(payload, 0, payload.length);
        });
      }),
      { numRuns: 300 },
    );
  });
});

describe('an AAC configuration', () => {
  it.each([
    ['LC 48 kHz stereo', '1190', { samplingRate: 48_000, channels: 2, frameSamples: 1024 }],
    ['LC 8 kHz mono', '1588', { samplingRate: 8000, channels: 1, frameSamples: 1024 }],
    ['LC 16 kHz mono', '1408', { samplingRate: 16_000, channels: 1, frameSamples: 1024 }],
    ['with sync extension', '119056e500', { samplingRate: 48_000, channels: 2, frameSamples: 1024 }],
    [
      'SBR first: the core rate counts',
      '2b118800',
      { samplingRate: 24_000, channels: 2, frameSamples: 1024 },
    ],
    ['explicit rate', '1780155510', { samplingRate: 10_922, channels: 2, frameSamples: 1024 }],
  ])('%s', (_name, hex, expected) => {
    expect(parseAacConfig(Buffer.from(hex, 'hex'))).toEqual(expected);
  });

  it('is refused when cut off or reserved', () => {
    expect(() => parseAacConfig(Uint8Array.of(0x11))).toThrow(/ends before/);
    expect(() => parseAacConfig(Uint8Array.of(0x16, 0x90))).toThrow(/reserved/);
  });

  it('can be built for standard rates alone', () => {
    const config = buildAacConfig(16_000, 1);
    expect(config && parseAacConfig(config)).toMatchObject({ samplingRate: 16_000, channels: 1 });
    expect(buildAacConfig(12_345, 1)).toBeNull();
    expect(buildAacConfig(8000, 0)).toBeNull();
  });
});

describe('G.711 in RTP', () => {
  it('passes samples on and counts them as time', () => {
    const sounds = new Sounds();
    const depacketizer = new G711Depacketizer(sounds);
    depacketizer.timestamp(800, 0);
    depacketizer.payload(Uint8Array.of(9, 1, 2, 3), 1, 4);
    depacketizer.payload(Uint8Array.of(4), 0, 1);
    depacketizer.payload(Uint8Array.of(), 0, 0);
    expect(sounds.list).toEqual([
      [800, '010203'],
      [803, '04'],
    ]);
  });
});
