/** How much one connection and one account may ask of the hub, so that others are answered in time. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAccounts } from '../../../agent/hub/accounts.ts';
import { openDatabase } from '../../../agent/hub/database.ts';
import { createAccountRates, type Desk, type DeskContext, openDesk } from '../../../agent/hub/desk.ts';
import { openIngressTables } from '../../../agent/hub/ingress/tables.ts';
import { openObjects } from '../../../agent/hub/objects.ts';
import { openAlarmQueues } from '../../../agent/hub/queue/alarm-queues.ts';
import { openRegisters } from '../../../agent/hub/registers.ts';
import { createSealer } from '../../../agent/settings/seal.ts';
import { AppError } from '../../../src/errors.ts';
import { FakeClock } from '../control/fake-clock.ts';

let folder: string;
let database: ReturnType<typeof openDatabase>;
let context: DeskContext;
const clock = new FakeClock();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-desk-'));
  database = openDatabase(join(folder, 'hub.db'));
  const accounts = openAccounts(database);
  for (const name of ['one', 'two']) accounts.add(name, 0);
  context = {
    registers: openRegisters(database),
    queues: openAlarmQueues({ database, clock, onFatal: () => {} }),
    objects: openObjects(database),
    ingressTables: openIngressTables(database, createSealer(Buffer.alloc(32))),
    rates: createAccountRates(),
    counts: { reads: 0, writes: 0, conflicts: 0, refused: 0, slowestWriteMs: 0 },
    clock,
  };
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What each of so many reads came to, and how many of each. */
function ask(desk: Desk, times: number): Record<string, number> {
  const outcomes = Array.from({ length: times }, () => {
    try {
      void desk.answer({ op: 'read', id: 1, register: 'lease/x' });
      return 'done';
    } catch (error) {
      return error instanceof AppError ? error.code : String(error);
    }
  });
  return Object.fromEntries(
    [...Map.groupBy(outcomes, (each) => each)].map(([code, all]) => [code, all.length]),
  );
}

describe('requests', () => {
  it('of a connection that goes on although it is told to wait end it', () => {
    const desk = openDesk('one', context);
    expect(ask(desk, 400)).toEqual({ done: 400 });
    expect(ask(desk, 1_000)).toEqual({ unavailable: 1_000 });
    expect(ask(desk, 1)).toEqual({ protocol: 1 });
    expect(ask(openDesk('one', context), 100)).toEqual({ done: 100 });
  });

  it('of all connections of an account have one bound, and others have their own', () => {
    const desks = Array.from({ length: 12 }, () => openDesk('one', context));
    const outcomes = desks.map((desk) => ask(desk, 400));
    expect(outcomes.reduce((sum, { done = 0 }) => sum + done, 0)).toBe(4_000);
    expect(ask(openDesk('two', context), 400)).toEqual({ done: 400 });
    clock.advance(1_000);
    expect(ask(openDesk('one', context), 400)).toEqual({ done: 400 });
  });
});
