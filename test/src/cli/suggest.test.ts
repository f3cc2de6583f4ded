import { describe, expect, it } from 'vitest';
import { closest } from '../../../src/cli/suggest.ts';

const nouns = [
  'up',
  'agent',
  'tui',
  'status',
  'inspect',
  'export',
  'space',
  'pool',
  'camera',
  'log',
  'login',
];

describe('the word that was meant', () => {
  it.each([
    ['spaec', 'space'],
    ['spac', 'space'],
    ['camra', 'camera'],
    ['cam', 'camera'],
    ['stauts', 'status'],
    ['pol', 'pool'],
    ['lgo', 'log'],
    ['logni', 'login'],
  ])('by %s is %s', (typed, meant) => expect(closest(typed, nouns)).toBe(meant));

  it.each(['nonsense', 'x', '', 'zz', '\u001b[2J', 'q'.repeat(10_000)])('is none by %j', (typed) =>
    expect(closest(typed, nouns)).toBeNull(),
  );
});
