import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, TestControl, until } from '../test-control.ts';

let control: TestControl;
beforeAll(async () => {
  control = await TestControl.start();
});
afterAll(() => control.stop());

const stillAnswers = async () => expect((await control.rest('GET', '/v1/hello')).status).toBe(200);

describe('frames on the WebSocket', () => {
  it.each([
    ['no JSON', 'hello'],
    ['no request', '{"a":1}'],
    ['a stream into the agent', '{"i":"1","t":3,"p":{"e":"message"}}'],
    ['a foreign address', '{"i":"1","p":{"u":"http://evil/"}}'],
    ['a strange path', '{"i":"1","p":{"u":"/../../etc"}}'],
  ])('that hold %s close the connection', async (_, text) => {
    const { socket, closed } = await control.connect();
    socket.send(text);
    expect(await closed).toBe(1007);
    await stillAnswers();
  });

  it('that are binary, or larger than 1 MiB, close the connection', async () => {
    const binary = await control.connect();
    binary.socket.send(Buffer.from('{"i":"1","p":{"u":"/node/hello"}}'));
    expect(await binary.closed).toBe(1003);
    const large = await control.connect();
    large.socket.send('x'.repeat(1024 * 1024 + 1));
    expect(await large.closed).toBe(1009);
  });

  it.each([
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('that nest %s deeper than any stack close the connection and no more', async (_, open, close) => {
    for (const depth of [100, 1_500, 4_000, 20_000, 140_000]) {
      const { socket, closed } = await control.connect();
      const nested = `${open.repeat(depth)}${open === '[' ? '' : '1'}${close.repeat(depth)}`;
      socket.send(`{"i":"1","p":{"u":"/node/hello","b":{"json":${nested}}}}`);
      expect(await closed, String(depth)).toBe(1007);
    }
    await stillAnswers();
  });

  it('of any content leave the agent alive and answering', async () => {
    const frame = fc.oneof(
      { arbitrary: fc.string({ maxLength: 200 }), weight: 1 },
      { arbitrary: fc.json(), weight: 1 },
      {
        arbitrary: fc
          .record(
            {
              i: fc.oneof(fc.string({ maxLength: 5 }), fc.integer()),
              t: fc.constantFrom(1, 2, 3, 4, 'x'),
              p: fc.record(
                {
                  u: fc.constantFrom('/node/hello', '/camera/add', '/__proto__/x', '/constructor', '/', ''),
                  b: fc.oneof(fc.jsonValue(), fc.record({ json: fc.jsonValue(), meta: fc.jsonValue() })),
                  h: fc.dictionary(
                    fc.constantFrom('authorization', 'content-type', 'content-disposition'),
                    fc.string(),
                  ),
                  m: fc.constantFrom('GET', 'POST', 'TRACE'),
                },
                { requiredKeys: ['u'] },
              ),
            },
            { requiredKeys: ['i'] },
          )
          .map((value) => JSON.stringify(value)),
        weight: 4,
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 10 }), async (frames) => {
        const { socket, closed } = await control.connect();
        for (const text of frames) if (socket.readyState === socket.OPEN) socket.send(text);
        socket.close();
        await closed;
      }),
      { numRuns: 60 },
    );
    await stillAnswers();
    const { client } = await control.connect();
    expect(await client.node.hello()).toMatchObject({ product: 'holdfast', role: null, local: false });
    expect(control.unexpected).toEqual([]);
  });

  it('beyond 64 calls at once on one connection are refused, not queued', async () => {
    const { client } = await control.local();
    control.recorder.silent.add('probe');
    const probes = Array.from({ length: 64 }, () =>
      client.camera.probe({ url: 'rtsp://h/' }).catch(() => {}),
    );
    await until(
      () => control.recorder.requests.filter((one) => one.method === 'probe').length === 64,
      '64 probes',
    );
    expect((await failureOf(client.node.hello())).code).toBe('unavailable');
    control.recorder.silent.clear();
    expect(probes).toHaveLength(64);
  });
});

