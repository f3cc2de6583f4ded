/** Remembers on disk which session a resource's process began, so that the next guard finds what a killed one left running. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseStat, type Session } from './marked.ts';

/** A folder that only the agent's user may write; emptied by a reboot or guarded by the boot id. */
export class RunRecords {
  readonly #folder: string;
  readonly #bootId: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.#bootId = readOr('/proc/sys/kernel/random/boot_id').trim();
  }

  /** At once, before anything else can happen to this process. Throws the system's error. */
  write(token: string, pid: number): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const { startTicks } = parseStat(readOr(`/proc/${pid}/stat`));
    const record = { bootId: this.#bootId, id: pid, sinceTicks: startTicks };
    writeFileSync(this.#path(token), JSON.stringify(record), { mode: 0o600 });
  }

  /** Null when nothing was started, or before this boot. */
  async read(token: string): Promise<Session | null> {
    try {
      const { bootId, id, sinceTicks }: Record<string, unknown> = JSON.parse(
        await readFile(this.#path(token), 'utf8'),
      );
      if (bootId !== this.#bootId || !isCount(id) || !isCount(sinceTicks)) return null;
      return { id, sinceTicks };
    } catch {
      return null;
    }
  }

  #path(token: string): string {
    return join(this.#folder, `${token.replace(/[^\w-]/g, '_')}.json`);
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
