/** A small automation that speaks Sur-Gard MLR2: listens or connects, answers what it is told to, and counts. */
import { connect, createServer, type Socket } from 'node:net';
import { createSurgardReader, surgardAck, surgardNak } from '../../agent/alarms/surgard/codec.ts';

export interface Automation {
  readonly port: number;
  /** Lines of events as they came, without their end: `1234 130 01 015`. */
  readonly events: string[];
  heartbeats(): number;
  connections(): number;
  answer: 'ack' | 'nak' | 'silent' | 'twice';
  /** Sends a late 06h on each connection. */
  acknowledge(): void;
  close(): Promise<void>;
}

function automation(port: number): { made: Automation; take(socket: Socket): void; sockets: Set<Socket> } {
  const sockets = new Set<Socket>();
  let heartbeats = 0;
  const made: Automation = {
    port,
    events: [],
    heartbeats: () => heartbeats,
    connections: () => sockets.size,
    answer: 'ack',
    acknowledge() {
      for (const socket of sockets) socket.write(Buffer.from(surgardAck));
    },
    async close() {},
  };
  const take = (socket: Socket) => {
    const reader = createSurgardReader();
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      for (const item of reader.push(bytes)) {
        if (item.kind === 'heartbeat') heartbeats += 1;
        if (item.kind === 'event') {
          const { code, qualifier, area, zone } = item.content;
          made.events.push(`${item.account} ${qualifier} ${code} ${area ?? '00'} ${zone ?? '000'}`);
        }
        if (made.answer === 'silent') continue;
        const answer = Buffer.from(made.answer === 'nak' ? surgardNak : surgardAck);
        socket.write(made.answer === 'twice' ? Buffer.concat([answer, answer]) : answer);
      }
    });
  };
  return { made, take, sockets };
}

/** One that we connect to. */
export async function startAutomation(): Promise<Automation> {
  const { made, take, sockets } = automation(0);
  const server = createServer(take);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    ...made,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    get answer() {
      return made.answer;
    },
    set answer(value) {
      made.answer = value;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** One that connects to us; rejects when it cannot. */
export async function connectAutomation(port: number): Promise<Automation> {
  const { made, take, sockets } = automation(port);
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  take(socket);
  made.close = async () => {
    for (const each of sockets) each.destroy();
  };
  return made;
}
