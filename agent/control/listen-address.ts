/** Reads the network address that the agent is told to listen on. */
import { AppError } from '../../src/errors.ts';

export interface ListenAddress {
  host: string;
  /** 0 lets the system choose. */
  port: number;
}

/** `host:port`, `[v6]:port`, `:port` or `port`; without a host, all interfaces. @throws AppError `invalid_input`. */
export function parseListen(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-f:.%a-z]+)\]:|([^\s:[\]/]*):)?(\d{1,5})$/i.exec(text.trim());
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new AppError('invalid_input', `not an address to listen on: ${text}`, {
      hint: 'Write it like 127.0.0.1:6060, or 0.0.0.0:6060 for all interfaces.',
    });
  }
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port };
}
