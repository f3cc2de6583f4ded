import { Memory } from 'lowdb';
import { describe, expect, it } from 'vitest';
import { initialSettings } from '../../../agent/settings/initial.ts';
import { readerConfigOf } from '../../../agent/settings/reader-config.ts';
import { openSettings } from '../../../agent/settings/store.ts';

const initial = () =>
  initialSettings({ nodeId: 'n-1', nodeName: 'node', timeZone: 'Europe/Berlin', nowMs: 1 });

describe('the settings store', () => {
  it('makes the settings of a new node and writes them at once', async () => {
    const adapter = new Memory<unknown>();
    const store = await openSettings({ adapter, initial });
    expect(store.current().node.timeZone).toBe('Europe/Berlin');
    expect(store.current().api.sessionIdleTimeoutMs).toBe(1_800_000);
    expect(await adapter.read()).toEqual(store.current());
  });

  it('runs changes one after the other, each on top of the last', async () => {
    const store = await openSettings({ adapter: new Memory<unknown>(), initial });
    const results = await Promise.all(
      Array.from({ length: 20 }, () => store.update((draft) => (draft.counters.space += 1))),
    );
    expect(results).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  it('keeps nothing of a change that is not valid, that throws, or that the disk refused', async () => {
    const adapter = new Memory<unknown>();
    const store = await openSettings({ adapter, initial });
    const before = store.current();
    await expect(
      store.update((draft) => {
        draft.node.timeZone = 'Mars/Olympus';
      }),
    ).rejects.toMatchObject({ code: 'invalid_input', details: { field: 'node.timeZone' } });
    await expect(
      store.update((draft) => {
        draft.node.name = 'half';
        throw new Error('stop');
      }),
    ).rejects.toThrow('stop');
    adapter.write = async () => {
      throw new Error('disk');
    };
    await expect(
      store.update((draft) => {
        draft.node.name = 'other';
      }),
    ).rejects.toThrow('disk');
    expect(store.current()).toBe(before);
  });

  it('makes a change, and tells the other listeners, whatever one of them throws', async () => {
    const told: unknown[] = [];
    const store = await openSettings({
      adapter: new Memory<unknown>(),
      initial,
      onListenerError: (error) => told.push(error),
    });
    const heard: string[] = [];
    const problem = new Error('a seal that does not open');
    store.onChange(() => {
      throw problem;
    });
    store.onChange(({ node }) => heard.push(node.name));
    const done = await store.update((draft) => {
      draft.node.name = 'renamed';
      return 'done';
    });
    expect([done, store.current().node.name, heard, told]).toEqual([
      'done',
      'renamed',
      ['renamed'],
      [problem],
    ]);
  });

  it('tells listeners only after the change is on disk', async () => {
    const adapter = new Memory<unknown>();
    const store = await openSettings({ adapter, initial });
    let onDisk: unknown = null;
    store.onChange(async () => {
      onDisk = await adapter.read();
    });
    await store.update((draft) => {
      draft.node.name = 'renamed';
    });
    expect(onDisk).toMatchObject({ node: { name: 'renamed' } });
  });

  it('gives readers the same object until something changed', async () => {
    const store = await openSettings({ adapter: new Memory<unknown>(), initial });
    const config = readerConfigOf(store);
    const first = config();
    expect(config()).toBe(first);
    await store.update((draft) => {
      draft.node.timeZone = 'UTC';
    });
    expect(config()).not.toBe(first);
    expect(config().timeZone).toBe('UTC');
  });
});
