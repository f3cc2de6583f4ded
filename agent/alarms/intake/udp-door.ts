/**
 * The UDP door of intake: a datagram holds whole frames, and each is answered to where it came from.
 *
 * No address is ever shut out for what it sends: with UDP anybody can write a sender's address, and would silence a site
 * by it. What is refused costs a checksum and is kept nowhere.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { fromErrno } from '../../adapters/errno.ts';
import { createFrameSplitter } from '../dc09/splitter/codec.ts';
import { judgeFrame, refuse } from './judge.ts';
import { plainAddress, sourceText } from './source-address.ts';
import type { DoorContext } from './tcp-door.ts';

const framesPerDatagramMax = 64;
/** Datagrams that the system holds for us; the kernel may give less. */
const receiveBufferBytes = 4 * 1024 * 1024;
const tellEveryMs = 60_000;

export interface UdpDoor {
  /** Reads no more; answers that are due still go out. */
  stop(): void;
  close(): Promise<void>;
}

/** @throws AppError `conflict` when another program uses the port. */
export async function openUdpDoor(host: string, port: number, context: DoorContext): Promise<UdpDoor> {
  const { counts, limits, underWay } = context;
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  let stopped = false;
  let closed = false;

  const send = (bytes: Uint8Array, to: RemoteInfo) => {
    if (closed) return;
    // An answer that does not arrive is asked for again.
    socket.send(bytes, to.port, to.address, () => undefined);
  };

  const handle = (frame: Uint8Array, from: RemoteInfo, source: string) => {
    if (underWay.full()) {
      counts.overloaded += 1;
      context.judge.teller.tell(
        'warning',
        'alarm.overload',
        'udp',
        tellEveryMs,
        () => `${limits.underWayMax} events wait to be made safe; further datagrams are not acknowledged`,
      );
      return;
    }
    const verdict = judgeFrame(frame, source, context.judge);
    if (verdict.kind === 'answer') send(verdict.bytes, from);
    if (verdict.kind === 'take') {
      underWay.hand(verdict.event, (safe) => {
        if (safe) send(verdict.acknowledge(), from);
      });
    }
  };

  socket.on('message', (bytes, from) => {
    // Port 0 is a forged sender: nobody can be answered there.
    if (stopped || from.port === 0) return;
    const source = sourceText(plainAddress(from.address), from.port);
    const splitter = createFrameSplitter();
    const { frames, garbageBytes, oversized } = splitter.push(bytes);
    for (const frame of frames.slice(0, framesPerDatagramMax)) handle(frame, from, source);
    const problem = problemOf(frames.length, garbageBytes + splitter.heldBytes(), oversized);
    if (problem !== null) refuse(problem, source, context.judge);
  });
  await bound(socket, host, port);
  socket.on('error', () => undefined);
  try {
    socket.setRecvBufferSize(receiveBufferBytes);
  } catch {
    // The kernel's own size serves as well, only shorter bursts.
  }
  return {
    stop() {
      stopped = true;
    },
    close() {
      closed = true;
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}

/** Noise beside a whole frame is no harm. */
function problemOf(frames: number, strayBytes: number, oversized: number): string | null {
  if (oversized > 0) return 'it is longer than a frame can be';
  if (frames > framesPerDatagramMax) return `more than ${framesPerDatagramMax} frames in a datagram`;
  return frames === 0 && strayBytes > 0 ? 'there is no whole frame in the datagram' : null;
}

function bound(socket: Socket, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      socket.close();
      reject(fromErrno(error, `listen for alarms on ${host}:${port} (UDP)`));
    };
    socket.once('error', failed);
    socket.bind({ address: host, port }, () => {
      socket.off('error', failed);
      resolve();
    });
  });
}
