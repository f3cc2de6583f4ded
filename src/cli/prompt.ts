/** Questions to the person at the terminal: a password without echo, and a name typed to confirm what is dangerous. */
import { createInterface } from 'node:readline';
import { StringDecoder } from 'node:string_decoder';
import { AppError } from '../errors.ts';
import { printable } from '../model/printable.ts';
import type { CliIo } from './io.ts';

const passwordLengthMax = 256;
const stdinBytesMax = 4_096;

function isInteractive(io: CliIo): boolean {
  return io.stdin.isTTY === true && io.stderr.isTTY === true;
}

/** Asks on standard error, so that standard output stays the result. */
async function askLine(io: CliIo, question: string): Promise<string> {
  const lines = createInterface({ input: io.stdin, terminal: false });
  try {
    io.stderr.write(printable(question));
    for await (const line of lines) return line;
    throw new AppError('invalid_input', 'the input ended before an answer');
  } finally {
    lines.close();
  }
}

/** Reads a password without showing it; needs a terminal. */
export async function askPassword(io: CliIo, question: string): Promise<string> {
  if (!isInteractive(io) || !io.stdin.setRawMode) {
    throw new AppError('invalid_input', 'a password is needed and there is no terminal to ask on', {
      hint: 'pass it on standard input with --password-stdin',
    });
  }
  io.stderr.write(question);
  io.stdin.setRawMode(true);
  try {
    return await readHidden(io);
  } finally {
    io.stdin.setRawMode(false);
    io.stdin.pause();
    io.stderr.write('\n');
  }
}

function readHidden(io: CliIo): Promise<string> {
  const decoder = new StringDecoder('utf8');
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const finish = (settle: () => void) => {
      io.stdin.off('data', onData);
      settle();
    };
    const onData = (chunk: Buffer | string) => {
      for (const character of typeof chunk === 'string' ? chunk : decoder.write(chunk)) {
        if (character === '\r' || character === '\n') return finish(() => resolve(typed.join('')));
        if (character === '\u0003' || character === '\u0004') {
          return finish(() => reject(new AppError('invalid_input', 'cancelled')));
        }
        if (character === '\u0015') typed = [];
        else if (character === '\u007f' || character === '\b') typed.pop();
        else if (typed.length < passwordLengthMax) typed.push(character);
      }
    };
    io.stdin.on('data', onData);
    io.stdin.resume();
  });
}

/** The lines of standard input, at most 4 KiB: for --password-stdin. */
export async function readStdinLines(io: CliIo): Promise<string[]> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of io.stdin) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > stdinBytesMax)
      throw new AppError('invalid_input', 'standard input holds too much for a password');
    chunks.push(buffer);
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/);
}

/** False without a terminal: nobody is asked, nothing is done. */
export async function askYes(io: CliIo, question: string): Promise<boolean> {
  return isInteractive(io) && /^y(es)?$/i.test((await askLine(io, question)).trim());
}

export interface Confirmation {
  /** What will happen, one sentence. */
  consequence: string;
  /** What must be typed, or given with --yes. */
  name: string;
  /** Value of --yes. */
  given: string | undefined;
}

/** For commands that ask for the name of what they destroy. */
export const yesFlag = ['--yes <name>', 'the name, to confirm without being asked'] as const;

/** Returns only when the name was given or typed; otherwise `conflict`, and nothing was done. */
export async function confirmByName(io: CliIo, request: Confirmation): Promise<void> {
  const { consequence, name, given } = request;
  if (given === name) return;
  if (given !== undefined) {
    throw new AppError('conflict', `--yes ${given} does not match ${name}: nothing was done`, {
      hint: `${consequence} To do it: --yes ${quote(name)}`,
    });
  }
  if (!isInteractive(io)) {
    throw new AppError('conflict', `this needs a confirmation: ${consequence}`, {
      hint: `add --yes ${quote(name)}`,
    });
  }
  io.stderr.write(`${printable(consequence)}\n`);
  const typed = await askLine(io, `Type ${name} to do it, or press Enter to cancel: `);
  if (typed.trim() !== name) throw new AppError('conflict', 'cancelled: nothing was done');
}

function quote(name: string): string {
  return /^[\w./:-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
