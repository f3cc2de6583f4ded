/** Roster and presence as the texts that the store keeps: strict on reading, so that a foreign value is never obeyed. */
import type { z } from 'zod';
import { AppError } from '../../../src/errors.ts';
import { type Presence, presenceSchema, type Roster, rosterSchema } from '../types.ts';

export function encodeRoster(roster: Roster): string {
  return JSON.stringify(roster);
}

/** @throws AppError `protocol`. */
export function decodeRoster(text: string): Roster {
  return decode(text, rosterSchema, "the group's list of receivers");
}

/** What a person wrote is cut, so that it always fits. */
export function encodePresence(presence: Presence): string {
  const problem = presence.problem?.slice(0, 256) ?? null;
  return JSON.stringify({ ...presence, problem });
}

/** @throws AppError `protocol`. */
export function decodePresence(text: string): Presence {
  return decode(text, presenceSchema, 'the word of a receiver');
}

function decode<T>(text: string, schema: z.ZodType<T>, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AppError('protocol', `${what} cannot be read`, {
    hint: 'Something else writes there, or a receiver of another release: upgrade all receivers of the group.',
  });
}
