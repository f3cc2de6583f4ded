/** Downloads and clients that stop reading without a word: the place they hold is free again in time. */
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../agent/adapters/clock.ts';
import { createDownload } from '../../../../agent/control/api/download.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A server whose exports have no end. */
async function serve(stallMs: number) {
  let open = 0;
  const { promise: ended, resolve: onEnded } = Promise.withResolvers<void>();
  const download = createDownload({
    clock: systemClock,
    stallMs,
    sessions: { hold: () => () => {} },
    reader: {
      exportStream: async () => ({
        totalBytes: 1e12,
        fileName: 'x.mp4',
        gaps: [],
        stream: (async function* () {
          open += 1;
          try {
            for (;;) yield Buffer.alloc(64 * 1024);
          } finally {
            open -= 1;
            onEnded();
          }
        })(),
      }),
    },
  });
  const server = createServer((request, response) => {
    const connection = {
      via: 'local' as const,
      address: 'local',
      session: null,
      inFlight: 0,
      close: () => {},
      release: () => {},
    };
    void download(request, response, connection);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port });
  ends.push(() => socket.destroy());
  socket.on('error', () => {});
  socket.write('GET /?camera=c1&fromMs=1&toMs=2 HTTP/1.1\r\nhost: x\r\n\r\n');
  return { socket, ended, open: () => open };
}

describe('a download', () => {
  it('ends when its client takes nothing any more', async () => {
    const { socket, ended, open } = await serve(100);
    socket.pause();
    await ended;
    expect(open()).toBe(0);
  });

  it('goes on as long as its client takes something', async () => {
    const { socket, open } = await serve(60_000);
    let bytes = 0;
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        bytes += chunk.length;
        if (bytes > 8 * 1024 * 1024) resolve();
      });
    });
    expect(open()).toBe(1);
  });
});
