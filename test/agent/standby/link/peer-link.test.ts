import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../../../agent/adapters/clock.ts';
import { createSettingsDisk } from '../../../../agent/adapters/settings-disk.ts';
import { type Certificate, loadCertificate } from '../../../../agent/control/certificate.ts';
import { peerMethod } from '../../../../agent/standby/link/methods.ts';
import { codeValidMs, type PairedPeer } from '../../../../agent/standby/link/pairing.ts';
import { PeerLink } from '../../../../agent/standby/link/peer-link.ts';
import { AppError } from '../../../../src/errors.ts';

const double = peerMethod({
  name: 'double',
  input: z.object({ number: z.number() }),
  output: z.object({ number: z.number() }),
  timeoutMs: 500,
});

let folder: string;
const certificates: Certificate[] = [];
const links: PeerLink[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-link-'));
  for (const name of ['a', 'b', 'c']) {
    certificates.push(
      await loadCertificate({
        folder: join(folder, name),
        disk: createSettingsDisk(),
        nodeName: name,
        hosts: ['127.0.0.1'],
        nowMs: Date.now(),
        given: null,
      }),
    );
  }
});
afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.close()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function makeNode(index: number) {
  const certificate = certificates[index];
  if (!certificate) throw new Error('no certificate');
  const name = 'abc'[index] ?? '';
  const events: string[] = [];
  const admitted: PairedPeer[] = [];
  let lateMs = 0;
  const link = new PeerLink({
    clock: { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + lateMs },
    listen: { host: '127.0.0.1', port: 0 },
    certificate,
    self: () => ({ nodeId: `n-${name}`, name }),
    admit: async (peer) => void admitted.push(peer),
    onChange: () => {},
    onEvent: ({ event }) => events.push(event),
  });
  links.push(link);
  const address = () => ({ host: '127.0.0.1', port: Number(link.listens?.split(':')[1]) });
  return {
    link,
    events,
    admitted,
    address,
    certificate,
    later: (ms: number) => {
      lateMs += ms;
    },
  };
}
type Made = ReturnType<typeof makeNode>;

async function paired(): Promise<[Made, Made]> {
  const [a, b] = [makeNode(0), makeNode(1)];
  await Promise.all([a.link.listen(), b.link.listen()]);
  a.link.connectTo({ ...b.address(), fingerprint: b.certificate.fingerprint });
  b.link.connectTo({ ...a.address(), fingerprint: a.certificate.fingerprint });
  await until(() => a.link.connected && b.link.connected, 'the link');
  return [a, b];
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function failure(call: Promise<unknown>): Promise<AppError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('it succeeded');
}

const changed = (code: string) => `${code.startsWith('A') ? 'B' : 'A'}${code.slice(1)}`;

describe('pairing', () => {
  it('gives both nodes the same key and the certificate of the other', async () => {
    const [a, b] = [makeNode(0), makeNode(1)];
    const { code } = await a.link.showCode();
    const joined = await b.link.join(a.address(), ` ${code.toLowerCase()} `);
    const [admitted] = a.admitted;
    expect(joined).toMatchObject({ fingerprint: a.certificate.fingerprint, node: { name: 'a' } });
    expect(admitted).toMatchObject({ fingerprint: b.certificate.fingerprint, node: { name: 'b' } });
    expect(admitted?.pairId).toBe(joined.pairId);
    expect(admitted?.pairKey.equals(joined.pairKey)).toBe(true);
  });

  it('refuses a wrong code, and after five of them the right one too', async () => {
    const [a, b] = [makeNode(0), makeNode(1)];
    const { code } = await a.link.showCode();
    for (let left = 4; left >= 0; left -= 1) {
      const error = await failure(b.link.join(a.address(), changed(code)));
      expect(error.code).toBe('unauthorized');
      expect(error.message).toContain(left === 0 ? 'void' : `${left} tr`);
    }
    const error = await failure(b.link.join(a.address(), code));
    expect(['forbidden', 'unavailable']).toContain(error.code);
    expect(a.admitted).toEqual([]);
    expect(a.events).toContain('standby.pairing-locked');
  });

  it('counts a try that breaks off before it proves anything', async () => {
    const [a, b] = [makeNode(0), makeNode(1)];
    const { code } = await a.link.showCode();
    for (let time = 0; time < 5; time += 1) await beginOnly(a, b);
    const error = await failure(b.link.join(a.address(), code));
    expect(['forbidden', 'unavailable']).toContain(error.code);
  });

  it('takes no code after ten minutes, none twice, and none of another form', async () => {
    const [a, b] = [makeNode(0), makeNode(1)];
    const first = await a.link.showCode();
    a.later(codeValidMs + 1);
    expect(['forbidden', 'unavailable']).toContain(
      (await failure(b.link.join(a.address(), first.code))).code,
    );
    const second = await a.link.showCode();
    await b.link.join(a.address(), second.code);
    expect(['forbidden', 'unavailable']).toContain(
      (await failure(b.link.join(a.address(), second.code))).code,
    );
    expect((await failure(b.link.join(a.address(), '1234'))).code).toBe('invalid_input');
  });
});

