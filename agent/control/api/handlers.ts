/** One router served in two dialects, both through the gate: RPC over WebSocket and REST over HTTP. */
import { OpenAPIGenerator } from '@orpc/openapi';
import { OpenAPIHandler } from '@orpc/openapi/node';
import { BodyLimitPlugin } from '@orpc/server/node';
import { RPCHandler } from '@orpc/server/ws';
import { experimental_ZodSmartCoercionPlugin as ZodCoercion, ZodToJsonSchemaConverter } from '@orpc/zod/zod4';
import { contract } from '../../../src/contract/index.ts';
import type { CallContext } from './context.ts';
import type { Gate } from './gate.ts';
import { parseBearer, restPrefix } from './http.ts';
import type { Router } from './router.ts';
import { wireErrorToHttpBody } from './wire-errors.ts';

type Context = CallContext & Record<never, never>;

const bodyBytesMax = 1024 * 1024;

export function createRpcHandler(router: Router, gate: Gate): RPCHandler<Context> {
  return new RPCHandler<Context>(router, {
    rootInterceptors: [
      (request) => {
        const header = request.request.headers.authorization;
        const token = parseBearer(Array.isArray(header) ? header[0] : header);
        return request.next({ ...request, context: { ...request.context, token } });
      },
    ],
    clientInterceptors: [
      (call) =>
        gate.pass({ ...call, meta: call.procedure['~orpc'].meta }, (context) =>
          call.next({ ...call, context }),
        ),
    ],
  });
}

export function createRestHandler(router: Router, gate: Gate): OpenAPIHandler<Context> {
  return new OpenAPIHandler<Context>(router, {
    plugins: [new BodyLimitPlugin({ maxBodySize: bodyBytesMax }), new ZodCoercion()],
    customErrorResponseBodyEncoder: wireErrorToHttpBody,
    clientInterceptors: [
      (call) =>
        gate.pass({ ...call, meta: call.procedure['~orpc'].meta }, (context) =>
          call.next({ ...call, context }),
        ),
    ],
  });
}

/** The OpenAPI document of the contract, made once when it is first asked for. */
export function createOpenApi(version: string): () => Promise<unknown> {
  let made: Promise<unknown> | null = null;
  return () => {
    made ??= generateOpenApi(version);
    return made;
  };
}

export function generateOpenApi(version: string) {
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] });
  return generator.generate(contract, {
    info: { title: 'Holdfast', version },
    servers: [{ url: restPrefix }],
    components: { securitySchemes: { session: { type: 'http', scheme: 'bearer' } } },
    security: [{ session: [] }],
  });
}
