/** RTSP messages (RFC 2326, 4 to 7) as text: parses what servers send, tolerantly and bounded, and writes what we send. */
import { AppError } from '../../../src/errors.ts';

export const headBytesMax = 64 * 1024;
export const bodyBytesMax = 256 * 1024;

/** Names in lower case; a name may come several times. */
export type RtspHeaders = readonly (readonly [name: string, value: string])[];

export interface RtspResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly headers: RtspHeaders;
  readonly body: string;
}

export interface RtspRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly url: string;
  readonly headers: RtspHeaders;
  readonly body: string;
}

export type RtspMessage = RtspResponse | RtspRequest;

/** The first value of a header, null when it is missing. */
export function header(message: { headers: RtspHeaders }, name: string): string | null {
  return message.headers.find(([key]) => key === name)?.[1] ?? null;
}

export function headerValues(message: { headers: RtspHeaders }, name: string): string[] {
  return message.headers.filter(([key]) => key === name).map(([, value]) => value);
}

/** Start line and headers, without the blank line; the body follows in another call. Throws AppError `protocol`. */
export function parseHead(text: string): RtspMessage {
  const lines = text.split(/\r\n|\n|\r/);
  const startLine = (lines.shift() ?? '').trim();
  const headers = parseHeaders(lines);
  const response = /^RTSP\/\d\.\d +(\d{3}) *(.*)$/i.exec(startLine);
  if (response) {
    return { kind: 'response', status: Number(response[1]), reason: response[2] ?? '', headers, body: '' };
  }
  const request = /^([A-Z_]{3,32}) +(\S+) +RTSP\/\d\.\d$/.exec(startLine);
  if (request) return { kind: 'request', method: request[1] ?? '', url: request[2] ?? '', headers, body: '' };
  throw new AppError('protocol', `"${printable(startLine)}" is no RTSP start line.`);
}

/** How many bytes follow the head; 0 when it does not say. Throws AppError `protocol` beyond the bound. */
export function bodyLength(message: RtspMessage): number {
  const text = header(message, 'content-length');
  const length = text === null ? 0 : Number(text);
  if (!Number.isInteger(length) || length < 0 || length > bodyBytesMax) {
    throw new AppError('protocol', `A message body of "${printable(text ?? '')}" bytes is not accepted.`);
  }
  return length;
}

export function writeRequest(request: {
  method: string;
  url: string;
  headers: readonly (readonly [string, string])[];
}): string {
  return `${request.method} ${request.url} RTSP/1.0\r\n${writeHeaders(request.headers)}\r\n`;
}

export function writeResponse(response: {
  status: number;
  reason: string;
  headers: readonly (readonly [string, string])[];
}): string {
  return `RTSP/1.0 ${response.status} ${response.reason}\r\n${writeHeaders(response.headers)}\r\n`;
}

/** What a stranger sent, cut and made harmless for a log line. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
}

/** Lines without a colon are skipped, folded lines joined (RFC 822, 3.1.1). */
function parseHeaders(lines: readonly string[]): [string, string][] {
  const headers: [string, string][] = [];
  for (const line of lines) {
    const last = headers.at(-1);
    if (/^[ \t]/.test(line) && last) {
      last[1] = `${last[1]} ${line.trim()}`.trim();
      continue;
    }
    const colon = line.indexOf(':');
    if (colon > 0) headers.push([line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]);
  }
  return headers;
}

function writeHeaders(headers: readonly (readonly [string, string])[]): string {
  return headers.map(([name, value]) => `${name}: ${value.replace(/[\r\n]+/g, ' ')}\r\n`).join('');
}