/** Begins a pairing with a value of its own and hangs up. */
async function beginOnly(a: Made, b: Made): Promise<void> {
  const socket = connectTls({
    ...a.address(),
    cert: b.certificate.certPem,
    key: b.certificate.keyPem,
    rejectUnauthorized: false,
  });
  const input = {
    node: { nodeId: 'n-x', name: 'x', host: null, port: 1 },
    publicValue: Buffer.alloc(200, 7).toString('base64'),
  };
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('data', () => resolve());
    socket.write(`${JSON.stringify({ id: 1, method: 'pairing.begin', input })}\n`);
  });
  socket.destroy();
}

describe('the link of a pair', () => {
  it('carries questions both ways, checked and bounded in time', async () => {
    const [a, b] = await paired();
    b.link.methods.serve(double, ({ number }) => ({ number: number * 2 }));
    expect(await a.link.ask(double, { number: 21 })).toEqual({ number: 42 });
    expect((await failure(b.link.ask(double, { number: 1 }))).code).toBe('unsupported');
    a.link.methods.serve(double, () => new Promise(() => {}));
    expect((await failure(b.link.ask(double, { number: 1 }))).code).toBe('timeout');
    b.link.methods.serve(double, () => {
      throw new AppError('conflict', 'not now', { hint: 'Later.' });
    });
    expect(await failure(a.link.ask(double, { number: 1 }))).toMatchObject({
      code: 'conflict',
      hint: 'Later.',
    });
  });

  it('tells the other node nothing about a defect', async () => {
    const [a, b] = await paired();
    b.link.methods.serve(double, () => {
      throw new Error('secret of b');
    });
    const error = await failure(a.link.ask(double, { number: 1 }));
    expect(error.code).toBe('internal');
    expect(error.message).not.toContain('secret');
  });

  it('sends a third node away that claims the pair, and says so', async () => {
    const [a] = await paired();
    const c = makeNode(2);
    c.link.connectTo({ ...a.address(), fingerprint: a.certificate.fingerprint });
    await until(() => a.events.includes('standby.stranger-refused'), 'the event');
    expect(c.link.connected).toBe(false);
  });

  it('is made while a stranger takes every connection that it gets', async () => {
    const [a, b] = [makeNode(0), makeNode(1)];
    await Promise.all([a.link.listen(), b.link.listen()]);
    const sockets = Array.from({ length: 20 }, () =>
      connectTcp({ ...a.address(), localAddress: '127.0.0.9' }),
    );
    for (const socket of sockets) socket.on('error', () => {});
    try {
      await until(() => sockets.filter(({ readyState }) => readyState === 'open').length >= 4, 'strangers');
      b.link.connectTo({ ...a.address(), fingerprint: a.certificate.fingerprint });
      a.link.connectTo({ ...b.address(), fingerprint: b.certificate.fingerprint });
      await until(() => b.link.connected, 'the link');
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  it('does not speak to a node that shows another certificate than the pinned one', async () => {
    const [a, c] = [makeNode(0), makeNode(2)];
    await c.link.listen();
    a.link.connectTo({ ...c.address(), fingerprint: certificates[1]?.fingerprint ?? '' });
    await until(() => a.events.includes('standby.peer-certificate'), 'the event');
    expect(a.link.connected).toBe(false);
  });

  it('is made again after the peer was away', async () => {
    const [a, b] = await paired();
    const { port } = b.address();
    await b.link.close();
    await until(() => !a.link.connected, 'the loss');
    expect((await failure(a.link.ask(double, { number: 1 }))).code).toBe('unavailable');
    const back = new PeerLink({
      clock: systemClock,
      listen: { host: '127.0.0.1', port },
      certificate: b.certificate,
      self: () => ({ nodeId: 'n-b', name: 'b' }),
      admit: async () => {},
      onChange: () => {},
      onEvent: () => {},
    });
    links.push(back);
    await back.listen();
    back.connectTo({ ...a.address(), fingerprint: a.certificate.fingerprint });
    await until(() => a.link.connected, 'the link again');
  });

  it('ends a connection that sends too much or nonsense', async () => {
    const a = makeNode(0);
    await a.link.showCode();
    for (const text of ['nonsense\n', 'x'.repeat(10_000)]) {
      const socket = connectTls({
        ...a.address(),
        cert: certificates[2]?.certPem,
        key: certificates[2]?.keyPem,
        rejectUnauthorized: false,
      });
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      socket.on('error', () => {});
      socket.write(text);
      await closed;
    }
    expect(a.admitted).toEqual([]);
  });
});
