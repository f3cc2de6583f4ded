/** Collects what many ask for while one call is under way, and hands it over in the next: one sync of a disk serves them all. */
import { AppError } from '../../../src/errors.ts';

export interface Batched<Item, Result> {
  /** Items of one call keep their order, and so do calls. Rejects with the failure of any of its items' runs. */
  submit(items: readonly Item[], key: number): Promise<Result[]>;
}

interface Waiting<Item, Result> {
  item: Item;
  key: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * One run at a time, of items with the same key, within the bounds; a single item always fits. When a run fails, all that
 * wait behind it fail with it: what is sent again must not come behind what was asked for later.
 */
export function createBatched<Item, Result>(options: {
  run(items: readonly Item[], key: number): Promise<readonly Result[]>;
  itemsMax: number;
  bytesMax: number;
  waitingMax: number;
  bytesOf(item: Item): number;
}): Batched<Item, Result> {
  const { run, itemsMax, bytesMax, waitingMax, bytesOf } = options;
  let waiting: Waiting<Item, Result>[] = [];
  let running = false;

  const next = () => {
    const key = waiting[0]?.key;
    let bytes = 0;
    const end = waiting.findIndex((each, at) => {
      bytes += bytesOf(each.item);
      return each.key !== key || at >= itemsMax || (at > 0 && bytes > bytesMax);
    });
    return waiting.splice(0, end === -1 ? waiting.length : end);
  };
  const work = async () => {
    running = true;
    while (waiting.length > 0) {
      const batch = next();
      try {
        const results = await run(
          batch.map(({ item }) => item),
          batch[0]?.key ?? 0,
        );
        for (const [at, { resolve, reject }] of batch.entries()) {
          const result = results[at];
          if (result === undefined) reject(new AppError('protocol', 'the store left out a result'));
          else resolve(result);
        }
      } catch (error) {
        const behind = waiting;
        waiting = [];
        for (const { reject } of [...batch, ...behind]) reject(error);
      }
    }
    running = false;
  };
  return {
    async submit(items, key) {
      if (waiting.length + items.length > waitingMax) {
        throw new AppError('unavailable', `${waitingMax} events wait for the group's store`, {
          hint: 'It is slower than the events come; they are kept on this receiver.',
        });
      }
      const results = items.map(
        (item) =>
          new Promise<Result>((resolve, reject) => {
            waiting.push({ item, key, resolve, reject });
          }),
      );
      if (!running) void work();
      return Promise.all(results);
    },
  };
}
