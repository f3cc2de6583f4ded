/** What each service of this node does around its work: told where it belongs, alone in its folder, and ended in order, once. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { lockFolder } from './folder-lock.ts';

export interface ServicePlace {
  readonly socketPath: string;
  readonly dataDir: string;
}

export interface ServiceShell {
  /**
   * What ending takes; the process is gone after it. Returns how to ask for that, as SIGTERM and SIGINT do: however often
   * it is asked, it is done once.
   */
  endsBy(end: () => Promise<void>): () => void;
}

/** Reads the arguments that `spawnService` gives. Throws when one is missing. */
export function servicePlace(name: string): ServicePlace {
  const { values } = parseArgs({ options: { socket: { type: 'string' }, data: { type: 'string' } } });
  if (!values.socket || !values.data) throw new Error(`usage: ${name} --socket PATH --data DIR`);
  return { socketPath: values.socket, dataDir: values.data };
}

/** Only one `name` may own a data folder; a socket that an earlier one left is taken away. @throws AppError `conflict` */
export function openServiceShell(name: string, { socketPath, dataDir }: ServicePlace): ServiceShell {
  const lock = lockFolder(join(dataDir, `${name}.lock`), dataDir);
  if (process.platform !== 'win32') rmSync(socketPath, { force: true });
  return {
    endsBy(end) {
      let isEnding = false;
      const stop = () => {
        if (isEnding) return;
        isEnding = true;
        void end().then(() => {
          lock.release();
          process.exit(0);
        });
      };
      process.on('SIGTERM', stop);
      process.on('SIGINT', stop);
      return stop;
    },
  };
}
