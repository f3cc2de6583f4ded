/** The list of receivers: who is host, who follows, and which changes are refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePresence, decodeRoster, encodeRoster } from '../../../../agent/spare/roster/codec.ts';
import { joined, left, ordered, without } from '../../../../agent/spare/roster/plan.ts';
import type { Roster } from '../../../../agent/spare/types.ts';

const joining = (id: string) => ({ id, name: id.toUpperCase(), joinedMs: 5 });
const groupOf = (...ids: string[]) =>
  ids.reduce<Roster | null>((roster, id) => joined(roster, joining(id)), null) ?? { version: 1, members: [] };
const rolesOf = (roster: Roster) => roster.members.map(({ id, role }) => `${id} ${role}`);

describe('the list of receivers', () => {
  it('gives the roles in the order of joining', () => {
    expect(rolesOf(groupOf('a', 'b', 'c', 'd'))).toEqual(['a host', 'b spare-1', 'c spare-2', 'd spare-3']);
  });

  it('keeps the place of who joins again, under its new name', () => {
    const roster = joined(groupOf('a', 'b'), { id: 'a', name: 'Gate', joinedMs: 9 });
    expect(rolesOf(roster)).toEqual(['a host', 'b spare-1']);
    expect(roster.members[0]?.name).toBe('Gate');
  });

  it('closes up when a spare leaves, and is empty when the host does', () => {
    expect(rolesOf(left(groupOf('a', 'b', 'c'), 'b'))).toEqual(['a host', 'c spare-1']);
    expect(left(groupOf('a', 'b', 'c'), 'a').members).toEqual([]);
    expect(rolesOf(left(groupOf('a', 'b'), 'x'))).toEqual(['a host', 'b spare-1']);
  });

  it('orders the spares behind the host, and refuses what is no such order', () => {
    const roster = groupOf('a', 'b', 'c');
    expect(rolesOf(ordered(roster, ['a', 'c', 'b']))).toEqual(['a host', 'c spare-1', 'b spare-2']);
    for (const ids of [
      ['b', 'a', 'c'],
      ['a', 'b'],
      ['a', 'b', 'b'],
      ['a', 'b', 'x'],
      ['a', 'b', 'c', 'c'],
    ]) {
      expect(() => ordered(roster, ids)).toThrow('not an order of this group');
    }
  });

  it('makes the next one host when the host is removed', () => {
    expect(rolesOf(without(groupOf('a', 'b', 'c'), 'a'))).toEqual(['b host', 'c spare-1']);
    expect(() => without(groupOf('a'), 'x')).toThrow('no receiver x in the group');
  });

  it('is never more than four, has one host, and fits its register, whatever is done', () => {
    const change = fc.record({
      what: fc.constantFrom('join', 'leave', 'remove'),
      id: fc.constantFrom(...'abcdefg'),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        let roster: Roster = { version: 1, members: [] };
        for (const { what, id } of changes) {
          try {
            roster =
              what === 'join'
                ? joined(roster, joining(id))
                : what === 'leave'
                  ? left(roster, id)
                  : without(roster, id);
          } catch {
            // Refused: as it was.
          }
          expect(roster.members.length).toBeLessThanOrEqual(4);
          expect(roster.members.filter(({ role }) => role === 'host')).toHaveLength(
            roster.members.length ? 1 : 0,
          );
          const text = encodeRoster(roster);
          expect(text.length).toBeLessThan(8_192);
          expect(decodeRoster(text)).toEqual(roster);
        }
      }),
    );
  });
});

describe('foreign texts', () => {
  it('are no list and no word', () => {
    for (const text of [
      '',
      'null',
      '{}',
      '{"version":2,"members":[]}',
      '{"version":1,"members":[],"x":1}',
      '[1',
    ]) {
      expect(() => decodeRoster(text)).toThrow("the group's list of receivers cannot be read");
      expect(() => decodePresence(text)).toThrow('the word of a receiver cannot be read');
    }
  });
});
