import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSettingsDisk } from '../../../agent/adapters/settings-disk.ts';
import {
  DurableAdapter,
  decodeEnvelope,
  encodeEnvelope,
  type SettingsDisk,
} from '../../../agent/settings/durable-adapter.ts';

class Crash extends Error {}

/** A disk in memory that dies at a chosen step, and tells what each kind of crash would leave. */
class CrashDisk implements SettingsDisk {
  live = new Map<string, string>();
  /** What a power cut leaves: directory entries as of the last sync of their folder. */
  durable = new Map<string, string>();
  steps = 0;
  dieAt = Number.POSITIVE_INFINITY;
  tearWrites = false;

  #step(): void {
    this.steps += 1;
    if (this.steps >= this.dieAt) throw new Crash();
  }

  async read(path: string): Promise<string | null> {
    return this.live.get(path) ?? null;
  }

  async writeSynced(path: string, text: string): Promise<void> {
    if (this.tearWrites && this.steps + 1 >= this.dieAt) this.live.set(path, text.slice(0, text.length / 2));
    this.#step();
    this.live.set(path, text);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step();
    const text = this.live.get(from);
    if (text === undefined) throw new Error(`no ${from}`);
    this.live.delete(from);
    this.live.set(to, text);
  }

  async syncFolder(path: string): Promise<void> {
    this.#step();
    for (const name of this.durable.keys()) if (dirname(name) === path) this.durable.delete(name);
    for (const [name, text] of this.live) if (dirname(name) === path) this.durable.set(name, text);
  }

  async makeFolder(): Promise<void> {
    this.#step();
  }

  async list(path: string): Promise<string[]> {
    return [...this.live.keys()]
      .filter((name) => dirname(name) === path)
      .map((name) => name.slice(path.length + 1));
  }

  async remove(path: string): Promise<void> {
    this.#step();
    this.live.delete(path);
  }

  /** The same disk after the crash, with what survived. */
  reborn(files: Map<string, string>): CrashDisk {
    const disk = new CrashDisk();
    disk.live = new Map(files);
    disk.durable = new Map(files);
    return disk;
  }
}

const options = (disk: SettingsDisk, onFallback?: (problem: string) => void) => ({
  disk,
  folder: '/data',
  fileName: 'settings.json',
  generationsMax: 3,
  ...(onFallback ? { onFallback } : {}),
});

async function written(count: number): Promise<CrashDisk> {
  const disk = new CrashDisk();
  const adapter = new DurableAdapter<{ value: number }>(options(disk));
  await adapter.read();
  for (let value = 1; value <= count; value += 1) await adapter.write({ value });
  return disk;
}

