import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-ci-report-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A report of files by name, each with the states of its tests. */
function report(name: string, files: Record<string, readonly string[]>): string {
  const path = join(folder, name);
  const testResults = Object.entries(files).map(([file, states]) => ({
    name: resolve(file),
    status: states.includes('failed') || states.length === 0 ? 'failed' : 'passed',
    assertionResults: states.map((status) => ({ status })),
  }));
  writeFileSync(path, JSON.stringify({ testResults }));
  return path;
}

function run(...args: string[]) {
  const { status, stdout } = spawnSync(process.execPath, ['scripts/ci-report.mjs', ...args], {
    encoding: 'utf8',
  });
  return { status, lines: stdout.trim() };
}

describe('the report of the checks', () => {
  it('counts what passed, failed and was skipped', () => {
    const path = report('good.json', { 'a.test.ts': ['passed', 'passed', 'pending', 'todo'] });
    expect(run('summary', '0', '0', path)).toEqual({ status: 0, lines: '2 passed, 0 failed, 2 skipped' });
  });

  it('fails with a test, a file without tests, another check, an end that no test explains, and no report', () => {
    const good = report('fine.json', { 'a.test.ts': ['passed'] });
    const one = report('one.json', { 'a.test.ts': ['passed', 'failed'] });
    const broken = report('broken.json', { 'a.test.ts': ['passed'], 'b.test.ts': [] });
    const failure = { status: 1, lines: '1 passed, 1 failed, 0 skipped' };
    expect(run('summary', '1', '0', one)).toEqual(failure);
    expect(run('summary', '1', '0', broken)).toEqual(failure);
    expect(run('summary', '0', '1', good)).toEqual(failure);
    expect(run('summary', '1', '0', good)).toEqual(failure);
    expect(run('summary', '0', '0', join(folder, 'none.json')).status).toBe(1);
  });

  it('puts the second try of a file in place of the first, and nothing else', () => {
    const first = report('first.json', { 'a.test.ts': ['failed'], 'b.test.ts': ['passed'] });
    const mended = report('mended.json', { 'a.test.ts': ['passed'] });
    const again = report('again.json', { 'a.test.ts': ['failed'] });
    const other = report('other.json', { 'c.test.ts': ['passed'] });
    expect(run('summary', '0', '0', first, mended).status).toBe(0);
    expect(run('summary', '1', '0', first, again).status).toBe(1);
    expect(run('summary', '1', '0', first, other).status).toBe(1);
  });

  it('names the files to try again, unless too many failed', () => {
    const files = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}.test.ts`, ['failed']]));
    expect(run('failed', report('few.json', { ...files(2), 'good.test.ts': ['passed'] }))).toEqual({
      status: 0,
      lines: '0.test.ts\n1.test.ts',
    });
    expect(run('failed', report('many.json', files(6))).status).toBe(1);
    expect(run('failed', join(folder, 'none.json')).status).toBe(1);
  });
});
