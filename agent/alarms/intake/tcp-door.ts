/** The TCP door of intake: lets devices in within the bounds of house and address, and sees strangers out first. */
import { createServer, type Server, type Socket } from 'node:net';
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import { fromErrno } from '../../adapters/errno.ts';
import { type Connection, serveConnection } from './connection.ts';
import type { IntakeCounts } from './counts.ts';
import { type JudgeContext, judgeFrame, refuse } from './judge.ts';
import type { IntakeLimits } from './limits.ts';
import { addressKey, plainAddress, sourceText } from './source-address.ts';
import type { UnderWay } from './under-way.ts';

const checkEveryMs = 1_000;
const tellEveryMs = 60_000;
/** Connections the system holds for us until we accept them: a whole site redials at once after an outage. */
const backlog = 1_024;
const keepAliveMs = 60_000;
/** For answers to leave before connections are cut. */
const closeTimeoutMs = 500;

export interface DoorContext {
  readonly clock: Clock;
  readonly limits: IntakeLimits;
  readonly counts: IntakeCounts;
  readonly judge: JudgeContext;
  readonly underWay: UnderWay;
}

export interface TcpDoor {
  readonly host: string;
  readonly port: number;
  /** No new connections, and nothing more is read; answers that are due still go out. */
  stop(): void;
  /** Ends those that are open; resolves when all are. */
  close(): Promise<void>;
}

/** @throws AppError when the address or the port cannot be had. */
export async function openTcpDoor(host: string, port: number, context: DoorContext): Promise<TcpDoor> {
  const { clock, limits, counts } = context;
  const open = new Map<Socket, { connection: Connection; key: string }>();
  const ofKey = new Map<string, number>();

  const serve = (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress);
    const key = addressKey(address);
    // `undefined`: it was gone before we looked.
    if (socket.remoteAddress === undefined || !hasRoom(key)) {
      counts.connectionsRefused += 1;
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    const source = sourceText(address, socket.remotePort ?? 0);
    socket.setKeepAlive(true, keepAliveMs);
    const connection = serveConnection(socket, {
      clock,
      limits,
      underWay: context.underWay,
      judge: (frame) => judgeFrame(frame, source, context.judge),
      refuse: (detail) => void refuse(detail, source, context.judge),
      mayRefuse: () => context.judge.rates.refuse(key, clock.monotonicMs()),
      onEnd: (why) => ended(address, why),
    });
    open.set(socket, { connection, key });
    ofKey.set(key, (ofKey.get(key) ?? 0) + 1);
    counts.connections = open.size;
    socket.on('close', () => leave(socket, key));
  };

  const leave = (socket: Socket, key: string) => {
    if (!open.delete(socket)) return;
    counts.connections = open.size;
    const left = (ofKey.get(key) ?? 1) - 1;
    if (left === 0) ofKey.delete(key);
    else ofKey.set(key, left);
  };

  const ended = (address: string, why: string) => {
    counts.connectionsEnded += 1;
    context.judge.teller.tell(
      'info',
      'alarm.connection-ended',
      address,
      tellEveryMs,
      () => `a connection from ${address} was ended: ${why}`,
    );
  };

  const hasRoom = (key: string): boolean => {
    const ofAddress = (ofKey.get(key) ?? 0) >= limits.connectionsPerAddressMax;
    if (!ofAddress && (open.size < limits.connectionsMax || makeRoom())) return true;
    const what = ofAddress
      ? `${limits.connectionsPerAddressMax} connections from ${key}`
      : `${limits.connectionsMax} connections in all`;
    context.judge.teller.tell(
      'warning',
      'alarm.connections-full',
      ofAddress ? key : 'all',
      tellEveryMs,
      () => `${what} are open; more are not let in`,
    );
    return false;
  };

  /** Ends the stranger that was silent longest; whoever showed an account of ours stays. */
  const makeRoom = (): boolean => {
    let chosen: [Socket, { connection: Connection; key: string }] | null = null;
    for (const each of open) {
      const { connection } = each[1];
      if (connection.known()) continue;
      if (chosen === null || connection.aliveMs() < chosen[1].connection.aliveMs()) chosen = each;
    }
    if (chosen === null) return false;
    const [socket, { connection, key }] = chosen;
    connection.end('it made room for another');
    leave(socket, key);
    return true;
  };

  let cancelCheck = () => {};
  const checkAll = () => {
    const nowMs = clock.monotonicMs();
    for (const { connection } of open.values()) connection.check(nowMs);
    cancelCheck = clock.after(checkEveryMs, checkAll);
  };

  const server = createServer({ allowHalfOpen: true }, serve);
  await listening(server, host, port);
  server.on('error', (error) =>
    context.judge.teller.tell('error', 'alarm.not-accepting', 'tcp', tellEveryMs, () => {
      return fromErrno(error, 'let a device in').message;
    }),
  );
  cancelCheck = clock.after(checkEveryMs, checkAll);
  const bound = boundTo(server);
  const closed = new Promise<void>((resolve) => server.on('close', resolve));
  return {
    ...bound,
    stop() {
      cancelCheck();
      server.close();
      for (const { connection } of open.values()) connection.stop();
    },
    async close() {
      for (const socket of open.keys()) socket.destroySoon();
      const cancel = clock.after(closeTimeoutMs, () => {
        for (const socket of open.keys()) socket.destroy();
      });
      await closed;
      cancel();
    },
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(fromErrno(error, `listen for alarms on ${host}:${port} (TCP)`));
    server.once('error', failed);
    server.listen({ host, port, backlog }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function boundTo(server: Server): { host: string; port: number } {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new AppError('internal', 'no address was bound');
  return { host: bound.address, port: bound.port };
}
