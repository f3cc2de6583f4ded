/** Fetches a file of the node over HTTP, on a socket that was dialled (and pinned) like every other one. */
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { AppError } from '../errors.ts';
import { fromHttp } from './wire-errors.ts';

export interface Download {
  /** From the Content-Length; null when the node does not know it beforehand. */
  totalBytes: number | null;
  /** Destroying it ends the transfer; it errors when the node ends early. */
  stream: Readable;
}

const errorBodyBytesMax = 64 * 1024;

/** GET `path` over an open socket. Answers other than 200 become the AppError of their body. */
export async function downloadOver(
  socket: Socket,
  options: { path: string; host: string; token: string | undefined },
): Promise<Download> {
  const response = await get(socket, options);
  if (response.statusCode !== 200) throw await refusal(response);
  const length = Number(response.headers['content-length']);
  return { totalBytes: Number.isSafeInteger(length) ? length : null, stream: response };
}

function get(
  socket: Socket,
  options: { path: string; host: string; token: string | undefined },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request({
      createConnection: () => socket,
      path: options.path,
      headers: {
        host: options.host,
        connection: 'close',
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      },
    });
    call.once('response', resolve);
    call.once('error', (cause) =>
      reject(new AppError('unavailable', 'the connection to the node broke', { cause })),
    );
    call.end();
  });
}

async function refusal(response: IncomingMessage): Promise<AppError> {
  const status = response.statusCode ?? 500;
  if (Number(response.headers['content-length'] ?? 0) > errorBodyBytesMax) {
    response.destroy();
    return fromHttp(status, '');
  }
  return fromHttp(status, await text(response));
}
