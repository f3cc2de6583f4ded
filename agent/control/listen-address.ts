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

/** `host`, `host:port` or `[v6]:port` of another node's peer link. @throws AppError `invalid_input`. */
export function parsePeerAddress(text: string, portDefault: number): ListenAddress {
  const match = /^(?:\[([0-9a-f:.%a-z]+)\]|([a-z0-9][a-z0-9.-]*))(?::(\d{1,5}))?$/i.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? portDefault : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new AppError('invalid_input', `not an address of a node: ${text}`, {
      hint: 'Write it as the other node shows it beside its code, like 192.0.2.2:7330.',
    });
  }
  return { host, port };
}
