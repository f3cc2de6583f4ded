import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lastAliveMs, markAlive } from '../../../agent/recorder/alive.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hf-alive-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('a sign of life is found by the next recorder, and renewed', async () => {
  const path = join(dir, 'recorder.alive');
  expect(await lastAliveMs(path)).toBeNull();
  markAlive(path);
  utimesSync(path, 1_000, 1_000);
  expect(await lastAliveMs(path)).toBe(1_000_000);
  markAlive(path);
  expect(await lastAliveMs(path)).toBeGreaterThan(1_000_000);
});

it('one that cannot be given ends nothing', () => {
  expect(() => markAlive(join(dir, 'not-there', 'recorder.alive'))).not.toThrow();
});
