import { afterEach, expect, test } from 'vitest';
import { makeInit, makePart } from '../../support/storage/parts.ts';
import { Rig } from '../../support/storage/rig.ts';

let r: Rig;
afterEach(() => r.end());

test('a camera whose head does not fit into a block is refused; it costs no block and no other camera', async () => {
  r = await new Rig({ blocks: 16 }).ready();
  const fine = r.open('c1');
  const odd = r.open('c2');
  const long = { ...makeInit('odd'), moov: new Uint8Array(70_000) };
  for (let second = 0; second < 8; second += 1) {
    expect(r.append(fine, r.utcMs)).toBeNull();
    odd.append(long, makePart({ startMs: r.utcMs }));
    await r.pass(1);
  }
  expect(r.space('s1').state).toBe('normal');
  expect(r.space('s1').blocks).toMatchObject({ bad: 0, open: 1 });
  expect(r.lost[0]).toMatchObject({ reason: 'write-error', detail: expect.stringContaining('too long') });
  expect(r.indexPresentMs('c1')).toBeGreaterThanOrEqual(7_000);
  expect((await r.check()).faults).toEqual([]);
});
