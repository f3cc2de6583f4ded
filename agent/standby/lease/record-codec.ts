/** A lease record as the text that stores keep: strict on reading, so that a foreign value is never taken for a lease. */
import { z } from 'zod';
import { AppError } from '../../../src/errors.ts';
import type { LeaseRecord } from '../types.ts';

const counterSchema = z.number().int().nonnegative();
const nodeSchema = z.string().min(1).max(64).nullable();
const recordSchema = z.strictObject({
  pairId: z.string().min(1).max(64),
  holder: nodeSchema,
  epoch: counterSchema,
  seq: counterSchema,
  successor: nodeSchema,
});

/** @throws AppError `invalid_input` when it is not a record, or of another pair. */
export function encodeRecord(record: LeaseRecord, pairId: string): string {
  const parsed = recordSchema.safeParse(record);
  if (!parsed.success || parsed.data.pairId !== pairId) {
    throw new AppError('invalid_input', 'not a lease record of this pair', {
      hint: 'Give node ids of at most 64 characters, and whole numbers for epoch and seq.',
    });
  }
  return JSON.stringify(parsed.data);
}

/** @throws AppError `protocol`. */
export function decodeRecord(text: string, pairId: string): LeaseRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const parsed = recordSchema.safeParse(value);
  if (parsed.success && parsed.data.pairId === pairId) return parsed.data;
  throw new AppError('protocol', 'what is stored under the pair is not its lease', {
    hint: 'Something else writes there: give the pair an account, a bucket or a key prefix of its own.',
  });
}
