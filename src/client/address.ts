/** Where a node is reached: the local socket in a data folder, or a TLS address; one spelling for each. */
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { AppError } from '../errors.ts';

export const defaultPort = 6060;

/** The node of a data folder on this machine, or a node elsewhere by its address. */
export type Target = { kind: 'local'; dataDir: string } | { kind: 'remote'; url: string };

/**
 * The local console of a data folder: a Unix socket in it, or on Windows a named pipe whose name is made of the
 * folder's path.
 */
export function localSocketPath(dataDir: string, platform: NodeJS.Platform = process.platform): string {
  if (platform !== 'win32') return join(dataDir, 'agent.sock');
  const digest = createHash('sha256').update(resolve(dataDir).toLowerCase()).digest('hex');
  return `\\\\.\\pipe\\holdfast-${digest.slice(0, 16)}`;
}

export interface RemoteAddress {
  host: string;
  port: number;
  /** `https://host:port`, the key of pins and tokens. */
  url: string;
}

/** Accepts `host`, `host:port`, `https://…` and `wss://…`. Plain `http://` and `ws://` are refused. */
export function parseNodeUrl(text: string): RemoteAddress {
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  const parsed = URL.parse(withScheme);
  if (!parsed || parsed.hostname === '') {
    throw new AppError('invalid_input', `not an address of a node: ${text}`, {
      hint: 'write it like https://node1:6060',
    });
  }
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'wss:') {
    throw new AppError('invalid_input', `${parsed.protocol}// is not encrypted`, {
      hint: 'use https://, the node answers TLS only',
    });
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new AppError('invalid_input', 'user and password do not belong into the address', {
      hint: 'use holdfast login',
    });
  }
  const bareHost = parsed.hostname.replace(/^\[|\]$/g, '');
  const port = parsed.port === '' ? portWithoutDefault(withScheme) : Number(parsed.port);
  return { host: bareHost, port, url: `https://${parsed.hostname}:${port}` };
}

/** WHATWG URLs drop `:443`, so only its spelling tells "443" from "not given". */
function portWithoutDefault(text: string): number {
  return /^[a-z]+:\/\/[^/]*:443(\/|$)/i.test(text) ? 443 : defaultPort;
}
