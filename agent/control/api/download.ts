/** Streams an export as one MP4: no faster than the client reads, a bounded number at once. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { AppError } from '../../../src/errors.ts';
import type { Reader } from '../../inspection/types.ts';
import type { Sessions } from '../accounts/sessions.ts';
import { requireRange } from '../handlers/inspection.ts';
import type { Connection } from './context.ts';

const downloadsMax = 4;

const querySchema = z.object({
  camera: z.string().min(1).max(64),
  fromMs: z.coerce.number().int().nonnegative(),
  toMs: z.coerce.number().int().nonnegative(),
});

export function createDownload(options: { reader: Reader; sessions: Sessions }) {
  let running = 0;
  return async (
    request: IncomingMessage,
    response: ServerResponse,
    connection: Connection,
  ): Promise<void> => {
    const range = parseQuery(request.url ?? '');
    requireRange(range);
    if (running >= downloadsMax) {
      throw new AppError('unavailable', `${downloadsMax} exports run already`, {
        hint: 'Try again when one of them has ended.',
      });
    }
    running += 1;
    const release = connection.session ? options.sessions.hold(connection.session) : () => {};
    try {
      const found = await options.reader.exportStream(range);
      response.writeHead(200, {
        'content-type': 'video/mp4',
        'content-length': String(found.totalBytes),
        'content-disposition': `attachment; filename="${found.fileName.replace(/[^\w.-]/g, '_')}"`,
      });
      await pipeline(Readable.from(found.stream, { objectMode: false, highWaterMark: 1 }), response).catch(
        (error) => {
          // The client went away: nothing to report to it, and the reader was told by the pipeline.
          if (!response.destroyed) throw error;
        },
      );
    } finally {
      running -= 1;
      release();
    }
  };
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
