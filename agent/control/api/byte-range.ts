/** One byte range of an HTTP request (RFC 9110, 14): what of a body of known length is asked for, and cutting it out of a stream. */

export interface ByteRange {
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** `whole` also for what is malformed or holds several ranges, as the RFC allows; `unsatisfiable` begins behind the end. */
export function parseByteRange(
  header: string | undefined,
  totalBytes: number,
): ByteRange | 'whole' | 'unsatisfiable' {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.replace(/\s/g, '') ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return 'whole';
  const last = match[2] === '' ? totalBytes - 1 : Number(match[2]);
  if (match[1] === '') {
    const length = Math.min(last, totalBytes);
    return length === 0 ? 'unsatisfiable' : { start: totalBytes - length, end: totalBytes };
  }
  const start = Number(match[1]);
  if (match[2] !== '' && last < start) return 'whole';
  return start >= totalBytes ? 'unsatisfiable' : { start, end: Math.min(last + 1, totalBytes) };
}

/** Only the bytes of the range; reads no further than its end. */
export async function* sliceStream(
  stream: AsyncIterable<Uint8Array>,
  { start, end }: ByteRange,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of stream) {
    const from = Math.max(0, start - at);
    const to = Math.min(chunk.length, end - at);
    if (from < to) yield from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to);
    at += chunk.length;
    if (at >= end) return;
  }
}
