import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeHeartbeat,
  encodeHeartbeat,
  type HeartbeatPacket,
  heartbeatBytesMax,
} from '../../../../src/peer/heartbeat/codec.ts';

const authenticateWith = (key: string) => (bytes: Uint8Array) =>
  createHmac('sha256', key).update(bytes).digest();
const authenticate = authenticateWith('key of the pair');

const sample: HeartbeatPacket = {
  pairHash: '00112233445566778899aabbccddeeff',
  linkId: 'cable',
  nodeId: 'n-1',
  bootId: 'ffeeddccbbaa99887766554433221100',
  seq: 7,
  sentAtMs: 1234.5,
  echo: { bootId: '0f1e2d3c4b5a69788796a5b4c3d2e1f0', seq: 6, sentAtMs: 1000.25, heldMs: 12.5 },
  role: 'active',
  epoch: 42,
  leaseValidForMs: 1500,
  configVersion: 3,
  promiseEchoOfMs: 900.5,
  promiseForMs: 2000,
  resourcesFailed: 1,
  yieldRequest: true,
  offer: false,
  maintenance: true,
};
/** Bytes of version 1: nodes of different releases must read each other. */
const golden =
  '4846484201' + // HFHB, version 1
  '0f' + // yield, maintenance, echo, promise
  '04' + // active
  '00112233445566778899aabbccddeeff' +
  'ffeeddccbbaa99887766554433221100' +
  '056361626c65' + // cable
  '036e2d31' + // n-1
  '0000000000000007' +
  '40934a0000000000' + // 1234.5
  '000000000000002a' +
  '000005dc' +
  '00000003' +
  '408c240000000000' + // 900.5
  '000007d0' +
  '00000001' +
  '0f1e2d3c4b5a69788796a5b4c3d2e1f0' +
  '0000000000000006' +
  '408f420000000000' + // 1000.25
  '4029000000000000'; // 12.5

const hex16 = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const id = fc.stringMatching(/^[a-z0-9-]{1,32}$/);
const time = fc.double({ min: 0, max: 1e12, noNaN: true });
const u32 = fc.nat(2 ** 31 - 1);
const packets: fc.Arbitrary<HeartbeatPacket> = fc.record({
  pairHash: hex16,
  linkId: id,
  nodeId: id,
  bootId: hex16,
  seq: fc.maxSafeNat(),
  sentAtMs: time,
  echo: fc.option(fc.record({ bootId: hex16, seq: fc.maxSafeNat(), sentAtMs: time, heldMs: time })),
  role: fc.constantFrom('out', 'standby', 'candidate', 'activating', 'active', 'deactivating', 'fault'),
  epoch: fc.maxSafeNat(),
  leaseValidForMs: u32,
  configVersion: u32,
  promiseEchoOfMs: fc.option(time),
  promiseForMs: u32,
  resourcesFailed: u32,
  yieldRequest: fc.boolean(),
  offer: fc.boolean(),
  maintenance: fc.boolean(),
});

describe('the heartbeat packet', () => {
  it('has the bytes that every release agrees on', () => {
    const bytes = Buffer.from(encodeHeartbeat(sample, authenticate));
    expect(bytes.subarray(0, -32).toString('hex')).toBe(golden);
    expect(bytes.subarray(-32)).toEqual(authenticate(Buffer.from(golden, 'hex')));
    expect(decodeHeartbeat(bytes, authenticate)).toEqual({ packet: sample });
  });

  it('comes back as it was, and fits a datagram', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const bytes = encodeHeartbeat(packet, authenticate);
        expect(bytes.length).toBeLessThanOrEqual(heartbeatBytesMax);
        expect(decodeHeartbeat(bytes, authenticate)).toEqual({ packet });
      }),
    );
  });

  it('is refused with any bit changed', () => {
    const bytes = encodeHeartbeat(sample, authenticate);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const forged = Uint8Array.from(bytes);
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodeHeartbeat(forged, authenticate)).toHaveProperty('refusal');
    }
  });

  it('tells a wrong key, another version and noise apart, and never throws', () => {
    const bytes = encodeHeartbeat(sample, authenticate);
    expect(decodeHeartbeat(bytes, authenticateWith('another'))).toEqual({ refusal: 'key' });
    expect(decodeHeartbeat(Uint8Array.from(bytes).fill(2, 4, 5), authenticate)).toEqual({
      refusal: 'version',
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => {
        expect(decodeHeartbeat(noise, authenticate)).toHaveProperty('refusal');
      }),
    );
  });

  it('is refused when an authentic body leads out of itself', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 200 }), (tail) => {
        const body = Buffer.concat([Buffer.from('4846484201', 'hex'), tail]);
        const decoded = decodeHeartbeat(Buffer.concat([body, authenticate(body)]), authenticate);
        expect(decoded).toEqual({ refusal: 'malformed' });
      }),
    );
  });
});
