/** Costly work is bounded for those who may only look: a flood of requests is refused, and the place is free again. */
import { describe, expect, it } from 'vitest';
import { limited } from '../../../agent/control/limited.ts';

describe('limited work', () => {
  it('runs so many at once, refuses more, and takes more again when one has ended, well or not', async () => {
    const ends: ((fails: boolean) => void)[] = [];
    const run = limited(
      2,
      'preflights',
      () =>
        new Promise<string>((resolve, reject) => {
          ends.push((fails) => (fails ? reject(new Error('broken')) : resolve('done')));
        }),
    );
    const [first, second] = [run(), run()];
    await expect(run()).rejects.toMatchObject({ code: 'unavailable', message: '2 preflights run already' });
    expect(ends).toHaveLength(2);
    ends[0]?.(false);
    expect(await first).toBe('done');
    const third = run();
    ends[1]?.(true);
    await expect(second).rejects.toThrow('broken');
    ends[2]?.(false);
    expect(await third).toBe('done');
  });
});
