import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type BlockAge,
  chooseBlock,
  oldestOf,
  planFreeing,
  planShare,
  reserveBlocks,
  type SpaceShare,
} from '../../../../agent/storage/allocate/plan.ts';

const day = 86_400_000;

const ages = (spaceId: string) =>
  fc
    .array(fc.record({ number: fc.nat(9_999), lastMs: fc.nat(100 * day) }), { maxLength: 20 })
    .map((blocks) => blocks.map((block): BlockAge => ({ spaceId, ...block })));
const share = (spaceId: string): fc.Arbitrary<SpaceShare> =>
  fc
    .record({
      usable: fc.boolean(),
      free: fc.nat(20),
      locked: fc.boolean(),
      sealed: ages(spaceId),
      idle: ages(spaceId),
      open: fc.nat(5),
    })
    .map(({ open, ...rest }) => ({
      spaceId,
      ...rest,
      total: rest.free + rest.sealed.length + rest.idle.length + open,
    }));
const shares = fc.tuple(share('a'), share('b'), share('c'));

test('a free block is taken before any video goes, and only where the disk works', () => {
  fc.assert(
    fc.property(shares, (given) => {
      const choice = chooseBlock(given);
      const free = given.filter((one) => one.usable && one.free > 0).map((one) => one.spaceId);
      if (free.length > 0) expect(choice.kind === 'free' && free.includes(choice.spaceId)).toBe(true);
      else expect(choice.kind).not.toBe('free');
    }),
  );
});

test('without a free block the oldest sealed video goes, and a block left open only after all of it', () => {
  fc.assert(
    fc.property(shares, (given) => {
      const full = given.map((one) => ({ ...one, free: 0 }));
      const choice = chooseBlock(full);
      const usable = full.filter((one) => one.usable && one.total > 0);
      const sealed = usable.flatMap((one) => one.sealed);
      const idle = usable.flatMap((one) => one.idle);
      const pool = sealed.length > 0 ? sealed : idle;
      if (pool.length === 0) {
        expect(choice.kind).toBe('refused');
        return;
      }
      const oldestMs = Math.min(...pool.map((block) => block.lastMs));
      expect(choice.kind === 'overwrite' && choice.block.lastMs).toBe(oldestMs);
    }),
  );
});

test('a pool whose spaces are all away says so; one that is merely full says no-space', () => {
  const full: SpaceShare = {
    spaceId: 'a',
    usable: true,
    total: 4,
    free: 0,
    sealed: [],
    idle: [],
    locked: false,
  };
  expect(chooseBlock([full])).toEqual({ kind: 'refused', reason: 'no-space' });
  expect(chooseBlock([{ ...full, usable: false }])).toEqual({ kind: 'refused', reason: 'space-lost' });
  expect(chooseBlock([])).toEqual({ kind: 'refused', reason: 'no-space' });
});

test('a pool that only locks keep from overwriting says so, unless its space is away', () => {
  const held: SpaceShare = {
    spaceId: 'a',
    usable: true,
    total: 4,
    free: 0,
    sealed: [],
    idle: [],
    locked: true,
  };
  const block: BlockAge = { spaceId: 'b', number: 3, lastMs: 1 };
  expect(chooseBlock([held])).toEqual({ kind: 'refused', reason: 'locked' });
  expect(chooseBlock([{ ...held, usable: false }])).toEqual({ kind: 'refused', reason: 'space-lost' });
  expect(chooseBlock([held, { ...held, spaceId: 'b', sealed: [block] }])).toEqual({
    kind: 'overwrite',
    block,
  });
});

test('free blocks are taken where most of the share is free, so that spaces fill alike', () => {
  const one: SpaceShare = {
    spaceId: 'a',
    usable: true,
    total: 100,
    free: 30,
    sealed: [],
    idle: [],
    locked: false,
  };
  expect(chooseBlock([one, { ...one, spaceId: 'b', total: 10, free: 9 }])).toEqual({
    kind: 'free',
    spaceId: 'b',
  });
});

test('freeing takes the oldest first and no more than the reserve or the cycle wants', () => {
  fc.assert(
    fc.property(shares, fc.option(fc.integer({ min: 1, max: 90 }), { nil: null }), (given, cycleDays) => {
      const nowMs = 100 * day;
      const plan = planFreeing({ shares: given, cycleDays, nowMs, batchMax: 64 });
      const usable = given.filter((one) => one.usable);
      const sealed = usable.flatMap((one) => one.sealed);
      const kept = sealed.filter((block) => !plan.free.includes(block));
      const newestFreed = Math.max(0, ...plan.free.map((block) => block.lastMs));
      for (const block of kept) expect(block.lastMs).toBeGreaterThanOrEqual(newestFreed);
      const total = usable.reduce((sum, one) => sum + one.total, 0);
      const free = usable.reduce((sum, one) => sum + one.free, 0);
      const expired = sealed.filter((block) => cycleDays !== null && block.lastMs < nowMs - cycleDays * day);
      const wanted = Math.min(sealed.length, Math.max(0, reserveBlocks(total) - free));
      expect(plan.free.length).toBe(Math.max(expired.length, wanted));
      expect(plan.retentionMs !== null).toBe(cycleDays !== null && plan.free.length > expired.length);
    }),
  );
});

test('the oldest of many are what sorting would give', () => {
  fc.assert(
    fc.property(ages('a'), fc.nat(25), (blocks, count) => {
      const sorted = blocks.map((block) => block.lastMs).sort((a, b) => a - b);
      expect(oldestOf(blocks, count).map((block) => block.lastMs)).toEqual(sorted.slice(0, count));
    }),
  );
});

test('of the oldest those that may not be taken are passed over', () => {
  fc.assert(
    fc.property(ages('a'), fc.nat(25), fc.nat(3), (blocks, count, kept) => {
      const mayTake = (block: BlockAge) => block.number % 4 !== kept;
      expect(oldestOf(blocks, count, mayTake)).toEqual(oldestOf(blocks.filter(mayTake), count));
    }),
  );
});

test('a share that locks alone fill keeps its open blocks', () => {
  const given = { wanted: 4, unassigned: 0, free: 1, sealed: [], locked: 5, open: 3 };
  expect(planShare(given)).toEqual({ take: 0, giveFree: 1, giveOldest: [], sealOpen: 0 });
  expect(planShare({ ...given, wanted: 7 })).toEqual({ take: 0, giveFree: 1, giveOldest: [], sealOpen: 1 });
});

test('a share ends at its wanted size, and open blocks go last', () => {
  const sizes = fc.record({
    wanted: fc.nat(60),
    unassigned: fc.nat(60),
    free: fc.nat(20),
    open: fc.nat(20),
    sealed: ages('a'),
  });
  fc.assert(
    fc.property(sizes, (given) => {
      const plan = planShare({ ...given, locked: 0 });
      const have = given.free + given.open + given.sealed.length;
      const after = have + plan.take - plan.giveFree - plan.giveOldest.length - plan.sealOpen;
      expect(after).toBe(
        have < given.wanted ? Math.min(given.wanted, have + given.unassigned) : given.wanted,
      );
      if (plan.sealOpen > 0) expect(plan.giveOldest.length).toBe(given.sealed.length);
      if (plan.giveOldest.length > 0) expect(plan.giveFree).toBe(given.free);
    }),
  );
});