describe('HTTP', () => {
  it('refuses bodies over 1 MiB and bodies that are no JSON', async () => {
    const body = { user: 'x', password: 'y'.repeat(1024 * 1024) };
    const large = await control.rest('POST', '/v1/session/login', { body });
    expect(large.status).toBe(413);
    expect(JSON.parse(large.body)).toMatchObject({ code: 'invalid_input' });
    const torn = await control.rest('POST', '/v1/session/login', { raw: '{"user": ' });
    expect(torn.status).toBe(400);
    expect(JSON.parse(torn.body)).toMatchObject({ code: 'invalid_input' });
    await stillAnswers();
  });

  it('looks no longer at a long text of a stranger than it takes to read it', async () => {
    const body = { user: 7, password: 'x', more: 'a'.repeat(900_000) };
    const startMs = performance.now();
    const refused = await control.rest('POST', '/v1/session/login', { body });
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'invalid_input', details: { field: 'user' } });
    expect(performance.now() - startMs).toBeLessThan(10_000);
  });

  it('names the wrong field, reads numbers from the query, and knows nothing else', async () => {
    const wrong = await control.rest('POST', '/v1/session/login', { body: { user: 7, password: 'x' } });
    expect(JSON.parse(wrong.body)).toMatchObject({ code: 'invalid_input', details: { field: 'user' } });
    const page = await control.rest('GET', '/v1/log?pageSize=2&page=1&level=warning', { local: true });
    expect(page.status).toBe(200);
    const bad = await control.rest('GET', '/v1/log?pageSize=5000', { local: true });
    expect(JSON.parse(bad.body)).toMatchObject({ details: { field: 'pageSize' } });
    expect((await control.rest('GET', '/etc/passwd')).status).toBe(404);
    expect((await control.rest('GET', '/v1/nothing')).status).toBe(404);
  });

  it('tells its health, and no more, to anybody', async () => {
    // A recorder that has said nothing for a while is not healthy, and this one speaks only when it is told to.
    control.recorder.report();
    await expect
      .poll(async () => (await control.rest('GET', '/health')).body, { timeout: 10_000 })
      .toBe('{"status":"ok"}\n');
  });

  it('speaks TLS only on the network', async () => {
    const socket = connectTcp({ host: '127.0.0.1', port: control.port });
    const received: Buffer[] = [];
    socket.on('data', (chunk) => received.push(chunk));
    socket.on('error', () => {});
    socket.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    expect(Buffer.concat(received).toString('latin1')).not.toContain('HTTP');
    await stillAnswers();
  });

  it('outlives whatever bytes come in over TLS', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 400 }), async (bytes) => {
        const socket = connectTls({ host: '127.0.0.1', port: control.port, rejectUnauthorized: false });
        socket.on('error', () => {});
        await new Promise((resolve) => socket.once('secureConnect', resolve));
        socket.end(bytes);
        socket.resume();
        await new Promise((resolve) => socket.once('close', resolve));
      }),
      { numRuns: 25 },
    );
    await stillAnswers();
  });
});

