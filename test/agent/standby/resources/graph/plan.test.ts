import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  makeGraph,
  nextStarts,
  nextStops,
  type Ordered,
  startWaves,
  withDependents,
} from '../../../../../agent/standby/resources/graph/plan.ts';

/** Any graph without a circle: each resource comes after some of those before it, and the list is shuffled. */
const ordered = fc
  .array(fc.array(fc.nat(100), { maxLength: 4 }), { minLength: 1, maxLength: 14 })
  .chain((rows) => {
    const resources = rows.map((picks, i) => ({
      id: `r${i}`,
      after: i === 0 ? [] : picks.map((pick) => `r${pick % i}`),
    }));
    return fc.shuffledSubarray(resources, { minLength: resources.length, maxLength: resources.length });
  });

/** Carries everything through in an order that `pick` chooses; returns the order and how many were under way at most. */
function carry(
  resources: Ordered[],
  next: typeof nextStarts,
  pick: () => number,
): { order: string[]; stuck: boolean } {
  const graph = makeGraph(resources);
  const members = new Set(graph.ids);
  const done = new Set<string>();
  const begun = new Set<string>();
  const order: string[] = [];
  while (done.size < members.size) {
    for (const id of next(graph, { members, done, begun })) begun.add(id);
    const underWay = [...begun].filter((id) => !done.has(id));
    const ended = underWay[pick() % Math.max(1, underWay.length)];
    if (ended === undefined) return { order, stuck: true };
    done.add(ended);
    order.push(ended);
  }
  return { order, stuck: false };
}

describe('the order of resources', () => {
  it('starts each after everything it needs, whatever takes long, and leaves none out', () => {
    fc.assert(
      fc.property(ordered, fc.infiniteStream(fc.nat(1000)), (resources, picks) => {
        const { order, stuck } = carry(resources, nextStarts, () => picks.next().value ?? 0);
        expect(stuck).toBe(false);
        for (const { id, after } of resources)
          for (const need of after) expect(order.indexOf(need)).toBeLessThan(order.indexOf(id));
        expect(order.length).toBe(resources.length);
      }),
    );
  });

  it('stops each before anything it needs, and leaves none out', () => {
    fc.assert(
      fc.property(ordered, fc.infiniteStream(fc.nat(1000)), (resources, picks) => {
        const { order, stuck } = carry(resources, nextStops, () => picks.next().value ?? 0);
        expect(stuck).toBe(false);
        for (const { id, after } of resources)
          for (const need of after) expect(order.indexOf(need)).toBeGreaterThan(order.indexOf(id));
        expect(order.length).toBe(resources.length);
      }),
    );
  });

  it('puts into each wave all that can start then, and nothing earlier than its needs', () => {
    fc.assert(
      fc.property(ordered, (resources) => {
        const waves = startWaves(makeGraph(resources));
        const waveOf = new Map(waves.flatMap((wave, i) => wave.map((id) => [id, i] as const)));
        for (const { id, after } of resources) {
          const earliest = Math.max(-1, ...after.map((need) => waveOf.get(need) ?? Number.NaN)) + 1;
          expect(waveOf.get(id)).toBe(earliest);
        }
      }),
    );
  });

  it('refuses every circle and names one', () => {
    fc.assert(
      fc.property(ordered, fc.nat(1000), fc.nat(1000), (resources, a, b) => {
        const graph = makeGraph(resources);
        const lower = graph.ids[a % graph.ids.length] ?? '';
        const dependents = [...withDependents(graph, lower)];
        const upper = dependents[b % dependents.length] ?? '';
        const closed = resources.map((each) =>
          each.id === lower ? { ...each, after: [...each.after, upper] } : each,
        );
        const message = messageOf(() => makeGraph(closed));
        const path = /: (.*)$/.exec(message)?.[1]?.split(' -> ') ?? [];
        expect(path.length).toBeGreaterThan(1);
        expect(path[0]).toBe(path.at(-1));
        for (let i = 0; i + 1 < path.length; i += 1)
          expect(closed.find(({ id }) => id === path[i])?.after).toContain(path[i + 1]);
      }),
    );
  });

  it.each<[string, Ordered[], string]>([
    ['itself', [{ id: 'a', after: ['a'] }], 'a -> a'],
    ['an unknown one', [{ id: 'a', after: ['b'] }], 'a comes after b, which does not exist'],
    [
      'a double id',
      [
        { id: 'a', after: [] },
        { id: 'a', after: [] },
      ],
      'two resources have the id a',
    ],
  ])('refuses %s', (_, resources, message) => {
    expect(messageOf(() => makeGraph(resources))).toContain(message);
  });

  it('finds what needs a resource, directly or not', () => {
    const graph = makeGraph([
      { id: 'disk', after: [] },
      { id: 'db', after: ['disk'] },
      { id: 'web', after: ['db', 'vip'] },
      { id: 'vip', after: [] },
    ]);
    expect([...withDependents(graph, 'disk')].sort()).toEqual(['db', 'disk', 'web']);
  });
});

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : '';
  }
  return 'it was accepted';
}
