/** A terminal in memory: a fake TTY in front of a real emulator, with the screen as text, its looks, and the bytes counted. */
import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import xterm from '@xterm/headless';

export interface TerminalSize {
  columns: number;
  rows: number;
}

class FakeInput extends PassThrough {
  readonly isTTY = true;
  raw = false;
  setRawMode(raw: boolean): this {
    this.raw = raw;
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

class FakeOutput extends Writable {
  readonly isTTY = true;
  columns: number;
  rows: number;
  bytes = 0;
  /** Everything written, for looking at escape sequences. */
  written = '';
  readonly #emulator: xterm.Terminal;

  constructor(emulator: xterm.Terminal) {
    super({ decodeStrings: false });
    this.#emulator = emulator;
    this.columns = emulator.cols;
    this.rows = emulator.rows;
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    const text = chunk.toString();
    this.bytes += Buffer.byteLength(text);
    this.written += text;
    this.#emulator.write(text, done);
  }
}

export class TestTerminal {
  readonly emulator: xterm.Terminal;
  readonly input = new FakeInput();
  readonly output: FakeOutput;
  readonly errors = new EventEmitter();

  constructor(size: TerminalSize) {
    // A real terminal driver turns a line feed into carriage return and line feed.
    this.emulator = new xterm.Terminal({
      cols: size.columns,
      rows: size.rows,
      allowProposedApi: true,
      convertEol: true,
      scrollback: 200,
    });
    this.output = new FakeOutput(this.emulator);
  }

  get stdin(): NodeJS.ReadStream {
    return this.input as unknown as NodeJS.ReadStream;
  }

  get stdout(): NodeJS.WriteStream {
    return this.output as unknown as NodeJS.WriteStream;
  }

  type(text: string): void {
    this.input.write(text);
  }

  resize(size: TerminalSize): void {
    this.emulator.resize(size.columns, size.rows);
    this.output.columns = size.columns;
    this.output.rows = size.rows;
    this.output.emit('resize');
  }

  /** The rows on the screen, blanks at their ends left out. */
  lines(): string[] {
    const buffer = this.emulator.buffer.active;
    return Array.from({ length: this.emulator.rows }, (_, row) =>
      (buffer.getLine(buffer.viewportY + row)?.translateToString(true) ?? '').trimEnd(),
    );
  }

  text(): string {
    return this.lines().join('\n');
  }

  /** One letter per cell: `.` plain, `b` bold, `u` underlined, `i` inverse, `f` foreground colour, `g` background colour; the rarer wins. */
  looks(): string[] {
    const buffer = this.emulator.buffer.active;
    return Array.from({ length: this.emulator.rows }, (_, row) => {
      const line = buffer.getLine(buffer.viewportY + row);
      let result = '';
      for (let column = 0; column < this.emulator.cols; column += 1) {
        const cell = line?.getCell(column);
        result += cell ? lookOf(cell) : ' ';
      }
      return result.replace(/\.+$/, '');
    });
  }

  /** Rows that scrolled out of the screen: none, when nothing was ever taller than it. */
  scrolledRows(): number {
    return this.emulator.buffer.active.baseY;
  }
}

function lookOf(cell: xterm.IBufferCell): string {
  if (cell.isInverse()) return 'i';
  if (!cell.isBgDefault()) return 'g';
  if (cell.isUnderline()) return 'u';
  if (!cell.isFgDefault()) return cell.isBold() ? 'F' : 'f';
  return cell.isBold() ? 'b' : '.';
}
