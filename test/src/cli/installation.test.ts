/** The data folder that is used when none is named. */
import { describe, expect, it } from 'vitest';
import { type DataDirFacts, defaultDataDir } from '../../../src/cli/installation.ts';

const facts: DataDirFacts = {
  env: {},
  clone: null,
  accessible: () => false,
  exists: () => false,
  home: '/home/anna',
  platform: 'linux',
};

describe('defaultDataDir', () => {
  it.each<[string, Partial<DataDirFacts>, string]>([
    [
      'what HOLDFAST_DATA says, before all',
      { env: { HOLDFAST_DATA: '/x' }, clone: '/c', accessible: () => true },
      '/x',
    ],
    ["a clone's own folder", { clone: '/c', accessible: () => true }, '/c/.holdfast/data'],
    [
      "the demo's, while only the demo runs",
      { clone: '/c', exists: (path) => path.includes('demo') },
      '/c/.holdfast/demo',
    ],
    ["the clone's own while both run", { clone: '/c', exists: () => true }, '/c/.holdfast/data'],
    ['the shared one when accessible', { accessible: () => true }, '/var/lib/holdfast'],
    ["the user's otherwise", {}, '/home/anna/.local/share/holdfast'],
    ["the user's by XDG", { env: { XDG_DATA_HOME: '/home/anna/data' } }, '/home/anna/data/holdfast'],
  ])('is %s', (_name, over, expected) => {
    expect(defaultDataDir({ ...facts, ...over })).toBe(expected);
  });
});
