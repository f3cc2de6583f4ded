/** A node for tests of its callers: the real wire (WebSocket, HTTP, TLS or Unix socket) with answers made up by the test. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { implement, ORPCError } from '@orpc/server';
import { RPCHandler } from '@orpc/server/ws';
import { generate } from 'selfsigned';
import { WebSocketServer } from 'ws';
import { contract } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';

export const os = implement(contract).$context<{ token: string | undefined }>();

type Router = ConstructorParameters<typeof RPCHandler<{ token: string | undefined }>>[0];

export interface FakeNode {
  /** Data folder with `agent.sock` in it, or the address of a TLS node. */
  dataDir: string;
  url: string;
  fingerprint: string;
  /** Authorization headers of the upgrades seen. */
  tokens: (string | undefined)[];
  /** Breaks all connections, as a killed agent does. */
  drop(): void;
  close(): Promise<void>;
}

export interface FakeNodeOptions {
  router: Router;
  tls?: boolean;
  /** Port of a TLS node; 0 takes a free one. */
  port?: number;
  dataDir?: string;
  http?: RequestListener;
  /** Status to refuse upgrades with. */
  refuse?: (token: string | undefined) => number | undefined;
}

export async function startFakeNode(options: FakeNodeOptions): Promise<FakeNode> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'hf-'));
  const listener: RequestListener =
    options.http ?? ((_request, response) => void response.writeHead(404).end());
  let fingerprint = '';
  let server: Server;
  if (options.tls) {
    const pems = await generate([{ name: 'commonName', value: 'node' }], { keySize: 2048 });
    fingerprint = new X509Certificate(pems.cert).fingerprint256;
    server = createHttps({ key: pems.private, cert: pems.cert }, listener);
  } else {
    server = createHttp(listener);
  }
  const tokens: (string | undefined)[] = [];
  const handler = new RPCHandler(options.router, {
    interceptors: [
      async ({ next }) => {
        try {
          return await next();
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          throw new ORPCError(error.code.toUpperCase(), {
            status: 409,
            message: error.message,
            data: { code: error.code, hint: error.hint, details: error.details },
          });
        }
      },
    ],
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, stream, head) => {
    const token = request.headers.authorization?.replace(/^Bearer /, '');
    tokens.push(token);
    const refusal = options.refuse?.(token);
    if (request.url !== '/ws' || refusal !== undefined) {
      stream.end(`HTTP/1.1 ${refusal ?? 404} No\r\nconnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      handler.upgrade(socket, { context: { token } });
    });
  });
  if (options.tls) server.listen(options.port ?? 0, '127.0.0.1');
  else server.listen(join(dataDir, 'agent.sock'));
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const drop = () => {
    for (const socket of sockets.clients) socket.terminate();
  };
  return {
    dataDir,
    url: `https://127.0.0.1:${port}`,
    fingerprint,
    tokens,
    drop,
    close: async () => {
      drop();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export const hello = os.node.hello.handler(({ context }) => ({
  product: 'holdfast' as const,
  version: '0.1.0',
  api: 1,
  local: false,
  role: context.token === undefined ? null : ('admin' as const),
}));
