/** The checker of lease histories itself: it lets a right history pass and bites on each kind of wrong one. */
import { describe, expect, it } from 'vitest';
import { checkHistory, type Operation } from './lease-checker.ts';

let timeMs = 0;
const base = (client: string): Operation => {
  timeMs += 10;
  return {
    ...{ client, kind: 'read', startMs: timeMs, endMs: timeMs + 5, outcome: 'ok' },
    ...{ content: null, expected: null, revision: null },
  };
};
const read = (client: string, content: string | null, revision: number | null): Operation => ({
  ...base(client),
  content,
  revision: revision === null ? null : BigInt(revision),
});
const write = (client: string, content: string, expected: number | null, revision: number): Operation => ({
  ...base(client),
  kind: 'write',
  content,
  expected: expected === null ? null : BigInt(expected),
  revision: BigInt(revision),
});
const unsure = (operation: Operation, outcome: 'refused' | 'unknown'): Operation => ({
  ...operation,
  outcome,
  revision: null,
});
const check = (history: Operation[], readsAreLinearizable = true) =>
  checkHistory(history, { readsAreLinearizable });

describe('a history is fine', () => {
  it('when every write follows the one before, also one of unknown outcome that did happen', () => {
    const history = [
      read('a', null, null),
      write('a', 'a1', null, 3),
      unsure(write('b', 'b1', 3, 0), 'refused'),
      unsure(write('b', 'b2', 3, 0), 'unknown'),
      read('a', 'b2', 4),
      write('a', 'a2', 4, 9),
      read('b', 'a2', 9),
    ];
    expect(check(history)).toEqual([]);
  });

  it('when two overlap, in either order', () => {
    const first = { ...write('a', 'a1', null, 1), startMs: 0, endMs: 100 };
    expect(check([first, { ...read('b', null, null), startMs: 20, endMs: 30 }])).toEqual([]);
  });

  it('when a server answers another client late, where only each client must not go back', () => {
    const history = [write('a', 'a1', null, 1), write('a', 'a2', 1, 2), read('b', 'a1', 1)];
    expect(check(history, false)).toEqual([]);
    expect(check(history)).toHaveLength(1);
  });
});

describe('a history is wrong', () => {
  const cases: [string, Operation[]][] = [
    [
      'when two writes follow the same',
      [write('a', 'a1', null, 1), write('a', 'a2', 1, 2), write('b', 'b1', 1, 3)],
    ],
    ['when two are the first', [write('a', 'a1', null, 1), write('b', 'b1', null, 2)]],
    [
      'when a refused write is found',
      [write('a', 'a1', null, 1), unsure(write('b', 'b1', 1, 0), 'refused'), read('a', 'b1', 2)],
    ],
    [
      'when one revision is two values',
      [write('a', 'a1', null, 1), unsure(write('b', 'b1', null, 0), 'unknown'), read('b', 'b1', 1)],
    ],
    ['when a value comes from nowhere', [write('a', 'a1', null, 1), read('b', 'x', 2)]],
    ['when a confirmed write is gone', [write('a', 'a1', null, 1), read('b', null, null)]],
    ['when a read goes back', [write('a', 'a1', null, 1), write('a', 'a2', 1, 2), read('a', 'a1', 1)]],
    ['when a write gives a revision again', [write('a', 'a1', null, 2), write('b', 'b1', 1, 2)]],
    [
      'when a write skips one',
      [
        write('a', 'a1', null, 1),
        unsure(write('b', 'b1', 1, 0), 'unknown'),
        read('b', 'b1', 2),
        write('a', 'a2', 1, 3),
      ],
    ],
  ];
  it.each(cases)('%s', (_name, history) => {
    expect(check(history, false).concat(check(history))).not.toEqual([]);
  });
});
