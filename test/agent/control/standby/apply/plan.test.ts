import { describe, expect, it } from 'vitest';
import { pairChanges, pairProblems, roleProblems } from '../../../../../agent/control/standby/apply/plan.ts';
import { type PairConfig, pairConfigSchema } from '../../../../../src/contract/index.ts';

const members = {
  pairId: 'pair-1234',
  self: { nodeId: 'a', fingerprint: 'fa' },
  peer: { nodeId: 'b', fingerprint: 'fb' },
};
const process_ = (id: string, after: string[] = []) => ({
  id,
  name: id,
  kind: 'process',
  command: ['x'],
  after,
});

function configOf(change: Record<string, unknown> = {}): PairConfig {
  return pairConfigSchema.parse({
    pairId: 'pair-1234',
    version: 1,
    application: 'video',
    nodes: ['a', 'b'].map((id) => ({ id, name: id, address: 'h', fingerprint: `f${id}` })),
    links: [{ id: 'cable', addresses: { a: '1', b: '2' } }],
    arbiter: { kind: 'manual' },
    resources: [process_('web')],
    ...change,
  });
}

describe('new settings of a pair', () => {
  it('are taken when nothing is wrong with them', () => {
    expect(pairProblems(configOf(), members)).toEqual([]);
    expect(pairChanges(null, configOf())).toContain('a pair for "video" with 1 resource');
    expect(pairChanges(configOf(), configOf({ version: 9 }))).toEqual([]);
  });

  it.each([
    ['another pair', { pairId: 'pair-9999' }, 'pair-9999'],
    [
      'a third node',
      { nodes: ['a', 'c'].map((id) => ({ id, name: id, address: 'h', fingerprint: `f${id}` })) },
      'node b',
    ],
    [
      'another certificate',
      { nodes: ['a', 'b'].map((id) => ({ id, name: id, address: 'h', fingerprint: 'x' })) },
      'certificate',
    ],
    [
      'a password in the address of the arbiter',
      { arbiter: { kind: 'nats', servers: ['nats://u:secret@n1:4222'] } },
      'as user and password',
    ],
    [
      'a password among the options of a volume',
      {
        resources: [
          {
            id: 'share',
            name: 'share',
            kind: 'volume',
            device: '//nas/v',
            mountPoint: '/mnt/v',
            fileSystem: 'cifs',
            options: 'ro,password=secret',
          },
        ],
      },
      'options of volume share',
    ],
    ['a circle', { resources: [process_('web', ['db']), process_('db', ['web'])] }, 'web'],
    ['a dependency that is missing', { resources: [process_('web', ['db'])] }, 'db'],
    [
      'times that are not safe',
      {
        profile: 'custom',
        timing: {
          renewIntervalMs: 500,
          leaseMs: 1500,
          stopMs: 500,
          takeOverAfterMs: 1600,
          rpcTimeoutMs: 500,
          storeFailoverMs: 0,
        },
      },
      'takeOverAfterMs',
    ],
    ['a link without an address of the peer', { links: [{ id: 'cable', addresses: { a: '1' } }] }, 'cable'],
    ['a default node that is none of the two', { defaultNodeId: 'z' }, 'default node z'],
  ])('are refused with the reason: %s', (_what, change, word) => {
    const problems = pairProblems(configOf(change), members);
    expect(problems.join('; ')).toContain(word);
  });

  it('say in words what they change', () => {
    const next = configOf({
      application: 'access',
      arbiter: { kind: 'availability-first' },
      resources: [process_('web', []), process_('db')],
      failback: 'ask',
    });
    expect(pairChanges(configOf(), next)).toEqual([
      'application: video -> access',
      'arbiter: manual -> availability-first',
      'resource db added',
      'failback: never -> ask',
    ]);
    expect(pairChanges(next, configOf())).toContain('resource db removed');
  });

  it('change what safety rests on only while both are out', () => {
    const roles = [
      { name: 'a', role: 'standby' as const },
      { name: 'b', role: 'active' as const },
    ];
    const resources = configOf({ resources: [] });
    expect(roleProblems(configOf(), resources, roles)[0]).toMatch(/resources can change only .*b is active/);
    expect(roleProblems(configOf(), resources, [{ name: 'a', role: 'out' }])).toEqual([]);
    expect(roleProblems(configOf(), configOf({ failback: 'ask' }), roles)).toEqual([]);
    const alias = configOf().nodes.map((node) => ({ ...node, alias: 'left' }));
    expect(roleProblems(configOf(), configOf({ nodes: alias }), roles)).toEqual([]);
  });
});
