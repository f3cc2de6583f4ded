/** What the guard remembers across its own death, in `guard.json`: written whole and durably, one write at a time, never waited for. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../../src/errors.ts';
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

export interface MemoryFile {
  /** What is remembered of the pair. @throws AppError `data_loss` for a damaged file: its epoch is not known. */
  read(pairId: string): Promise<{ memory: GuardMemory; machineBoot: string | null; found: boolean }>;
  /** Takes effect soon; the last of several counts. */
  write(remembered: Remembered): void;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

export function openMemoryFile(options: {
  dataDir: string;
  disk: SettingsDisk;
  onError: (error: unknown) => void;
}): MemoryFile {
  const { dataDir, disk, onError } = options;
  const path = join(dataDir, 'guard.json');
  let next: Remembered | null = null;
  let writing: Promise<void> | null = null;

  const drain = async () => {
    while (next) {
      const text = `${JSON.stringify(next, null, 2)}\n`;
      next = null;
      try {
        await disk.writeSynced(`${path}.tmp`, text);
        await disk.rename(`${path}.tmp`, path);
        await disk.syncFolder(dataDir);
      } catch (error) {
        onError(error);
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
      writing ??= drain();
    },
    close: async () => {
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
