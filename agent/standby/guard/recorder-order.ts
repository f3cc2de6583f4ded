/**
 * The guard's word to the recorder, past control: record the pair's cameras from this epoch, or leave them. Said again to
 * every recorder that comes, so that a restarted one follows too.
 */
import type { Socket } from 'node:net';
import { AppError } from '../../../src/errors.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import { createLineSplitter } from '../../adapters/line-splitter.ts';

const retryMs = 200;
const replyTimeoutMs = 5_000;
const replyPrefix = '{"kind":"reply"';

export interface RecorderOrder {
  /** Resolves when a recorder has taken it; waits for one that is being started. */
  start(epoch: number): Promise<void>;
  /** Resolves when the recorder has taken it, or when there is none. */
  stop(): Promise<void>;
  close(): void;
}

interface Order {
  active: boolean;
  epoch: number;
}

export function createRecorderOrder(options: {
  clock: Clock;
  connect: () => Promise<Socket>;
}): RecorderOrder {
  const { clock, connect } = options;
  let order: Order = { active: false, epoch: 0 };
  let turn = 0;
  let socket: Socket | null = null;
  let cancel: Cancel = () => {};
  let closed = false;
  let nextId = 1;

  /** A recorder that was started again is told again. */
  const keep = () => {
    cancel = clock.after(retryMs, () => {
      if (!socket && order.active) void send(order).catch(() => {});
      keep();
    });
  };

  const send = async (wanted: Order): Promise<void> => {
    const connection = socket ?? (await adopt(await connect()));
    const id = nextId;
    nextId += 1;
    await new Promise<void>((resolve, reject) => {
      const end = (outcome: () => void) => {
        late();
        connection.off('close', onClose);
        connection.off('reply', onReply);
        outcome();
      };
      const onClose = () => end(() => reject(gone()));
      const onReply = (reply: Reply) => {
        if (reply.id !== id) return;
        end(() => (reply.error ? reject(new AppError('conflict', reply.error.message)) : resolve()));
      };
      const late = clock.after(replyTimeoutMs, () =>
        end(() => reject(new AppError('timeout', 'the recorder did not answer in time'))),
      );
      connection.on('close', onClose);
      connection.on('reply', onReply);
      connection.write(`${JSON.stringify({ id, method: 'follow', ...wanted })}\n`);
    });
  };

  const adopt = async (connection: Socket): Promise<Socket> => {
    socket = connection;
    connection.on('error', () => connection.destroy());
    connection.on('close', () => {
      if (socket === connection) socket = null;
    });
    // Its status comes every second and may be long: only replies are read.
    const split = createLineSplitter((line) => {
      if (line.startsWith(replyPrefix)) connection.emit('reply', JSON.parse(line));
    });
    connection.on('data', split);
    return connection;
  };

  keep();
  return {
    async start(epoch) {
      order = { active: true, epoch };
      turn += 1;
      const mine = turn;
      for (;;) {
        try {
          return await send(order);
        } catch (error) {
          if (mine !== turn || closed) throw new AppError('conflict', 'the recording was stopped meanwhile');
          if (error instanceof AppError && error.code === 'conflict') throw error;
          await new Promise<void>((resolve) => clock.after(retryMs, resolve));
        }
      }
    },
    async stop() {
      order = { active: false, epoch: order.epoch };
      turn += 1;
      try {
        await send(order);
      } catch (error) {
        // Nobody listens: then nothing is recorded either, and a recorder that starts begins as standby.
        if (error instanceof AppError && error.code !== 'unavailable') throw error;
      }
    },
    close() {
      closed = true;
      cancel();
      socket?.destroy();
    },
  };
}

interface Reply {
  id: number;
  error: { message: string } | null;
}

function gone(): AppError {
  return new AppError('unavailable', 'the recorder ended');
}
