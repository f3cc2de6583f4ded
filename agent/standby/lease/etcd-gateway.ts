/** Calls to etcd's JSON gateway (etcd API v3, api-grpc-gateway) over HTTP: one request, one answer, nothing sent twice by itself. */
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { z } from 'zod';
import { AppError } from '../../../src/errors.ts';

/** Bytes of an answer; ours are below 2 KiB. */
const answerBytesMax = 65_536;

export interface GatewayAnswer {
  status: number;
  body: unknown;
}

export interface Gateway {
  readonly url: string;
  /**
   * @throws AppError `unavailable` or `timeout`, with `details.sent` false when the request certainly never left;
   * `protocol` when the answer is no JSON.
   */
  post(
    path: string,
    body: object,
    options: { token: string | null; timeoutMs: number },
  ): Promise<GatewayAnswer>;
  close(): void;
}

/** @throws AppError `invalid_input`. */
export function createGateway(endpoint: string, ca: string | null): Gateway {
  const url = parseEndpoint(endpoint);
  const secure = url.protocol === 'https:';
  const agentOptions = { keepAlive: true, maxSockets: 16, noDelay: true };
  const agent = secure
    ? new HttpsAgent({ ...agentOptions, ...(ca === null ? {} : { ca }) })
    : new HttpAgent(agentOptions);
  return {
    url: url.origin,
    post: (path, body, { token, timeoutMs }) =>
      new Promise((resolve, reject) => {
        const text = JSON.stringify(body);
        const request = (secure ? httpsRequest : httpRequest)(new URL(path, url), {
          method: 'POST',
          agent,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(text),
            ...(token === null ? {} : { authorization: token }),
          },
        });
        const timer = setTimeout(() => {
          reject(unanswered('timeout', url.origin, `did not answer within ${timeoutMs} ms`, null));
          request.destroy();
        }, timeoutMs);
        request.on('close', () => clearTimeout(timer));
        request.on('error', (cause) =>
          reject(unanswered('unavailable', url.origin, 'cannot be reached', cause)),
        );
        request.on('response', (response) => {
          const pieces: Buffer[] = [];
          let bytes = 0;
          response.on('data', (piece: Buffer) => {
            bytes += piece.length;
            if (bytes > answerBytesMax) request.destroy();
            else pieces.push(piece);
          });
          response.on('error', (cause) => reject(unanswered('unavailable', url.origin, 'broke off', cause)));
          response.on('close', () => reject(unanswered('unavailable', url.origin, 'broke off', null)));
          response.on('end', () => {
            const read = parse(Buffer.concat(pieces).toString('utf8'));
            if (read === undefined) reject(notEtcd(url.origin));
            else resolve({ status: response.statusCode ?? 0, body: read });
          });
        });
        request.end(text);
      }),
    close: () => agent.destroy(),
  };
}

function parseEndpoint(endpoint: string): URL {
  const url = URL.parse(/^[a-z]+:\/\//i.test(endpoint) ? endpoint : `http://${endpoint}`);
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username !== '') {
    throw new AppError('invalid_input', `not an address of etcd: ${endpoint.slice(0, 80)}`, {
      hint: 'Write it like https://etcd1.example:2379.',
    });
  }
  return url;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unanswered(code: 'timeout' | 'unavailable', url: string, what: string, cause: unknown): AppError {
  const facts = z.object({ code: z.string().optional(), syscall: z.string().optional() }).safeParse(cause);
  const { code: errno, syscall } = facts.success ? facts.data : {};
  return new AppError(code, `etcd at ${url} ${what}${errno === undefined ? '' : ` (${errno})`}`, {
    hint: 'Check that etcd runs, its address and port, and the firewall.',
    // The connection was never made, so no byte of the request left.
    details: { sent: !(syscall === 'connect' || syscall === 'getaddrinfo') },
    ...(cause === null ? {} : { cause }),
  });
}

function notEtcd(url: string): AppError {
  return new AppError('protocol', `${url} does not answer like etcd`, {
    hint: 'Give the client address of etcd (port 2379), and leave its gRPC gateway on.',
  });
}
