import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cameraAddSchema, logQuerySchema, poolAddSchema } from '../../../src/contract/index.ts';
import { describeIssue, fieldOf, issueSchema } from '../../../src/model/issues.ts';

function told(schema: z.ZodType, input: unknown): string {
  const issue = issueSchema.parse(schema.safeParse(input).error?.issues[0]);
  return `${fieldOf(issue)}: ${describeIssue(issue, input)}`;
}

const camera = { name: 'door', url: 'rtsp://h/x', pool: 'main' };

describe('what is wrong with an input', () => {
  it.each([
    [cameraAddSchema, { ...camera, name: '' }, 'name: expected at least 1 character, got an empty text'],
    [cameraAddSchema, { ...camera, transport: 'x' }, 'transport: expected tcp or udp, got "x"'],
    [cameraAddSchema, { ...camera, channel: 0 }, 'channel: expected at least 1, got 0'],
    [cameraAddSchema, { ...camera, channel: '1' }, 'channel: expected a number, got "1"'],
    [cameraAddSchema, { ...camera, channel: 1.5 }, 'channel: expected a whole number, got 1.5'],
    [cameraAddSchema, { ...camera, pool: { id: 1 } }, 'pool: expected text, got an object'],
    [cameraAddSchema, { ...camera, pool: null }, 'pool: expected text, got null'],
    [cameraAddSchema, { name: 'door', pool: 'main' }, 'url: is missing'],
    [poolAddSchema, { name: 'x', shares: [] }, 'shares: expected at least 1 entry, got an empty list'],
    [poolAddSchema, { name: 'x', shares: [{ spaceId: 's1' }] }, 'shares.0.bytes: is missing'],
    [logQuerySchema, { pageSize: 5_000 }, 'pageSize: expected at most 1000, got 5000'],
    [
      cameraAddSchema,
      { ...camera, id: 'Door 1' },
      'id: expected lower-case letters, digits and dashes, at most 32 characters, got "Door 1"',
    ],
    [z.object({ n: z.coerce.number() }), { n: 'two' }, 'n: expected a number, got "two"'],
  ])('is told with what was expected and what came', (schema, input, words) => {
    expect(told(schema, input)).toBe(words);
  });

  it('is one short printable line, whatever came', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const words = told(z.object({ n: z.literal('right') }), { n: text });
        expect(words).toMatch(/^n: expected right, got [^\p{Cc}\u202a-\u202e]{2,60}$/u);
      }),
    );
  });
});
