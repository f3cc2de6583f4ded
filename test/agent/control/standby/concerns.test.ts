/** What Home says of a pair: nothing when all is well, and what keeps the next failure from being survived. */
import { describe, expect, it } from 'vitest';
import { pairConcerns } from '../../../../agent/control/standby/concerns.ts';
import type { PairStatus } from '../../../../src/contract/index.ts';
import { samplePair, unconfiguredPair } from '../../../support/sample-pair.ts';

const well = samplePair();
const said = (change: Partial<PairStatus> = {}) =>
  pairConcerns({ ...well, ...change }).map(({ level, question, text }) => `${level} ${question}: ${text}`);
const nodes = (self: Partial<PairStatus['nodes'][number]>, peer: Partial<PairStatus['nodes'][number]> = {}) =>
  well.nodes.map((node) => ({ ...node, ...(node.self ? self : peer) }));

describe('Home says of a pair', () => {
  it('nothing when all is well, or where there is none', () => {
    expect(said()).toEqual([]);
    expect(pairConcerns(unconfiguredPair())).toEqual([]);
  });

  it('that it is brought out, and nothing of what follows from that', () => {
    const out = said({ nodes: nodes({ role: 'out' }, { ageMs: null }), links: [] });
    expect(out).toEqual(['warning todo: video is brought out: nobody would take over']);
  });

  it('that it is in maintenance, wherever that was set', () => {
    const maintenance = ['warning todo: the pair is in maintenance: nobody would take over'];
    expect(said({ nodes: nodes({ maintenance: true }) })).toEqual(maintenance);
    expect(said({ nodes: nodes({}, { maintenance: true }) })).toEqual(maintenance);
  });

  it('that this node failed, with the resource that did', () => {
    const resources = well.resources.map((each, at) =>
      at === 1 ? { ...each, state: 'failed' as const, problem: 'exit code 3' } : each,
    );
    expect(said({ nodes: nodes({ role: 'fault' }), resources })).toEqual([
      'error todo: this node failed, and would not take over',
      'error service: nginx has failed: exit code 3',
    ]);
  });

  it('that its guard does not run', () => {
    const forecast = 'the guard of this node is not running: it would not take over';
    expect(said({ nodes: nodes({ role: null }, { ageMs: null }), forecast })).toEqual([
      `warning service: ${forecast}`,
    ]);
  });

  it('that the arbiter does not answer, and which link is down', () => {
    const links = well.links.map((each, at) => (at === 1 ? { ...each, state: 'down' as const } : each));
    const arbiter = { ...well.arbiter, state: 'unreachable' as const, problem: null };
    expect(said({ arbiter, links })).toEqual([
      'warning service: the arbiter does not answer',
      'warning service: the link service is down',
    ]);
  });

  it('that the peer is not heard, in place of its links', () => {
    const links = well.links.map((each) => ({ ...each, state: 'down' as const }));
    expect(said({ nodes: nodes({}, { ageMs: 10_001 }), links })).toEqual([
      'warning service: store-02 is not heard',
    ]);
    expect(said({ nodes: nodes({}, { ageMs: 10_000 }) })).toEqual([]);
  });
});
