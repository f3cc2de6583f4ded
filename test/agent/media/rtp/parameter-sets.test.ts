import { expect, it } from 'vitest';
import { h264Codec } from '../../../../agent/media/rtp/nal-codec.ts';
import { ParameterSets } from '../../../../agent/media/rtp/parameter-sets.ts';
import { h264 } from './packets.ts';

/** A picture parameter set of the given id, told apart by its last byte. */
function pps(id: number): Uint8Array {
  const code = (id + 1).toString(2);
  const bits = `${'0'.repeat(code.length - 1)}${code}1`.padEnd(24, '1');
  return Uint8Array.from([0x68, ...[0, 8, 16].map((at) => Number.parseInt(bits.slice(at, at + 8), 2)), 0xab]);
}

it('the newest sets of a camera that numbers them on are known, however many came before', () => {
  const sets = new ParameterSets(h264Codec);
  sets.offer(h264.sps);
  for (let id = 0; id < 100; id += 1) {
    sets.offer(h264.sps);
    sets.offer(pps(id));
    expect(sets.commit()).toBe(true);
    expect(sets.list().map((set) => Buffer.from(set).toString('hex'))).toContain(
      Buffer.from(pps(id)).toString('hex'),
    );
    expect(sets.list().length).toBeLessThanOrEqual(32);
    expect(sets.picture().width).toBeGreaterThan(0);
  }
});
