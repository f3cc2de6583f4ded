/** RTSP requests out of a TCP stream (RFC 2326, 6), with interleaved data from the client skipped; bounded in every direction. */
import { AppError } from '../../src/errors.ts';

const headerBytesMax = 16_384;
const bodyBytesMax = 65_536;

export interface RtspRequest {
  readonly method: string;
  readonly uri: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Takes what came in, gives back whole requests; keeps the rest. Throws `protocol` for what cannot be RTSP. */
export class RequestAssembler {
  #pending: Buffer = Buffer.alloc(0);

  push(bytes: Buffer): RtspRequest[] {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const requests: RtspRequest[] = [];
    for (;;) {
      const length = this.#next(requests);
      if (length === 0) return requests;
      this.#pending = this.#pending.subarray(length);
    }
  }

  /** Bytes that were understood, 0 when more must come first. */
  #next(requests: RtspRequest[]): number {
    const pending = this.#pending;
    if (pending[0] === 0x24) {
      const length = pending.length < 4 ? 0 : 4 + pending.readUInt16BE(2);
      return length <= pending.length ? length : 0;
    }
    const end = pending.indexOf('\r\n\r\n');
    if (end > headerBytesMax || (end < 0 && pending.length > headerBytesMax))
      throw refused('the header is too long');
    if (end < 0) return 0;
    const request = parseRequest(pending.toString('latin1', 0, end));
    const body = Number(request.headers.get('content-length') ?? 0);
    if (!Number.isInteger(body) || body < 0 || body > bodyBytesMax) throw refused('the body is too long');
    if (pending.length < end + 4 + body) return 0;
    requests.push(request);
    return end + 4 + body;
  }
}

function parseRequest(text: string): RtspRequest {
  const [first = '', ...lines] = text.trimStart().split('\r\n');
  const [method = '', uri = '', version = ''] = first.split(' ');
  if (!version.startsWith('RTSP/1.')) throw refused('this is not RTSP 1.0');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { method, uri, headers };
}

function refused(detail: string): AppError {
  return new AppError('protocol', `The request cannot be read: ${detail}.`);
}
