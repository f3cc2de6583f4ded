/** The console on the emulated terminal with a fake node behind it: press keys, wait until all is quiet, read the screen. */
import type { Skin } from '../../tui/theme.ts';
import { type RunningTui, startTui, type TuiOptions } from '../../tui/tui.ts';
import { FakeAgent } from './fake-agent.ts';
import { sampleNowMs } from './sample-status.ts';
import { type TerminalSize, TestTerminal } from './terminal.ts';

export const utf8: Readonly<Record<string, string>> = { TERM: 'xterm-256color', LANG: 'C.UTF-8' };

export interface TestConsoleOptions extends Partial<TuiOptions> {
  size?: TerminalSize;
  agent?: FakeAgent;
  environment?: Readonly<Record<string, string | undefined>>;
  skin?: Skin;
  folder?: string;
  /** Zone of the machine that the console runs on. */
  timeZone?: string;
}

const quietRounds = 3;
const roundsMax = 500;
const keyBytes: Readonly<Record<string, string>> = {
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  pageup: '\x1b[5~',
  pagedown: '\x1b[6~',
  home: '\x1b[H',
  end: '\x1b[F',
  enter: '\r',
  esc: '\x1b',
  tab: '\t',
  'shift-tab': '\x1b[Z',
  backspace: '\x7f',
  'ctrl-c': '\x03',
  'ctrl-u': '\x15',
};

export class TestConsole {
  readonly terminal: TestTerminal;
  readonly agent: FakeAgent;
  readonly running: RunningTui;
  /** The console's wall clock. */
  nowMs = sampleNowMs;

  constructor(options: TestConsoleOptions = {}) {
    this.terminal = new TestTerminal(options.size ?? { columns: 80, rows: 24 });
    this.agent = options.agent ?? new FakeAgent();
    this.running = startTui(
      { connection: this.agent, ...options },
      {
        stdin: this.terminal.stdin,
        stdout: this.terminal.stdout,
        stderr: process.stderr,
        environment: options.environment ?? utf8,
        platform: 'linux',
        now: () => this.nowMs,
        ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }),
        folder: options.folder ?? '.',
        refreshMs: 0,
      },
    );
    this.running.ended.catch(() => {});
  }

  get lines(): string[] {
    return this.terminal.lines();
  }

  get text(): string {
    return this.terminal.text();
  }

  /** Until the screen has stopped changing and every promise that is ready has run. */
  async idle(): Promise<void> {
    let quiet = 0;
    let before = -1;
    for (let round = 0; round < roundsMax && quiet < quietRounds; round += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.running.instance.waitUntilRenderFlush();
      const { bytes } = this.terminal.output;
      quiet = bytes === before ? quiet + 1 : 0;
      before = bytes;
    }
  }

  /** Presses named keys or types characters, one after the other, each until idle. */
  async press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      this.terminal.type(keyBytes[key] ?? key);
      await this.idle();
      // Escape waits on purpose for the rest of a sequence that a slow link may have torn.
      if (key === 'esc') await this.escaped();
    }
  }

  async type(text: string): Promise<void> {
    await this.press(...text);
  }

  async escaped(): Promise<void> {
    // In steps: on a loaded machine the wait begins late, and what follows it needs turns of its own.
    for (let step = 0; step < 4; step += 1) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      await this.idle();
    }
  }

  /** A bracketed paste. */
  async paste(text: string): Promise<void> {
    this.terminal.type(`\x1b[200~${text}\x1b[201~`);
    await this.idle();
  }

  /** Time passes, and one refresh with it. */
  async tick(ms = 1000): Promise<void> {
    this.nowMs += ms;
    this.running.console.tick();
    await this.idle();
  }

  async stop(): Promise<void> {
    this.running.instance.unmount();
    await this.running.ended.catch(() => {});
  }
}

/** A console that has its first status. */
export async function openConsole(options: TestConsoleOptions = {}): Promise<TestConsole> {
  const console = new TestConsole(options);
  await console.idle();
  return console;
}
