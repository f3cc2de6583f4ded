/** Bounds the connections that one address may hold to a server, so that a single machine cannot keep all others out. */
import type { Server, Socket } from 'node:net';

/** Counts raw connections, so that handshakes that never end count too; those beyond `max` are closed. */
export function limitPerAddress(server: Server, max: number): void {
  const counts = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress);
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    socket.once('close', () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left > 0) counts.set(address, left);
      else counts.delete(address);
    });
    if (count > max) socket.destroy();
  });
}

/** IPv4 addresses as people write them, also when they come in through a dual-stack socket. */
export function plainAddress(address: string | undefined): string {
  return (address ?? 'unknown').replace(/^::ffff:/i, '');
}