describe('the settings file', () => {
  it('is absent at first', async () => {
    expect(await new DurableAdapter(options(new CrashDisk())).read()).toBeNull();
  });

  it('holds what was written last, and keeps a bounded number of generations', async () => {
    const disk = await written(9);
    expect(await new DurableAdapter(options(disk)).read()).toEqual({ value: 9 });
    const generations = [...disk.live.keys()].filter((name) => name.includes('generations'));
    expect(generations).toHaveLength(3);
  });

  describe.each([1, 2, 6])('after %d writes', (before) => {
    it.each([
      ['a killed process', (disk: CrashDisk) => disk.live, false],
      ['a killed process in the middle of a write', (disk: CrashDisk) => disk.live, true],
      ['a power cut', (disk: CrashDisk) => disk.durable, false],
    ])('loads the old or the new document when %s stops it at any step', async (_, survivors, tearWrites) => {
      const whole = await written(before);
      const base = whole.steps;
      const complete = whole.reborn(whole.live);
      const writer = new DurableAdapter(options(complete));
      await writer.read();
      await writer.write({ value: before + 1 });
      const stepsOfWrite = complete.steps;
      expect(stepsOfWrite).toBeGreaterThanOrEqual(7);
      expect(base).toBeGreaterThan(0);
      for (let dieAt = 1; dieAt <= stepsOfWrite; dieAt += 1) {
        const disk = whole.reborn(whole.live);
        disk.dieAt = dieAt;
        disk.tearWrites = tearWrites;
        const adapter = new DurableAdapter(options(disk));
        await adapter.read();
        await expect(adapter.write({ value: before + 1 })).rejects.toThrow(Crash);
        const after = new DurableAdapter<{ value: number }>(options(disk.reborn(survivors(disk))));
        const loaded = await after.read();
        expect([before, before + 1], `step ${dieAt}`).toContain(loaded?.value);
        await after.write({ value: 100 });
        expect(await after.read()).toEqual({ value: 100 });
      }
    });
  });

  it('falls back to the newest whole generation, and says so', async () => {
    const disk = await written(3);
    const text = disk.live.get('/data/settings.json') ?? '';
    disk.live.set('/data/settings.json', text.replace('"value": 3', '"value": 4'));
    const problems: string[] = [];
    const adapter = new DurableAdapter<{ value: number }>(options(disk, (problem) => problems.push(problem)));
    expect(await adapter.read()).toEqual({ value: 3 });
    expect(problems).toHaveLength(1);
  });

  it('refuses to begin anew over files that are all damaged', async () => {
    const disk = await written(2);
    for (const name of disk.live.keys()) disk.live.set(name, '{ torn');
    await expect(new DurableAdapter(options(disk)).read()).rejects.toMatchObject({ code: 'data_loss' });
  });

  it('knows a whole envelope from a changed one', () => {
    const text = encodeEnvelope({ serial: 7, document: { a: 1 } });
    expect(decodeEnvelope(text)).toEqual({ serial: 7, document: { a: 1 } });
    for (const bad of [
      '',
      'null',
      '{}',
      text.replace('"serial": 7', '"serial": 8'),
      text.replace('"a": 1', '"a": 2'),
    ]) {
      expect(decodeEnvelope(bad)).toBeNull();
    }
  });
});

describe('the settings file on a real disk', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hf-settings-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const open = () =>
    new DurableAdapter<{ value: number; filler: string }>({
      disk: createSettingsDisk(),
      folder,
      fileName: 'settings.json',
    });

  it('is readable by its owner only', async () => {
    await open().write({ value: 1, filler: '' });
    const { statSync } = await import('node:fs');
    expect(statSync(join(folder, 'settings.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('survives kill -9 of a process that writes without pause: never older than what was acknowledged', async () => {
    const program = join(folder, 'writer.ts');
    const source = (path: string) => JSON.stringify(new URL(`../../../agent/${path}`, import.meta.url).href);
    writeFileSync(
      program,
      `import { DurableAdapter } from ${source('settings/durable-adapter.ts')};
       import { createSettingsDisk } from ${source('adapters/settings-disk.ts')};
       const adapter = new DurableAdapter({ disk: createSettingsDisk(), folder: ${JSON.stringify(folder)}, fileName: 'settings.json' });
       const old = await adapter.read();
       for (let value = (old?.value ?? 0) + 1; value < 100000; value += 1) {
         await adapter.write({ value, filler: 'x'.repeat(20000) });
         process.stdout.write(value + '\\n');
       }`,
    );
    let acknowledged = 0;
    for (let round = 0; round < 6; round += 1) {
      const child: ChildProcess = spawn(process.execPath, ['--no-warnings', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
      const stopAfter = acknowledged + 3 + round;
      for await (const line of lines) {
        acknowledged = Number(line);
        if (acknowledged >= stopAfter) child.kill('SIGKILL');
      }
      await exited;
      const loaded = await open().read();
      expect(loaded?.filler).toHaveLength(20000);
      expect(loaded?.value).toBeGreaterThanOrEqual(acknowledged);
      expect(loaded?.value).toBeLessThanOrEqual(acknowledged + 1);
    }
  });
});
