/** Repeats a picture for --watch until the person ends it: in place on a terminal, document after document otherwise. */
import type { CommandContext } from './command.ts';

const intervalMs = 2_000;

/** Resolves when the process is told to end. */
export async function repeatUntilStopped(context: CommandContext, show: () => Promise<void>): Promise<void> {
  const { io, output } = context;
  const stopped = Promise.withResolvers<void>();
  const unhook = io.onStop(() => stopped.resolve());
  let ended = false;
  void stopped.promise.then(() => {
    ended = true;
  });
  try {
    while (!ended) {
      if (output.isTerminal && !output.json) io.stdout.write('\u001b[H\u001b[2J');
      await show();
      await Promise.race([stopped.promise, pause(intervalMs)]);
    }
  } finally {
    unhook();
  }
}

export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
