/** Collecting calls: order is kept, bounds hold, and nothing overtakes what failed. */
import { describe, expect, it } from 'vitest';
import { createBatched } from '../../../../agent/spare/store/batched.ts';

function batched(options: Partial<Parameters<typeof createBatched<string, string>>[0]> = {}) {
  const runs: { items: readonly string[]; key: number; finish: (error?: Error) => void }[] = [];
  const run = (items: readonly string[], key: number) =>
    new Promise<string[]>((resolve, reject) => {
      const finish = (error?: Error) => (error ? reject(error) : resolve(items.map((item) => `${item}!`)));
      runs.push({ items, key, finish });
    });
  const made = createBatched({
    run,
    itemsMax: 4,
    bytesMax: 100,
    waitingMax: 10,
    bytesOf: (item) => item.length,
    ...options,
  });
  return { made, runs };
}
const settledTurns = () => new Promise((resolve) => setImmediate(resolve));
const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: Error) => error.message,
  );

describe('what comes while a run is under way', () => {
  it('goes together in the next, in order, and each caller gets its own results', async () => {
    const { made, runs } = batched();
    const calls = [made.submit(['a'], 0), made.submit(['b', 'c'], 0), made.submit(['d'], 0)];
    expect(runs.map(({ items }) => items)).toEqual([['a']]);
    runs[0]?.finish();
    await settledTurns();
    expect(runs[1]?.items).toEqual(['b', 'c', 'd']);
    runs[1]?.finish();
    expect(await Promise.all(calls)).toEqual([['a!'], ['b!', 'c!'], ['d!']]);
  });

  it('is cut by number, by weight and by key, and a heavy one goes alone', async () => {
    const { made, runs } = batched({ itemsMax: 3, bytesMax: 5 });
    const call = Promise.all([
      made.submit(['a'], 0),
      made.submit(['b', 'c', 'd', 'e'], 0),
      made.submit(['123456789', 'f'], 0),
      made.submit(['g'], 1),
    ]);
    for (let at = 0; at < 6; at += 1) {
      runs[at]?.finish();
      await settledTurns();
    }
    await call;
    expect(runs.map(({ items }) => items)).toEqual([
      ['a'],
      ['b', 'c', 'd'],
      ['e'],
      ['123456789'],
      ['f'],
      ['g'],
    ]);
    expect(runs.map(({ key }) => key)).toEqual([0, 0, 0, 0, 0, 1]);
  });

  it('fails with a run that fails before it, and what comes later begins anew', async () => {
    const { made, runs } = batched();
    const calls = [made.submit(['a'], 0), made.submit(['b'], 0)].map(failure);
    runs[0]?.finish(new Error('away'));
    expect(await Promise.all(calls)).toEqual(['away', 'away']);
    expect(runs.length).toBe(1);
    const next = made.submit(['b'], 0);
    runs[1]?.finish();
    expect(await next).toEqual(['b!']);
  });

  it('is bounded', async () => {
    const { made, runs } = batched({ waitingMax: 2 });
    const first = made.submit(['a'], 0);
    const second = made.submit(['b', 'c'], 0);
    await expect(made.submit(['d'], 0)).rejects.toMatchObject({ code: 'unavailable' });
    runs[0]?.finish();
    await first;
    await settledTurns();
    runs[1]?.finish();
    expect(await second).toEqual(['b!', 'c!']);
  });
});
