/** Two nodes that keep the pair's settings equal: who follows whom, also when both were edited at once. */
import { afterEach, describe, expect, it } from 'vitest';
import { storePairConfig } from '../../../../agent/control/standby/share.ts';
import { PairSync, type PairSyncOptions } from '../../../../agent/control/standby/sync.ts';
import { createSealer } from '../../../../agent/settings/seal.ts';
import { PeerMethods } from '../../../../agent/standby/link/methods.ts';
import { type Settings, settingsSchema } from '../../../../src/settings/schema.ts';
import { samplePairConfig } from '../../../support/sample-pair.ts';
import { FakeClock } from '../fake-clock.ts';

const clock = new FakeClock();
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function makeNode(id: string, peerId: string) {
  let settings: Settings = settingsSchema.parse({
    version: 1,
    node: { id, name: id, timeZone: 'UTC', createdAtMs: 1 },
    pair: {
      pairId: 'pair-7c1f9e',
      peer: { nodeId: peerId, name: peerId, host: 'h', port: 1, fingerprint: 'f' },
      sealedKey: 'k',
    },
  });
  const sealer = createSealer(Buffer.alloc(32, id.charCodeAt(2)));
  const methods = new PeerMethods();
  const told: string[] = [];
  let versionsRaised = 0;
  const node = {
    methods,
    told,
    peer: null as PeerMethods | null,
    raised: () => versionsRaised,
    config: () => settings.pair?.config,
    async edit(change: (draft: Settings) => void) {
      await store.update((draft) => {
        change(draft);
        sync.raise(draft);
      });
    },
    /** As a camera's form does it: the sync notices by itself. */
    async editAside(change: (draft: Settings) => void) {
      await store.update(change);
      sync.noticeEdit(settings);
    },
    async set(failback: 'never' | 'ask' | 'when-stable') {
      await node.edit((draft) => {
        if (!draft.pair) return;
        const version = draft.pair.config?.version ?? 0;
        storePairConfig(draft.pair, { ...samplePairConfig({ failback }), version }, sealer);
      });
    },
  };
  const store = {
    current: () => settings,
    async update<T>(change: (draft: Settings) => T): Promise<T> {
      const draft = structuredClone(settings);
      const result = change(draft);
      settings = draft;
      return result;
    },
  };
  const options = {
    settings: store as PairSyncOptions['settings'],
    sealer,
    clock,
    ask: async (method, input) => method.output.parse(await node.peer?.answer(method.name, input)),
    connected: () => node.peer !== null,
    highestEpoch: () => 4,
    adopted: () => Promise.resolve(),
    raised: async () => {
      versionsRaised += 1;
    },
    tell: (_level, _event, text) => told.push(text),
    onUnexpected: (thrown) => {
      throw thrown;
    },
  } satisfies PairSyncOptions;
  const sync = new PairSync(options);
  sync.serve(methods);
  ends.push(() => sync.stop());
  return { ...node, node, sync, store };
}

async function makePair() {
  const one = makeNode('n-1', 'n-2');
  const two = makeNode('n-2', 'n-1');
  await one.node.set('never');
  const connect = () => {
    one.node.peer = two.methods;
    two.node.peer = one.methods;
  };
  connect();
  for (const { sync } of [one, two]) sync.start();
  await clock.run(3_000, 100);
  const cut = () => {
    one.node.peer = null;
    two.node.peer = null;
  };
  return { one, two, connect, cut };
}

describe('the settings of a pair', () => {
  it('reach the node that has none, and later edits the node that was not edited', async () => {
    const { one, two } = await makePair();
    expect(two.node.config()).toMatchObject({ version: 1, failback: 'never' });
    await two.node.set('ask');
    await clock.run(3_000, 100);
    expect(one.node.config()).toMatchObject({ version: 2, failback: 'ask' });
    expect([one.sync.agrees(), two.sync.agrees()]).toEqual([true, true]);
  });

  it('edited on both at once become those of the higher id on both, and both say so', async () => {
    const { one, two, connect, cut } = await makePair();
    cut();
    await one.node.set('ask');
    await two.node.set('when-stable');
    connect();
    await clock.run(5_000, 100);
    expect(one.node.config()).toMatchObject({ version: 2, failback: 'when-stable' });
    expect(two.node.config()).toMatchObject({ version: 2, failback: 'when-stable' });
    expect([one.sync.agrees(), two.sync.agrees()]).toEqual([true, true]);
    expect(one.told.join('\n')).toMatch(/version 2 .* at the same time; those of n-2 stay/);
    expect(one.told.filter((text) => text.includes('at the same time'))).toHaveLength(1);
  });

  it('edited twice on one stay, whatever the ids', async () => {
    const { one, two, connect, cut } = await makePair();
    cut();
    await one.node.set('ask');
    await one.node.set('never');
    await one.node.set('ask');
    await two.node.set('when-stable');
    connect();
    await clock.run(5_000, 100);
    expect(two.node.config()).toMatchObject({ version: 4, failback: 'ask' });
    expect(one.told.filter((text) => text.includes('at the same time'))).toEqual([]);
  });

  it('of a new version are handed to the guard of the node where a camera was edited', async () => {
    const { one } = await makePair();
    const before = one.node.raised();
    await one.node.editAside((draft) => {
      draft.cameras.push({
        id: 'c1',
        name: 'door',
        channel: 1,
        url: 'rtsp://192.0.2.9/1',
        sealedCredentials: null,
        transport: 'tcp',
        allowBasicAuth: false,
        poolId: null,
        plan: 'always',
        enabled: true,
        createdAtMs: 1,
      });
    });
    await clock.run(1_000, 100);
    expect(one.node.config()?.version).toBe(2);
    expect(one.node.raised()).toBe(before + 1);
  });
});
