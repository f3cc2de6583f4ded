/** Newline-delimited JSON over a byte stream: splits bounded lines, and never holds more than one unfinished line. */
import { AppError } from '../../src/errors.ts';

/** Longest line either side accepts; a status of 1,000 cameras is about 0.5 MB. */
export const lineBytesMax = 16 * 1024 * 1024;

/** Returns a function that takes chunks and calls `onLine` for each whole line. Throws `protocol` when a line is longer than `bytesMax`. */
export function createLineSplitter(
  onLine: (line: string) => void,
  bytesMax = lineBytesMax,
): (chunk: Buffer) => void {
  let held: Buffer[] = [];
  let heldBytes = 0;
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const line = Buffer.concat([...held, chunk.subarray(start, end)]).toString('utf8');
      held = [];
      heldBytes = 0;
      start = end + 1;
      if (line.length > 0) onLine(line);
    }
    if (start < chunk.length) {
      held.push(Buffer.from(chunk.subarray(start)));
      heldBytes += chunk.length - start;
    }
    if (heldBytes > bytesMax) {
      throw new AppError('protocol', `a line of more than ${bytesMax} bytes`);
    }
  };
}
