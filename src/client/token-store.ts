/** Session tokens by node, in a file that only its user can read. */
import { join } from 'node:path';
import { z } from 'zod';
import { configDir, readPrivateJson, writePrivateJson } from './private-file.ts';

const tokensSchema = z.record(z.string(), z.object({ user: z.string(), token: z.string() }));

export interface StoredSession {
  user: string;
  token: string;
}

export interface TokenStore {
  get(url: string): StoredSession | undefined;
  set(url: string, session: StoredSession): void;
  remove(url: string): void;
}

/** Tokens in `sessions.json` of the configuration folder. */
export function fileTokenStore(dir: string = configDir()): TokenStore {
  const path = join(dir, 'sessions.json');
  const read = () => readPrivateJson(path, tokensSchema, {});
  return {
    get: (url) => read()[url],
    set: (url, session) => writePrivateJson(path, { ...read(), [url]: session }),
    remove: (url) => {
      const { [url]: _removed, ...rest } = read();
      writePrivateJson(path, rest);
    },
  };
}
