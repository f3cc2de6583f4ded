/** Checks a WebSocket frame before oRPC sees it, and rebuilds it from known fields only: a malformed one closes the connection. Pure. */
import { z } from 'zod';

/** Longest message either way that a client may send. */
export const messageBytesMax = 1024 * 1024;

/** Deepest nesting of a message; real ones have fewer than ten levels. Deeper ones end the stack of whoever walks them. */
const levelsMax = 64;

/** oRPC peer messages (standard-server-peer 1.15): `t` 1 or absent is a request, 4 aborts one. Streams into the agent do not exist. */
const frameSchema = z.union([
  z.object({
    i: z.union([z.string().min(1).max(64), z.number()]),
    t: z.literal(1).optional(),
    p: z.object({
      u: z
        .string()
        .max(256)
        .regex(/^\/[A-Za-z0-9/_-]*$/),
      b: z.unknown().optional(),
      m: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
      h: z.object({ authorization: z.string().max(512).optional() }).optional(),
    }),
  }),
  z.object({
    i: z.union([z.string().min(1).max(64), z.number()]),
    t: z.literal(4),
    p: z.undefined().optional(),
  }),
]);

/** The frame as text for oRPC, null when it is malformed. */
export function cleanFrame(text: string): string | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isShallow(parsed, levelsMax)) return null;
  const frame = frameSchema.safeParse(parsed);
  return frame.success ? JSON.stringify(frame.data) : null;
}

function isShallow(value: unknown, levelsLeft: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levelsLeft > 0 && Object.values(value).every((each) => isShallow(each, levelsLeft - 1));
}
