/** Streams an export as one MP4, or a range of it: no faster than the client reads, a bounded number at once, and never for nobody. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { AppError } from '../../../src/errors.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import type { ExportInput, ExportStream, Reader } from '../../inspection/types.ts';
import type { Sessions } from '../accounts/sessions.ts';
import { requireRange } from '../handlers/inspection.ts';
import { parseByteRange, sliceStream } from './byte-range.ts';
import type { Connection } from './context.ts';

const downloadsMax = 4;
/** A client that takes nothing for so long holds a place for nobody: it asks for the rest as a range when it is back. */
const stallMsMax = 300_000;

const querySchema = z.object({
  camera: z.string().min(1).max(64),
  fromMs: z.coerce.number().int().nonnegative(),
  toMs: z.coerce.number().int().nonnegative(),
});

export function createDownload(options: {
  reader: Pick<Reader, 'exportStream'>;
  sessions: Pick<Sessions, 'hold'>;
  clock: Pick<Clock, 'after'>;
  stallMs?: number;
}) {
  const { clock, stallMs = stallMsMax } = options;
  let running = 0;
  return async (
    request: IncomingMessage,
    response: ServerResponse,
    connection: Connection,
  ): Promise<void> => {
    const wanted = parseQuery(request.url ?? '');
    requireRange(wanted);
    if (running >= downloadsMax) {
      throw new AppError('unavailable', `${downloadsMax} exports run already`, {
        hint: 'Try again when one of them has ended.',
      });
    }
    running += 1;
    const release = connection.session ? options.sessions.hold(connection.session) : () => {};
    const left = new AbortController();
    response.once('close', () => left.abort());
    try {
      const found = await options.reader.exportStream(wanted, left.signal);
      const body = answer(request, response, found, tagOf(wanted, found));
      if (!body) return;
      const taken = whileTaken(body, () => clock.after(stallMs, () => response.destroy()));
      await pipeline(Readable.from(taken, { objectMode: false, highWaterMark: 1 }), response);
    } catch (error) {
      // The client went away: there is nobody to tell.
      if (!left.signal.aborted) throw error;
    } finally {
      running -= 1;
      release();
    }
  };
}

/** Each piece with a limit on how long it may wait to be taken. */
async function* whileTaken(body: AsyncIterable<Uint8Array>, limit: () => Cancel): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    const cancel = limit();
    try {
      yield chunk;
    } finally {
      cancel();
    }
  }
}

/** Sends the head, and gives what is to follow; null after a range that there is not: then all was said. */
function answer(
  request: IncomingMessage,
  response: ServerResponse,
  found: ExportStream,
  tag: string,
): AsyncIterable<Uint8Array> | null {
  const { totalBytes, fileName, stream } = found;
  const unchanged = (request.headers['if-range'] ?? tag) === tag;
  const range = unchanged ? parseByteRange(request.headers.range, totalBytes) : 'whole';
  response.setHeader('accept-ranges', 'bytes');
  response.setHeader('etag', tag);
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${totalBytes}`, 'content-length': '0' }).end();
    return null;
  }
  const { start, end } = range === 'whole' ? { start: 0, end: totalBytes } : range;
  response.writeHead(range === 'whole' ? 200 : 206, {
    'content-type': 'video/mp4',
    'content-length': String(end - start),
    'content-disposition': `attachment; filename="${fileName.replace(/[^\w.-]/g, '_')}"`,
    ...(range === 'whole' ? {} : { 'content-range': `bytes ${start}-${end - 1}/${totalBytes}` }),
  });
  return sliceStream(stream, { start, end });
}

/** The same stretch of the same length: what was overwritten, or recorded since, makes it another. */
function tagOf({ camera, fromMs, toMs }: ExportInput, { totalBytes, gaps }: ExportStream): string {
  const facts = JSON.stringify([camera, fromMs, toMs, totalBytes, gaps]);
  return `"${createHash('sha256').update(facts).digest('hex').slice(0, 32)}"`;
}

function parseQuery(url: string): z.infer<typeof querySchema> {
  const parameters = new URL(url, 'http://agent').searchParams;
  const parsed = querySchema.safeParse(Object.fromEntries(parameters));
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join('.') ?? 'query';
  throw new AppError('invalid_input', `${field}: missing or not valid`, {
    hint: 'Give camera, fromMs and toMs (UTC milliseconds).',
    details: { field },
  });
}
