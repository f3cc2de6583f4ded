import { describe, expect, it } from 'vitest';
import { maskPair, secretMask, secretsOf, unmaskPair } from '../../../../agent/control/standby/secrets.ts';
import { adoptShare, buildShare, isNewer, storePairConfig } from '../../../../agent/control/standby/share.ts';
import { createSealer } from '../../../../agent/settings/seal.ts';
import { pairConfigSchema } from '../../../../src/contract/index.ts';
import { type Settings, settingsSchema } from '../../../../src/settings/schema.ts';

const config = pairConfigSchema.parse({
  pairId: 'pair-1234',
  version: 3,
  application: 'video',
  nodes: ['a', 'b'].map((id) => ({ id, name: id, address: 'h', fingerprint: `f${id}` })),
  links: [{ id: 'cable', addresses: { a: '1', b: '2' } }],
  arbiter: { kind: 'hub', url: 'h:6070', account: 'x', key: 'hub-secret', fingerprint: 'f' },
  resources: [
    { id: 'cams', name: 'cams', kind: 'recording' },
    {
      id: 'disk',
      name: 'disk',
      kind: 'volume',
      device: '//nas/video',
      mountPoint: '/mnt',
      fileSystem: 'cifs',
      user: 'u',
      password: 'nas-secret',
    },
    {
      id: 'db',
      name: 'db',
      kind: 'ocf',
      agent: 'heartbeat:x',
      parameters: { port: '1', passwd: 'ocf-secret' },
    },
  ],
});

function node(
  id: string,
  keyByte: number,
  pools: string[],
): { settings: Settings; sealer: ReturnType<typeof createSealer> } {
  const settings = settingsSchema.parse({
    version: 1,
    node: { id, name: id, timeZone: 'UTC', createdAtMs: 1 },
    pools: pools.map((name, index) => ({
      id: `p${index + 1}`,
      name,
      strategy: 'capacity',
      shares: [],
      createdAtMs: 1,
    })),
    pair: {
      pairId: 'pair-1234',
      peer: { nodeId: 'x', name: 'x', host: 'h', port: 1, fingerprint: 'f' },
      sealedKey: 'k',
    },
  });
  return { settings, sealer: createSealer(Buffer.alloc(32, keyByte)) };
}

describe('secrets of a pair', () => {
  it('are masked in what is shown and come back where the mask stands', () => {
    const masked = maskPair(config);
    expect(JSON.stringify(masked)).not.toMatch(/hub-secret|nas-secret|ocf-secret/);
    expect(JSON.stringify(masked)).toContain(secretMask);
    expect(unmaskPair(masked, secretsOf(config))).toEqual(config);
  });
});

describe('what a pair shares', () => {
  it('arrives on the other node with cameras, their passwords and its own pools', () => {
    const a = node('a', 1, ['evidence', 'video']);
    const b = node('b', 2, ['video']);
    if (!a.settings.pair) throw new Error('no pair');
    storePairConfig(a.settings.pair, config, a.sealer);
    expect(JSON.stringify(a.settings)).not.toMatch(/hub-secret|nas-secret|ocf-secret/);
    a.settings.cameras.push({
      id: 'c9',
      name: 'door',
      channel: 1,
      url: 'rtsp://h/1',
      sealedCredentials: a.sealer.seal({ user: 'u', password: 'cam-secret' }, 'camera c9'),
      transport: 'tcp',
      allowBasicAuth: false,
      poolId: 'p2',
      plan: 'always',
      enabled: true,
      createdAtMs: 1,
    });
    const share = buildShare(a.settings, a.sealer);
    if (!share) throw new Error('nothing shared');
    expect(adoptShare(b.settings, share, b.sealer)).toEqual([]);
    const camera = b.settings.cameras[0];
    expect(camera).toMatchObject({ id: 'c9', poolId: 'p1' });
    expect(b.sealer.open(camera?.sealedCredentials ?? '', 'camera c9').password).toBe('cam-secret');
    expect(b.settings.counters.camera).toBe(9);
    expect(b.settings.pair?.localHash).toBe(share.head.hash);
    expect(buildShare(b.settings, b.sealer)).toEqual(share);
  });

  it('tells the other node what is locked, as the volume that holds it may move there', () => {
    const a = node('a', 1, ['video']);
    const b = node('b', 2, ['video']);
    const lock = {
      id: 'lock-7',
      cameraId: 'c1',
      fromMs: 1,
      toMs: 2,
      note: 'n',
      createdBy: 'ada',
      createdAtMs: 3,
      expiresAtMs: null,
    };
    if (!a.settings.pair || !b.settings.pair) throw new Error('no pair');
    storePairConfig(a.settings.pair, config, a.sealer);
    const before = structuredClone(buildShare(a.settings, a.sealer));
    a.settings.locks.push(lock);
    const share = buildShare(a.settings, a.sealer);
    if (!share || !before) throw new Error('nothing shared');
    expect(share.head.hash).not.toBe(before.head.hash);
    adoptShare(b.settings, share, b.sealer);
    expect(b.settings.locks).toEqual([lock]);
    expect(b.settings.counters.lock).toBe(7);
    expect(b.settings.pair.localHash).toBe(share.head.hash);
    const { locks: _, ...older } = share;
    adoptShare(b.settings, older, b.sealer);
    expect(b.settings.locks).toEqual([lock]);
    adoptShare(b.settings, before, b.sealer);
    expect(b.settings.locks).toEqual([]);
    expect(b.settings.pair.localHash).toBe(before.head.hash);
  });

  it('shows a pool that is missing on the other node, instead of agreeing', () => {
    const a = node('a', 1, ['video']);
    const b = node('b', 2, ['archive']);
    if (!a.settings.pair) throw new Error('no pair');
    storePairConfig(a.settings.pair, config, a.sealer);
    a.settings.cameras.push({
      id: 'c1',
      name: 'door',
      channel: 1,
      url: 'rtsp://h/1',
      sealedCredentials: null,
      transport: 'tcp',
      allowBasicAuth: false,
      poolId: 'p1',
      plan: 'always',
      enabled: true,
      createdAtMs: 1,
    });
    const share = buildShare(a.settings, a.sealer);
    if (!share) throw new Error('nothing shared');
    expect(adoptShare(b.settings, share, b.sealer)).toEqual(['video']);
    expect(b.settings.pair?.localHash).not.toBe(b.settings.pair?.sharedHash);
  });

  it('of a later epoch wins over a higher version', () => {
    const head = (epoch: number, version: number) => ({ epoch, version, hash: 'h' });
    expect(isNewer(head(6, 10), head(5, 11))).toBe(true);
    expect(isNewer(head(5, 11), head(6, 10))).toBe(false);
    expect(isNewer(head(5, 12), head(5, 11))).toBe(true);
    expect(isNewer(head(5, 11), head(5, 11))).toBe(false);
    expect(isNewer(head(0, 0), null)).toBe(true);
  });
});
