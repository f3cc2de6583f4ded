import { describe, expect, it } from 'vitest';
import { generateOpenApi } from '../../agent/control/api/handlers.ts';
import { contract, type ProcedureMeta, roleSchema } from '../../src/contract/index.ts';

interface Definition {
  meta: ProcedureMeta;
  route: { method?: string; path?: string };
  inputSchema?: unknown;
  outputSchema?: unknown;
}
type Noun = Record<string, { '~orpc': Definition }>;

const procedures = Object.entries(contract as unknown as Record<string, Noun>).flatMap(([noun, verbs]) =>
  Object.entries(verbs).map(([verb, procedure]) => ({ name: `${noun}.${verb}`, ...procedure['~orpc'] })),
);

describe('the contract', () => {
  it('has procedures', () => expect(procedures.length).toBeGreaterThan(35));

  it.each(procedures)('$name says who may call it, where it is, and what it answers', (procedure) => {
    const { meta, route } = procedure;
    expect(meta.role === null || roleSchema.safeParse(meta.role).success).toBe(true);
    expect(route.path).toMatch(/^\/[a-z{}/-]+$/i);
    expect(route.method).toMatch(/^(GET|POST|PUT|PATCH|DELETE)$/);
    expect(procedure.outputSchema).toBeDefined();
  });

  it.each(procedures.filter((procedure) => procedure.meta.role === null))(
    '$name, open to anybody, is known to be so',
    ({ name }) => expect(['node.hello', 'session.login']).toContain(name),
  );

  it('audits everything that changes something', () => {
    const changing = procedures.filter(({ route, meta }) => route.method !== 'GET' && meta.role !== null);
    const unaudited = changing.filter(({ meta }) => !meta.audited).map(({ name }) => name);
    // The log-out writes its own entry; the preflight is posted because it takes seconds, and changes nothing.
    expect(unaudited).toEqual(['session.logout', 'standby.preflight']);
  });

  it('gives no two procedures one address', () => {
    const addresses = procedures.map(
      ({ route }) => `${route.method} ${route.path?.replace(/\{[^}]+\}/g, '{}')}`,
    );
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  it('becomes an OpenAPI document with every procedure in it', async () => {
    const document = await generateOpenApi('1.2.3');
    expect(document).toMatchObject({ openapi: expect.stringMatching(/^3\.1/), info: { version: '1.2.3' } });
    const operations = Object.values(document.paths ?? {}).flatMap((path) => Object.values(path ?? {}));
    const ids = operations.map((operation) => (operation as { operationId?: string }).operationId);
    expect(new Set(ids)).toEqual(new Set(procedures.map(({ name }) => name)));
    expect(JSON.stringify(document)).toContain('quotaBytes');
  });
});
