import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { blockFilePath } from '../../../agent/storage/block/codec.ts';
import { Rig, startMs } from '../../support/storage/rig.ts';

let r = new Rig();

beforeEach(async () => {
  r = await new Rig().ready();
  const writer = r.open('c1');
  for (let i = 0; i < 70; i += 1) r.append(writer, startMs + i * 1_000);
  await r.synced();
  await r.engine.close();
  expect(await r.check()).toMatchObject({ faults: [], parts: 70 });
});

afterEach(() => r.end());

function flipByte(block: number, offset: number): void {
  const file = openSync(blockFilePath(r.spaceConfigs[0]?.path ?? '', block), 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, offset);
  byte[0] = (byte[0] ?? 0) ^ 0x10;
  writeSync(file, byte, 0, 1, offset);
  closeSync(file);
}

function change(sql: string): void {
  const database = new DatabaseSync(`${r.dataDir}/index/s1.db`);
  expect(database.prepare(sql).run().changes).toBeGreaterThan(0);
  database.close();
}

async function faults(): Promise<string> {
  return (await r.check()).faults.join('\n');
}

test('a byte flipped in a picture is found', async () => {
  flipByte(0, 20_000);
  expect(await faults()).toMatch(/block 0: .* is damaged/);
});

test('a byte flipped in the head is found', async () => {
  flipByte(0, 60);
  expect(await faults()).toMatch(/block 0: its head is damaged/);
});

test('a block taken by another generation is found', async () => {
  change('UPDATE block SET generation = generation + 1 WHERE number = 0');
  expect(await faults()).toMatch(/block 0: its head is of another generation/);
});

test('a minute left over from another generation is found', async () => {
  change('UPDATE minute SET generation = generation - 1 WHERE block = 0');
  expect(await faults()).toMatch(/minute \d+ is of another generation/);
});

test('an index ahead of the data is found', async () => {
  change(
    `UPDATE minute SET length_bytes = length_bytes + 2140 WHERE minute = (SELECT max(minute) FROM minute)`,
  );
  expect(await faults()).toMatch(/beyond what is committed/);
});

test('a minute that claims more than its parts hold is found', async () => {
  change('UPDATE minute SET present_ms = present_ms + 1 WHERE block = 1');
  expect(await faults()).toMatch(/claims \d+ ms, its parts hold \d+ ms/);
});

test('a minute that begins within a part is found', async () => {
  change('UPDATE minute SET offset_bytes = offset_bytes + 1 WHERE block = 1');
  expect(await faults()).toMatch(/the part at \d+ is damaged or not there/);
});

test('a free block that still has minutes is found', async () => {
  change("UPDATE block SET state = 'free' WHERE number = 0");
  expect(await faults()).toMatch(/block 0 is free and has minutes/);
});
