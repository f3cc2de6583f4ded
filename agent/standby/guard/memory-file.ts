/** What the guard remembers across its own death, in `guard.json`: written whole and durably, one write at a time, never waited for. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import { errnoOf, fromErrno } from '../../adapters/errno.ts';
import type { SettingsDisk } from '../../settings/durable-adapter.ts';
import { freshMemory } from '../machine/initial.ts';
import type { GuardMemory } from '../machine/types.ts';

const fileSchema = z.object({
  pairId: z.string(),
  /** The machine's own boot in which resources may have been started. */
  machineBoot: z.string().nullable(),
  memory: z.object({
    wanted: z.enum(['in', 'out']),
    highestEpoch: z.number().int().nonnegative(),
    maintenance: z.boolean(),
    standalone: z.boolean(),
    mayRun: z.boolean().default(true),
  }),
});
type Remembered = z.infer<typeof fileSchema>;

const retryMs = 1_000;

export interface MemoryFile {
  /** What is remembered of the pair. @throws AppError `data_loss` for a damaged file: its epoch is not known. */
  read(pairId: string): Promise<{ memory: GuardMemory; machineBoot: string | null; found: boolean }>;
  /** Takes effect soon, or when the disk works again; the last of several counts. */
  write(remembered: Remembered): void;
  /** Waits for what is under way; what failed is tried once more. */
  close(): Promise<void>;
}

export function openMemoryFile(options: {
  dataDir: string;
  disk: SettingsDisk;
  clock: Clock;
  /** Told once until it works again. */
  onError: (error: unknown) => void;
}): MemoryFile {
  const { dataDir, disk, clock, onError } = options;
  const path = join(dataDir, 'guard.json');
  let next: Remembered | null = null;
  let writing: Promise<void> | null = null;
  let closing = false;
  let wake = () => {};

  /** Until it is worth another try. */
  const rest = () =>
    new Promise<void>((resolve) => {
      const cancel = clock.after(retryMs, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });

  const drain = async () => {
    for (let isTold = false; next; ) {
      const wanted = next;
      next = null;
      try {
        await disk.writeSynced(`${path}.tmp`, `${JSON.stringify(wanted, null, 2)}\n`);
        await disk.rename(`${path}.tmp`, path);
        await disk.syncFolder(dataDir);
        isTold = false;
      } catch (error) {
        if (!isTold) onError(error);
        isTold = true;
        // A disk that was full for a moment must not leave this node with what it knew before, for months.
        next ??= wanted;
        if (closing) break;
        await rest();
      }
    }
    writing = null;
  };

  return {
    async read(pairId) {
      const text = await readText(path);
      if (text === null) return { memory: freshMemory, machineBoot: null, found: false };
      const remembered = parse(text, path);
      if (remembered.pairId !== pairId) return { memory: freshMemory, machineBoot: null, found: false };
      return { memory: remembered.memory, machineBoot: remembered.machineBoot, found: true };
    },
    write(remembered) {
      next = remembered;
      wake();
      writing ??= drain();
    },
    close: async () => {
      closing = true;
      wake();
      await writing;
    },
  };
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw fromErrno(error, `read ${path}`);
  }
}

function parse(text: string, path: string): Remembered {
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('data_loss', `${path} is damaged: the epoch that this node knew is lost`, {
      hint: 'Make sure that the other node is active or out, then remove the file.',
      cause,
    });
  }
}
