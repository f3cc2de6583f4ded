/** The hub's local socket: where it lies, and how its status is asked for there. */
import { createHash } from 'node:crypto';
import { createConnection } from 'node:net';
import { join, resolve } from 'node:path';
import { AppError } from '../../src/errors.ts';
import { createFrameReader, encodeFrame } from './protocol/codec.ts';
import { frameBytesMax, type HubStatus, replySchema } from './protocol/schema.ts';

/** In the data folder; on Windows a named pipe whose name is made of the folder's path. */
export function statusSocketPath(dataDir: string, platform: NodeJS.Platform = process.platform): string {
  if (platform !== 'win32') return join(resolve(dataDir), 'hub.sock');
  const digest = createHash('sha256').update(resolve(dataDir).toLowerCase()).digest('hex');
  return `\\\\.\\pipe\\holdfast-hub-${digest.slice(0, 16)}`;
}

const timeoutMs = 3_000;

/** @throws AppError `unavailable` when no hub runs on the folder, `timeout` when it does not answer. */
export function askStatus(dataDir: string): Promise<HubStatus> {
  const path = statusSocketPath(dataDir);
  return new Promise((resolveStatus, reject) => {
    const socket = createConnection({ path });
    const frames = createFrameReader(frameBytesMax);
    const finish = (act: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      act();
    };
    const fail = (error: AppError) => finish(() => reject(error));
    const timer = setTimeout(() => fail(new AppError('timeout', 'the hub does not answer')), timeoutMs);
    socket.on('error', (cause) =>
      fail(
        new AppError('unavailable', `no hub runs on ${dataDir}`, {
          hint: 'Start it with holdfast hub, or name its folder with --data.',
          cause,
        }),
      ),
    );
    socket.on('connect', () => socket.write(encodeFrame({ op: 'status', id: 0 })));
    socket.on('data', (bytes: Buffer) => {
      try {
        for (const message of frames.push(bytes)) {
          const reply = replySchema.parse(message);
          if (reply.kind === 'status') finish(() => resolveStatus(reply.status));
        }
      } catch (cause) {
        fail(new AppError('protocol', 'the hub answered with something else', { cause }));
      }
    });
  });
}
