/** The connection of TUI and CLI: pins, errors, reconnection and downloads, over real sockets. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Target } from '../../../src/client/address.ts';
import { type Connection, type ConnectionOptions, openConnection } from '../../../src/client/connect.ts';
import { fileKnownNodes } from '../../../src/client/known-nodes.ts';
import { fileTokenStore } from '../../../src/client/token-store.ts';
import { AppError } from '../../../src/errors.ts';
import { type FakeNode, type FakeNodeOptions, hello, os, startFakeNode } from './fake-node.ts';

let config: string;
const ends: (() => unknown)[] = [];

beforeEach(() => {
  config = mkdtempSync(join(tmpdir(), 'hf-config-'));
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  rmSync(config, { recursive: true, force: true });
});

async function node(options: Partial<FakeNodeOptions> = {}): Promise<FakeNode> {
  const started = await startFakeNode({ router: { node: { hello } }, ...options });
  ends.push(() => started.close().catch(() => {}));
  return started;
}

function connect(target: Target, options: ConnectionOptions = {}): Connection {
  const connection = openConnection(target, {
    knownNodes: fileKnownNodes(config),
    random: () => 0,
    ...options,
  });
  ends.push(() => connection.close());
  return connection;
}

const local = ({ dataDir }: FakeNode): Target => ({ kind: 'local', dataDir });
const remote = ({ url }: FakeNode): Target => ({ kind: 'remote', url });

async function failure(work: Promise<unknown>): Promise<AppError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof AppError)) throw new Error(`no AppError but ${String(thrown)}`);
  return thrown;
}

describe('a local node', () => {
  it('answers over the socket in its data folder', async () => {
    const connection = connect(local(await node()));
    expect(await connection.client.node.hello()).toMatchObject({ product: 'holdfast', role: null });
    expect(connection.state()).toMatchObject({ phase: 'connected', error: null });
    expect(connection.local).toBe(true);
  });

  it('that does not run is reported as unavailable with what to do', async () => {
    const connection = connect({ kind: 'local', dataDir: config }, { reconnect: false });
    const error = await failure(connection.client.node.hello());
    expect(error.code).toBe('unavailable');
    expect(error.hint).toContain('holdfast agent');
    expect(connection.state().phase).toBe('disconnected');
  });
});

describe('errors', () => {
  it('of the node arrive with code, message, hint and details', async () => {
    const router = {
      space: {
        restore: os.space.restore.handler(() => {
          throw new AppError('disk_full', 'no room', { hint: 'make room', details: { space: 's1' } });
        }),
      },
    };
    const error = await failure(connect(local(await node({ router }))).client.space.restore({ id: 's1' }));
    expect(error).toMatchObject({
      code: 'disk_full',
      message: 'no room',
      hint: 'make room',
      details: { space: 's1' },
    });
  });

  it('of input name the field', async () => {
    const router = { camera: { show: os.camera.show.handler(() => Promise.reject(new Error('unused'))) } };
    const connection = connect(local(await node({ router })));
    const error = await failure(connection.client.camera.show({ id: 'x'.repeat(65) }));
    expect(error.code).toBe('invalid_input');
    expect(error.message).toMatch(/^id: /);
  });

  it('that are not of this contract become internal and leak no text of the node', async () => {
    const router = {
      node: {
        hello: os.node.hello.handler(() => {
          throw new Error('secret');
        }),
      },
    };
    const error = await failure(connect(local(await node({ router }))).client.node.hello());
    expect(error.code).toBe('internal');
    expect(error.message).not.toContain('secret');
  });

  it('of a call without an answer in time are timeout', async () => {
    const router = { node: { hello: os.node.hello.handler(() => new Promise<never>(() => {})) } };
    const connection = connect(local(await node({ router })), { callTimeoutMs: 50 });
    expect((await failure(connection.client.node.hello())).code).toBe('timeout');
  });
});

describe('a connection that breaks', () => {
  it('fails the call under way, is told, and comes back by itself', async () => {
    const asked = Promise.withResolvers<void>();
    const router = {
      node: {
        hello,
        doctor: os.node.doctor.handler(() => {
          asked.resolve();
          return new Promise<never>(() => {});
        }),
      },
    };
    const fake = await node({ router });
    const connection = connect(local(fake));
    const phases: string[] = [];
    connection.onState(({ phase }) => phases.push(phase));
    const call = failure(connection.client.node.doctor());
    await asked.promise;
    fake.drop();
    expect((await call).code).toBe('unavailable');
    await vi.waitFor(() => expect(connection.state().phase).toBe('connected'), 5_000);
    expect(phases).toEqual(['connected', 'disconnected', 'connecting', 'connected']);
    expect(await connection.client.node.hello()).toMatchObject({ product: 'holdfast' });
  });

  it('ends a stream with an error that can be told apart', async () => {
    const router = {
      node: {
        watch: os.node.watch.handler(async function* () {
          await new Promise(() => {});
          yield* [];
        }),
      },
    };
    const fake = await node({ router });
    const connection = connect(local(fake));
    const stream = await connection.client.node.watch({ intervalMs: 1_000 });
    const next = failure(
      (async () => {
        for await (const _status of stream);
      })(),
    );
    fake.drop();
    expect((await next).code).toBe('unavailable');
  });

  it('waits for a node that starts later', async () => {
    const connection = connect({ kind: 'local', dataDir: config });
    const states: string[] = [];
    connection.onState(({ phase }) => states.push(phase));
    await vi.waitFor(() => expect(states).toContain('disconnected'));
    expect(connection.state().retryAtMs).not.toBeNull();
    await node({ dataDir: config });
    expect(await connection.client.node.hello()).toMatchObject({ product: 'holdfast' });
  });
});

describe('a node elsewhere', () => {
  it('is pinned at first contact, said once, and trusted then', async () => {
    const fake = await node({ tls: true });
    const onFirstContact = vi.fn();
    await connect(remote(fake), { onFirstContact }).client.node.hello();
    await connect(remote(fake), { onFirstContact }).client.node.hello();
    expect(onFirstContact.mock.calls).toEqual([[fake.url, fake.fingerprint]]);
    expect(statSync(join(config, 'known-nodes.json')).mode & 0o777).toBe(0o600);
  });

  it('with another certificate is refused before any token leaves, with both fingerprints and the way to accept', async () => {
    const fake = await node({ tls: true });
    const other = 'AA:'.repeat(31).concat('AA');
    fileKnownNodes(config).set(fake.url, other);
    const connection = connect(remote(fake), { token: 'secret-token' });
    const error = await failure(connection.client.node.hello());
    expect(error.code).toBe('forbidden');
    expect(error.message).toContain(other);
    expect(error.message).toContain(fake.fingerprint);
    expect(error.hint).toContain('--accept');
    expect(fake.tokens).toEqual([]);
    expect(connection.state()).toMatchObject({ phase: 'disconnected', retryAtMs: null });
  });

  it('gets the token as bearer, and another one after setToken', async () => {
    const fake = await node({ tls: true });
    const connection = connect(remote(fake), { token: 'first' });
    await connection.client.node.hello();
    connection.setToken('second');
    await connection.client.node.hello();
    expect(fake.tokens).toEqual(['first', 'second']);
  });

  it('that refuses the session is not asked again until there is another one', async () => {
    const fake = await node({ tls: true, refuse: (token) => (token === 'old' ? 401 : undefined) });
    const connection = connect(remote(fake), { token: 'old' });
    expect((await failure(connection.client.node.hello())).code).toBe('unauthorized');
    expect(connection.state().retryAtMs).toBeNull();
    connection.setToken(undefined);
    expect(await connection.client.node.hello()).toMatchObject({ role: null });
  });
});

describe('a download', () => {
  it('comes with its size, over the same pinned way and session', async () => {
    const seen: (string | undefined)[] = [];
    const fake = await node({
      tls: true,
      http: (request, response) => {
        seen.push(request.url, request.headers.authorization);
        response.writeHead(200, { 'content-length': 5 }).end('video');
      },
    });
    const { totalBytes, stream } = await connect(remote(fake), { token: 't' }).download('/v1/x?a=1');
    expect([totalBytes, await text(stream)]).toEqual([5, 'video']);
    expect(seen).toEqual(['/v1/x?a=1', 'Bearer t']);
  });

  it('that the node refuses is the AppError of its body', async () => {
    const fake = await node({
      http: (_request, response) => {
        response.writeHead(404, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify({ code: 'not_found', message: 'no video there', hint: 'look at inspect' }),
        );
      },
    });
    const error = await failure(connect(local(fake)).download('/v1/x'));
    expect(error).toMatchObject({ code: 'not_found', message: 'no video there', hint: 'look at inspect' });
  });

  it('that ends early errors its stream', async () => {
    const fake = await node({
      http: (_request, response) => {
        response.writeHead(200, { 'content-length': 1_000 });
        response.write('half', () => response.destroy());
      },
    });
    const { stream } = await connect(local(fake)).download('/v1/x');
    await expect(text(stream)).rejects.toThrow();
  });
});

describe('stored sessions', () => {
  it('are kept by node in a file of mode 0600 and forgotten one by one', () => {
    const store = fileTokenStore(config);
    store.set('https://a:6060', { user: 'anna', token: 'x' });
    store.set('https://b:6060', { user: 'ben', token: 'y' });
    store.remove('https://a:6060');
    expect(store.get('https://a:6060')).toBeUndefined();
    expect(store.get('https://b:6060')).toEqual({ user: 'ben', token: 'y' });
    expect(statSync(join(config, 'sessions.json')).mode & 0o777).toBe(0o600);
  });
});