describe('exports', () => {
  const url = '/v1/export/download?camera=c1&fromMs=1000&toMs=2000';

  it('stream with their length and a harmless name', async () => {
    const chunks = [Buffer.alloc(100_000, 1), Buffer.alloc(50_000, 2)];
    control.exported = {
      totalBytes: 150_000,
      fileName: 'gate "1"\r\n.mp4',
      gaps: [],
      stream: (async function* () {
        yield* chunks;
      })(),
    };
    const answer = await control.rest('GET', url, { local: true });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'content-type': 'video/mp4', 'content-length': '150000' });
    expect(answer.headers['content-disposition']).toBe('attachment; filename="gate__1___.mp4"');
    expect(answer.body).toHaveLength(150_000);
  });

  it('refuse an empty range and a missing camera', async () => {
    const empty = await control.rest('GET', '/v1/export/download?camera=c1&fromMs=2&toMs=2', { local: true });
    expect(JSON.parse(empty.body)).toMatchObject({ code: 'invalid_input', details: { field: 'toMs' } });
    const missing = await control.rest('GET', '/v1/export/download?fromMs=1&toMs=2', { local: true });
    expect(JSON.parse(missing.body)).toMatchObject({ details: { field: 'camera' } });
  });

  it('give a range of themselves, so that an interrupted one goes on and a player jumps', async () => {
    const whole = Buffer.from(Array.from({ length: 1_000 }, (_, at) => at % 251));
    let left = 0;
    const fresh = () => {
      control.exported = {
        totalBytes: whole.length,
        fileName: 'x.mp4',
        gaps: [],
        stream: (async function* () {
          try {
            for (let at = 0; at < whole.length; at += 300) yield whole.subarray(at, at + 300);
          } finally {
            left += 1;
          }
        })(),
      };
    };
    const get = (headers: Record<string, string>) => {
      fresh();
      return control.rest('GET', url, { local: true, headers });
    };
    const first = await get({ range: 'bytes=0-0' });
    expect(first).toMatchObject({ status: 206, body: '\0' });
    const { etag = '' } = first.headers;
    expect(first.headers).toMatchObject({ 'accept-ranges': 'bytes', 'content-range': 'bytes 0-0/1000' });
    expect((await get({ range: 'bytes=990-' })).body).toBe(whole.toString('utf8', 990));
    expect((await get({ range: 'bytes=-4', 'if-range': etag })).headers['content-range']).toBe(
      'bytes 996-999/1000',
    );
    expect((await get({ range: 'bytes=-4', 'if-range': '"older"' })).status).toBe(200);
    expect((await get({ range: 'bytes=5-2' })).status).toBe(200);
    const behind = await get({ range: 'bytes=1000-' });
    expect(behind).toMatchObject({ status: 416, body: '', headers: { 'content-range': 'bytes */1000' } });
    expect(left).toBe(5);
    fresh();
  });

  it('are given up when the client goes away before the first byte', async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    control.exported = promise;
    const socket = connectTcp({ path: control.socketPath });
    socket.write(`GET ${url} HTTP/1.1\r\nhost: x\r\n\r\n`);
    control.exportSignal = null;
    await until(() => control.exportSignal !== null, 'the export to be asked for');
    socket.destroy();
    await until(() => control.exportSignal?.aborted === true, 'the export to be given up');
    reject(new Error('given up'));
    control.exported = { totalBytes: 0, fileName: 'x', gaps: [], stream: (async function* () {})() };
    expect((await control.rest('GET', url, { local: true })).status).toBe(200);
    expect(control.unexpected).toEqual([]);
  });

  it('free everything when the client goes away, and are at most four at once', async () => {
    const { token } = await control.as('viewer');
    let open = 0;
    const endless = () => ({
      totalBytes: 1e12,
      fileName: 'x.mp4',
      gaps: [],
      stream: (async function* () {
        open += 1;
        try {
          for (;;) yield Buffer.alloc(256 * 1024);
        } finally {
          open -= 1;
        }
      })(),
    });
    const start = async (): Promise<TLSSocket> => {
      control.exported = endless();
      const before = open;
      const socket = connectTls({ host: '127.0.0.1', port: control.port, rejectUnauthorized: false });
      socket.on('error', () => {});
      socket.write(`GET ${url} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
      await until(() => open === before + 1, 'the export to start');
      return socket;
    };
    const sockets: TLSSocket[] = [];
    for (let number = 0; number < 4; number += 1) sockets.push(await start());
    expect((await control.rest('GET', url, { token })).status).toBe(503);
    for (const socket of sockets) socket.destroy();
    await until(() => open === 0, 'the exports to end');
    control.exported = { totalBytes: 0, fileName: 'x', gaps: [], stream: (async function* () {})() };
    expect((await control.rest('GET', url, { token })).status).toBe(200);
  });
});

describe('connections from one address', () => {
  it('are bounded, and the bound is free again when they close', async () => {
    const small = await TestControl.start({ connectionsPerAddressMax: 4 });
    try {
      const open = () => {
        const socket = connectTcp({ host: '127.0.0.1', port: small.port });
        socket.on('error', () => {});
        return { socket, closed: new Promise<void>((resolve) => socket.once('close', () => resolve())) };
      };
      const held = Array.from({ length: 4 }, open);
      await Promise.all(held.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))));
      await open().closed;
      for (const { socket } of held) socket.destroy();
      await Promise.all(held.map(({ closed }) => closed));
      let status = 0;
      for (let attempt = 0; attempt < 50 && status !== 200; attempt += 1) {
        status = await small.rest('GET', '/health').then(
          (answer) => answer.status,
          () => 0,
        );
      }
      expect(status).toBe(200);
    } finally {
      await small.stop();
    }
  });
});
