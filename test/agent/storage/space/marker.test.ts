import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeMarker, encodeMarker, type SpaceMarker } from '../../../../agent/storage/space/marker.ts';

const marker: SpaceMarker = {
  formatVersion: 1,
  spaceId: 's1',
  name: 'Halle 3 „Nord“',
  quotaBytes: 64 * 1024 * 1024,
  blockBytes: 1024 * 1024,
  blocks: 64,
  ownerNode: 'node-a',
  ownerEpoch: 4,
  createdMs: 1_700_000_000_000,
  state: 'ready',
};

test('a marker reads back as it was written, and a person can read it too', () => {
  const bytes = encodeMarker(marker);
  expect(decodeMarker(bytes)).toEqual(marker);
  expect(new TextDecoder().decode(bytes)).toContain('"spaceId": "s1"');
});

test('a marker that someone edited is not believed', () => {
  const text = new TextDecoder().decode(encodeMarker(marker));
  expect(decodeMarker(new TextEncoder().encode(text.replace('"blocks": 64', '"blocks": 65')))).toBeNull();
});

test('any bytes are read without a throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(decodeMarker(bytes)).toBeNull();
    }),
  );
  fc.assert(
    fc.property(fc.json(), (json) => {
      expect(decodeMarker(new TextEncoder().encode(json))).toBeNull();
    }),
  );
});
