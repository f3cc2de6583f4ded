/** The HTTP side of the API, on the TLS port and on the local socket: health, the OpenAPI document, REST, downloads. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OpenAPIHandler } from '@orpc/openapi/node';
import { AppError, toAppError } from '../../../src/errors.ts';
import type { CallContext, Connection } from './context.ts';
import type { Gate } from './gate.ts';
import { statusOf, toHttpBody } from './wire-errors.ts';

export const restPrefix = '/v1';

export interface HttpOptions {
  rest: OpenAPIHandler<CallContext & Record<never, never>>;
  gate: Gate;
  openApi: () => Promise<unknown>;
  download: (request: IncomingMessage, response: ServerResponse, connection: Connection) => Promise<void>;
  healthy: () => boolean;
  onUnexpected: (thrown: unknown, path: string) => void;
}

export class HttpApi {
  readonly #options: HttpOptions;

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /** Answers one request; never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse, connection: Connection): Promise<void> {
    const path = pathOf(request);
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    try {
      if (!(await this.#route(path, request, response, connection))) {
        throw new AppError('not_found', 'there is nothing at this address', {
          hint: `The API is described in ${restPrefix}/openapi.json.`,
        });
      }
    } catch (thrown) {
      this.#fail(thrown, path, response);
    }
  }

  async #route(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    connection: Connection,
  ): Promise<boolean> {
    const { rest, gate, openApi, download, healthy } = this.#options;
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (path === '/health' && reads) {
      const well = healthy();
      sendJson(response, well ? 200 : 503, { status: well ? 'ok' : 'failing' });
      return true;
    }
    if (path === `${restPrefix}/openapi.json` && reads) {
      gate.authorize(gate.identify(connection), { role: 'viewer', allowedBeforePasswordChange: true });
      sendJson(response, 200, await openApi());
      return true;
    }
    if (path === `${restPrefix}/export/download` && request.method === 'GET') {
      gate.authorize(gate.identify(connection), { role: 'viewer' });
      await download(request, response, connection);
      return true;
    }
    const { matched } = await rest.handle(request, response, { prefix: restPrefix, context: { connection } });
    return matched;
  }

  #fail(thrown: unknown, path: string, response: ServerResponse): void {
    const known = thrown instanceof AppError;
    if (!known) this.#options.onUnexpected(thrown, path);
    const error = known
      ? thrown
      : toAppError(new AppError('internal', 'the agent failed to answer this request'));
    if (response.headersSent) response.destroy();
    else sendJson(response, statusOf(error.code), toHttpBody(error));
  }
}

export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

/** `Authorization: Bearer …` of a request, null when it has none. */
export function bearerOf(request: IncomingMessage): string | null {
  return parseBearer(request.headers.authorization);
}

export function parseBearer(header: string | undefined): string | null {
  return /^Bearer ([A-Za-z0-9_-]{16,256})$/i.exec(header ?? '')?.[1] ?? null;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  // A refused body is not read to its end: the connection cannot be used again.
  if (status >= 400) response.setHeader('connection', 'close');
  response.end(`${JSON.stringify(body)}\n`);
}
