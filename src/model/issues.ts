/** What is wrong with an input in words people use: what was expected, and what came. Pure. */
import { z } from 'zod';
import { printable } from './printable.ts';

/** The part of a zod issue that is told. */
export const issueSchema = z.object({
  message: z.string(),
  path: z.array(z.unknown()).optional(),
  code: z.string().optional(),
  origin: z.string().optional(),
  expected: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  values: z.array(z.unknown()).optional(),
});
export type Issue = z.infer<typeof issueSchema>;

const shownLengthMax = 40;

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

/** Like `expected tcp or udp, got "smoke"`; `input` is the whole input, without secrets. */
export function describeIssue(issue: Issue, input: unknown): string {
  const received = valueAt(input, issue.path ?? []);
  if (received === undefined && issue.code === 'invalid_type') return 'is missing';
  return `expected ${expectationOf(issue)}, got ${shown(received)}`;
}

/** Like `shares.0.bytes`; null for the input as a whole. */
export function fieldOf(issue: Issue): string | null {
  return (issue.path ?? []).map(String).join('.') || null;
}

function expectationOf(issue: Issue): string {
  switch (issue.code) {
    case 'too_small':
      return `at least ${amount(issue.minimum ?? 0, issue.origin)}`;
    case 'too_big':
      return `at most ${amount(issue.maximum ?? 0, issue.origin)}`;
    case 'invalid_type':
      return typeWords[issue.expected ?? ''] ?? issue.expected ?? 'something else';
    case 'invalid_value':
      return (issue.values ?? []).map(String).join(' or ');
    case 'invalid_union':
      return 'another form';
    default:
      return issue.message;
  }
}

function amount(count: number, origin: string | undefined): string {
  const unit = origin === 'string' ? 'character' : origin === 'array' || origin === 'set' ? 'entry' : null;
  if (unit === null) return String(count);
  return `${count} ${count === 1 ? unit : unit.replace(/y$/, 'ie').concat('s')}`;
}

function valueAt(input: unknown, path: readonly unknown[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, String(key));
  }
  return value;
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === '') return 'an empty text';
  if (typeof value === 'string') return `"${cut(printable(value))}"`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function cut(text: string): string {
  return text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text;
}
