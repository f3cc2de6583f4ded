/** Keeps the end of a program's output, bounded, whatever it prints. */

const bytesMax = 4096;
const linesMax = 5;
const charactersMax = 600;

export class LastLines {
  #tail = '';

  add(chunk: Uint8Array): void {
    const text = Buffer.from(chunk.subarray(Math.max(0, chunk.length - bytesMax))).toString('utf8');
    this.#tail = (this.#tail + text).slice(-bytesMax);
  }

  /** The last lines that say something, without control characters. */
  get text(): string {
    const lines = this.#tail
      .split(/[\r\n]+/)
      .map((line) => line.replace(/\p{Cc}+/gu, ' ').trim())
      .filter((line) => line !== '');
    return lines.slice(-linesMax).join(' | ').slice(-charactersMax);
  }
}
