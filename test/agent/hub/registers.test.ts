/** The hub's registers and their memory of runs: revisions only grow, and every way of going back is recognised. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAccounts } from '../../../agent/hub/accounts.ts';
import { openDatabase } from '../../../agent/hub/database.ts';
import { openRegisters, type Registers } from '../../../agent/hub/registers.ts';

let folder: string;
const close: (() => void)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-registers-'));
});
afterEach(() => {
  for (const each of close.splice(0)) each();
  rmSync(folder, { recursive: true, force: true });
});

/** One run of a hub on the file. */
function run<T>(work: (registers: Registers) => T, file = 'hub.db'): T {
  const database = openDatabase(join(folder, file));
  try {
    const accounts = openAccounts(database);
    for (const name of ['one', 'two']) if (!accounts.exists(name)) accounts.add(name, 0);
    return work(openRegisters(database));
  } finally {
    database.close();
  }
}

const code = (act: () => unknown) => {
  try {
    act();
    return 'done';
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
};
const copy = (from: string, to: string) => copyFileSync(join(folder, from), join(folder, to));
const lease = 'lease/pair-1';

describe('registers', () => {
  it('grow in revision over registers, accounts and runs', () => {
    const first = run((registers) => registers.write('one', lease, null, 'a'));
    const later = run((registers) => [
      registers.write('two', lease, null, 'b'),
      registers.write('one', lease, first, 'c'),
      registers.write('one', 'lease/pair-2', null, 'd'),
    ]);
    expect([first, ...later].map(({ revision }) => revision)).toEqual([1, 2, 3, 4]);
    expect(new Set(later.map(({ boot }) => boot)).size).toBe(1);
    expect(later[0]?.boot).not.toBe(first.boot);
  });

  it('keep accounts apart', () => {
    run((registers) => {
      registers.write('one', lease, null, 'a');
      expect(registers.read('two', lease)).toBeNull();
    });
  });

  it('go on for a client that wrote last before a restart', () => {
    const before = run((registers) => registers.write('one', lease, null, 'a'));
    const after = run((registers) => {
      registers.checkSeen(before);
      return registers.write('one', lease, before, 'b');
    });
    expect(after.revision).toBe(2);
  });

  it('leave nothing of a refused write', () => {
    run((registers) => {
      const first = registers.write('one', lease, null, 'a');
      const second = registers.write('one', lease, first, 'b');
      expect(code(() => registers.write('one', lease, first, 'c'))).toBe('conflict');
      expect(code(() => registers.write('one', lease, null, 'c'))).toBe('conflict');
      expect(registers.read('one', lease)).toEqual({ text: 'b', position: second });
      expect(registers.revision()).toBe(2);
    });
  });

  it('bound how many an account has', () => {
    run((registers) => {
      for (let at = 0; at < 64; at += 1) registers.write('one', `lease/pair-${at}`, null, 'a');
      expect(code(() => registers.write('one', 'lease/one-more', null, 'a'))).toBe('forbidden');
      expect(code(() => registers.write('two', 'lease/one-more', null, 'a'))).toBe('done');
    });
  });
});

describe('an older database that was put back', () => {
  it('does not know a run that it is from before', () => {
    const early = run((registers) => registers.write('one', lease, null, 'a'));
    copy('hub.db', 'old.db');
    // Another run, which writes nothing of its own.
    const seen = run((registers) => ({ boot: registers.boot, revision: early.revision }));
    copy('old.db', 'hub.db');
    run((registers) => expect(code(() => registers.checkSeen(seen))).toBe('data_loss'));
  });

  it('is recognised also when it has had more writes since than before', () => {
    const database = openDatabase(join(folder, 'hub.db'));
    close.push(() => database.close());
    openAccounts(database).add('one', 0);
    const registers = openRegisters(database);
    const early = registers.write('one', lease, null, 'a');
    // The copy is of the same run as the writes that it lacks.
    database.exec(`VACUUM INTO '${join(folder, 'old.db')}'`);
    const late = registers.write('one', lease, registers.write('one', lease, early, 'b'), 'c');
    run((restored) => {
      let position = early;
      for (let at = 0; at < 5; at += 1) position = restored.write('one', lease, position, `x${at}`);
      expect(restored.revision()).toBeGreaterThan(late.revision);
      expect(code(() => restored.checkSeen(late))).toBe('data_loss');
      expect(code(() => restored.write('one', lease, late, 'd'))).toBe('data_loss');
      expect(code(() => restored.checkSeen(early))).toBe('done');
    }, 'old.db');
  });

  it('never takes a write of the other history for the one that was expected, though the numbers are equal', () => {
    const database = openDatabase(join(folder, 'hub.db'));
    close.push(() => database.close());
    openAccounts(database).add('one', 0);
    const registers = openRegisters(database);
    const early = registers.write('one', lease, null, 'a');
    database.exec(`VACUUM INTO '${join(folder, 'old.db')}'`);
    const mine = registers.write('one', lease, early, 'b');
    run((restored) => {
      const theirs = restored.write('one', lease, early, 'y');
      expect(theirs.revision).toBe(mine.revision);
      expect(code(() => restored.write('one', lease, mine, 'c'))).toBe('data_loss');
      expect(restored.read('one', lease)?.text).toBe('y');
    }, 'old.db');
  });

  it('is a new one altogether: nothing of what was seen is known', () => {
    const seen = run((registers) => registers.write('one', lease, null, 'a'));
    run((registers) => expect(code(() => registers.checkSeen(seen))).toBe('data_loss'), 'new.db');
  });
});
