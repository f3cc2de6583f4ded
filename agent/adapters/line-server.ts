/** The socket of a process of this node: takes requests, answers each once, and sends status and events to whoever listens. */
import { createServer, type Server, type Socket } from 'node:net';
import type { z } from 'zod';
import { toAppError } from '../../src/errors.ts';
import { createLineSplitter } from './line-splitter.ts';

/** Events kept for a control that is away; the oldest go first. */
const eventsHeldMax = 1_000;
/** A control that reads nothing is cut off. */
const backlogBytesMax = 64 * 1024 * 1024;

export interface LineServer<Message> {
  send(message: Message): void;
  /** How many controls are connected. */
  clients(): number;
  close(): Promise<void>;
}

/** `handle` returns what its reply carries besides id and error. */
export async function serveLines<
  Request extends { readonly id: number },
  Message extends { readonly kind: string },
>(options: {
  socketPath: string;
  requestSchema: z.ZodType<Request>;
  handle: (request: Request) => Promise<Record<string, unknown>>;
}): Promise<LineServer<Message>> {
  const { socketPath, requestSchema, handle } = options;
  const clients = new Set<Socket>();
  const held: Message[] = [];

  const write = (socket: Socket, message: object) => {
    if (socket.writableLength > backlogBytesMax) socket.destroy();
    else socket.write(`${JSON.stringify(message)}\n`);
  };

  const answer = async (socket: Socket, line: string) => {
    const parsed = requestSchema.safeParse(parseJson(line));
    if (!parsed.success) return socket.destroy();
    const { id } = parsed.data;
    try {
      write(socket, { kind: 'reply', id, error: null, ...(await handle(parsed.data)) });
    } catch (thrown) {
      const { code, message, hint } = toAppError(thrown);
      write(socket, { kind: 'reply', id, error: { code, message, ...(hint === undefined ? {} : { hint }) } });
    }
  };

  const server: Server = createServer((socket) => {
    clients.add(socket);
    const split = createLineSplitter((line) => void answer(socket, line));
    socket.on('data', (chunk) => {
      try {
        split(chunk);
      } catch {
        socket.destroy();
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => clients.delete(socket));
    for (const message of held.splice(0)) write(socket, message);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });

  return {
    send(message) {
      if (clients.size === 0 && message.kind === 'event') {
        held.push(message);
        if (held.length > eventsHeldMax) held.shift();
      }
      for (const socket of clients) write(socket, message);
    },
    clients: () => clients.size,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of clients) socket.end();
      await closed;
    },
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
