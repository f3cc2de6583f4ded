/** What a member remembers of its group across restarts, in a file written whole and durably: its role, the order, the copy it has. */
import { dirname } from 'node:path';
import { z } from 'zod';
import { groupRoleSchema } from '../../../src/contract/index.ts';
import type { SettingsDisk } from '../../settings/durable-adapter.ts';
import { rosterSchema } from '../types.ts';

const timeSchema = z.number().int().nonnegative();
const memorySchema = z.strictObject({
  arcId: z.string().max(64),
  /** Null: it had joined, and has not seen its place yet. */
  role: groupRoleSchema.nullable(),
  roster: rosterSchema.nullable(),
  /** The host's backup that is here. */
  copy: z
    .strictObject({
      name: z.string().max(128),
      version: timeSchema,
      publishedMs: timeSchema,
      updatedMs: timeSchema,
      bytes: z.number().int().nonnegative(),
    })
    .nullable(),
  /** Rows of this receiver up to here have left the group's queue. */
  settledThrough: timeSchema.default(0),
});
export type GroupMemory = z.infer<typeof memorySchema>;

/** Of a member that has not seen its place yet, or is none any more. */
export function forgotten(arcId: string): GroupMemory {
  return { arcId, role: null, roster: null, copy: null, settledThrough: 0 };
}

export interface GroupMemoryFile {
  /** Null when there is none, or a damaged one: all of it is found again in the store. */
  read(): Promise<GroupMemory | null>;
  /** Takes effect soon; the last of several counts. Null forgets. */
  write(memory: GroupMemory | null): void;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

export function openGroupMemory(options: {
  path: string;
  disk: SettingsDisk;
  onError: (error: unknown) => void;
}): GroupMemoryFile {
  const { path, disk, onError } = options;
  let next: { text: string } | null = null;
  let writing: Promise<void> | null = null;
  const drain = async () => {
    while (next) {
      const { text } = next;
      next = null;
      try {
        await disk.writeSynced(`${path}.tmp`, text);
        await disk.rename(`${path}.tmp`, path);
        await disk.syncFolder(dirname(path));
      } catch (error) {
        onError(error);
      }
    }
    writing = null;
  };
  return {
    async read() {
      const text = await disk.read(path);
      const parsed = memorySchema.safeParse(text === null ? null : parse(text));
      return parsed.success ? parsed.data : null;
    },
    write(memory) {
      next = { text: `${JSON.stringify(memory)}\n` };
      writing ??= drain();
    },
    close: async () => {
      await writing;
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
