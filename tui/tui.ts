/** Runs the console on a terminal and gives the terminal back as it was, however it ends. */
import { type Instance, render } from 'ink';
import { createElement } from 'react';
import { App } from './App.ts';
import type { Connection } from './api.ts';
import { Console } from './console.ts';
import { detectTier, glyphsOf } from './glyphs.ts';
import { detectColourDepth, type Skin } from './theme.ts';

export interface TuiOptions {
  connection: Connection;
  /** Shows everything, changes nothing. */
  readOnly?: boolean;
  /** Forces plain ASCII. */
  ascii?: boolean;
  skin?: Skin;
  /** One refresh in five seconds instead of one a second, for bad lines. */
  slow?: boolean;
  /** Text in reading order, no alternate screen, refreshed as seldom as with `slow`. */
  screenReader?: boolean;
  /** False where Ctrl-Z would stop more than the console. */
  canSuspend?: boolean;
  /** The agent ends with the console. */
  endsAgent?: boolean;
  /** A session was opened (or ended) by logging in here. */
  onSession?: (session: { user: string; token: string } | undefined) => void;
  /** The certificate's fingerprint when this node was met for the first time; shown at the log-in. */
  firstContact?: () => string | null;
  onQuit?: () => void;
}

/** The terminal and the clock, replaced in tests. */
export interface Surroundings {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WritableStream;
  environment: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  now: () => number;
  /** Zone of the machine that the console runs on. */
  timeZone?: string;
  folder: string;
  /** 0: nobody ticks by itself. */
  refreshMs?: number;
}

export interface RunningTui {
  console: Console;
  instance: Instance;
  /** Settles when the console was left; rejects with what broke it. */
  ended: Promise<void>;
}

const refreshMsDefault = 1_000;
const refreshMsSlow = 5_000;
/** Keys that come faster than this share a frame; twice Ink's own limit, for the sake of key to paint. */
const framesPerSecondMax = 60;

/** Puts the console on a terminal. No signal handlers: those are `runTui`'s. */
export function startTui(
  options: TuiOptions,
  around: Surroundings,
  stopProcess?: () => Promise<void>,
): RunningTui {
  const windows = around.platform === 'win32';
  const refreshMs =
    around.refreshMs ??
    (options.slow === true || options.screenReader === true ? refreshMsSlow : refreshMsDefault);
  const running: { instance?: Instance } = {};
  const console = new Console({
    connection: options.connection,
    readOnly: options.readOnly ?? false,
    endsAgent: options.endsAgent ?? false,
    skin: options.skin ?? 'default',
    now: around.now,
    ...(around.timeZone === undefined ? {} : { timeZone: around.timeZone }),
    intervalMs: Math.max(200, refreshMs || refreshMsDefault),
    folder: around.folder,
    clipboard: (text) => around.stdout.write(`\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`),
    quit: () => running.instance?.unmount(),
    ...(options.onSession ? { onSession: options.onSession } : {}),
    ...(options.firstContact ? { firstContact: options.firstContact } : {}),
  });
  const app = createElement(App, {
    console,
    glyphs: glyphsOf(detectTier(around.environment, { ascii: options.ascii ?? false, windows })),
    depth: detectColourDepth(around.environment, windows),
    spareRows: windows ? 1 : 0,
    stopProcess,
  });
  const instance = render(app, {
    stdin: around.stdin,
    stdout: around.stdout,
    stderr: around.stderr,
    exitOnCtrlC: false,
    patchConsole: false,
    incrementalRendering: true,
    maxFps: framesPerSecondMax,
    alternateScreen: options.screenReader !== true,
    isScreenReaderEnabled: options.screenReader ?? false,
    interactive: true,
  });
  running.instance = instance;
  console.start();
  const timer = refreshMs > 0 ? setInterval(() => console.tick(), refreshMs) : undefined;
  const ended = instance.waitUntilExit().then(() => undefined);
  const stop = (): void => {
    clearInterval(timer);
    console.stop();
  };
  ended.then(stop, stop);
  return { console, instance, ended };
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** The console on this process's own terminal until it is left. Throws what broke it, after the terminal is restored. */
export async function runTui(options: TuiOptions): Promise<void> {
  const canSuspend = options.canSuspend !== false && process.platform !== 'win32';
  const running = startTui(
    options,
    {
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      environment: process.env,
      platform: process.platform,
      now: Date.now,
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      folder: process.cwd(),
    },
    canSuspend ? stopProcessGroup : undefined,
  );
  const release = guardTerminal(running.instance);
  try {
    await running.ended;
  } finally {
    release();
    options.connection.close();
    options.onQuit?.();
  }
}

/** Leaves in good order on signals, on a vanished terminal, and on a crash, which is printed. */
function guardTerminal(instance: Instance): () => void {
  const leave = (code: number): void => {
    instance.unmount();
    process.exit(code);
  };
  const crashed = (error: unknown): void => {
    instance.unmount();
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  };
  const vanished = (): void => leave(128 + signalNumbers.SIGHUP);
  const onSignal = (signal: NodeJS.Signals): void =>
    leave(128 + (signal in signalNumbers ? signalNumbers[signal as keyof typeof signalNumbers] : 0));
  for (const signal of Object.keys(signalNumbers)) process.on(signal, onSignal);
  process.on('uncaughtException', crashed);
  process.on('unhandledRejection', crashed);
  process.stdin.on('end', vanished);
  process.stdout.on('error', vanished);
  return () => {
    for (const signal of Object.keys(signalNumbers)) process.off(signal, onSignal);
    process.off('uncaughtException', crashed);
    process.off('unhandledRejection', crashed);
    process.stdin.off('end', vanished);
    process.stdout.off('error', vanished);
  };
}

/** An orphaned process group cannot be stopped: then the console simply goes on after this time. */
const stopMsMax = 250;

/**
 * Stops the process group, as Ctrl-Z does where the terminal is not raw; settles when it runs again. The timer keeps
 * the process alive while Ink has let go of standard input.
 */
function stopProcessGroup(): Promise<void> {
  return new Promise((resolve) => {
    const goOn = (): void => {
      clearTimeout(timer);
      process.off('SIGCONT', goOn);
      resolve();
    };
    const timer = setTimeout(goOn, stopMsMax);
    process.once('SIGCONT', goOn);
    process.kill(0, 'SIGTSTP');
  });
}
