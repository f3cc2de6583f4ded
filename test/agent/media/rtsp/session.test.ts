import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import selfsigned from 'selfsigned';
import { afterEach, describe, expect, it } from 'vitest';
import { createRtspReader, openRtspSession } from '../../../../agent/media/rtsp/session.ts';
import type { RtspSessionOptions } from '../../../../agent/media/rtsp/session-types.ts';
import { h264, hex, rtp } from '../rtp/packets.ts';
import { RecordingReceiver } from '../rtp/recording-receiver.ts';
import { FakeServer, interleave, picturePacket, pictures, type Script, soundSdp } from './fake-server.ts';

class FakeClock {
  nowMs = 5_000;
  monotonicMs(): number {
    return this.nowMs;
  }
  utcMs(): number {
    return 1_700_000_000_000 + this.nowMs;
  }
}

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const work of cleanUp.splice(0).reverse()) await work();
});

async function camera(script?: Script, tls?: { key: string; cert: string }): Promise<FakeServer> {
  const server = await new FakeServer(script, tls).start();
  cleanUp.push(() => server.close());
  return server;
}

function open(url: string, overrides: Partial<RtspSessionOptions> = {}) {
  const receiver = new RecordingReceiver();
  const clock = new FakeClock();
  const session = openRtspSession({
    reader: createRtspReader(),
    url,
    user: 'admin',
    password: 'secret',
    transport: 'tcp',
    allowBasicAuth: false,
    receiver,
    clock,
    random: () => 0.5,
    ...overrides,
  });
  cleanUp.push(() => session.stop());
  return { receiver, clock, session };
}

/** Lets the clock run fast until something has happened. */
async function hurry(clock: FakeClock, happened: Promise<unknown>): Promise<void> {
  const timer = setInterval(() => {
    clock.nowMs += 50;
  }, 5);
  await happened.finally(() => clearInterval(timer));
}

/** The first pictures come with the answer to PLAY. */
const streaming: Script = ({ method }) => (method === 'PLAY' ? { after: pictures(0, 10) } : undefined);

describe('a session over TCP', () => {
  it('plays, stamps the units with the time of the read, and tears down', async () => {
    const server = await camera(streaming);
    const { receiver, session, clock } = open(server.url);
    await receiver.until(() => receiver.units.length === 10);
    expect(server.methods()).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY']);
    expect(receiver.formatCalls).toHaveLength(1);
    expect(receiver.units[0]).toEqual({
      pts: 0,
      arrivalMs: clock.utcMs(),
      randomAccess: true,
      nals: hex(h264.idr),
    });
    expect(session.stats()).toMatchObject({ packetsLost: 0, playing: true, transport: 'tcp' });
    expect(session.stats().bytesReceived).toBeGreaterThan(pictures(0, 10).length);
    await session.stop();
    expect(server.request('TEARDOWN')?.headers.get('session')).toBe('abc');
    expect(await session.ended).toMatchObject({ reason: 'stream-ended', transient: true });
  });

  it('names itself in every request', async () => {
    const server = await camera(streaming);
    const { receiver, session } = open(server.url, { userAgent: 'Recorder/1' });
    await receiver.until(() => receiver.units.length > 0);
    await session.stop();
    expect(server.requests.map((r) => r.headers.get('user-agent'))).toEqual(Array(5).fill('Recorder/1'));
  });

  it('uses the channels that the server answers, and takes media before the answer to PLAY', async () => {
    const server = await camera(({ method }) => {
      if (method === 'SETUP')
        return { headers: { Session: 's', Transport: 'RTP/AVP/TCP;interleaved=10-11' } };
      return method === 'PLAY'
        ? { before: Uint8Array.from([...pictures(0, 2, 50), ...pictures(10, 5)]) }
        : undefined;
    });
    const { receiver } = open(server.url);
    await receiver.until(() => receiver.units.length === 5);
    expect(receiver.units.map((unit) => unit.pts)).toEqual([0, 3600, 7200, 10_800, 14_400]);
  });

  it('tells two tracks apart that the server put on one channel', async () => {
    const sound = rtp({
      sequence: 1,
      timestamp: 160,
      payload: Uint8Array.of(1, 2, 3),
      payloadType: 8,
      source: 9,
    });
    const server = await camera(({ method }) => {
      if (method === 'DESCRIBE') return { body: soundSdp };
      if (method === 'SETUP') return { headers: { Session: 's', Transport: 'RTP/AVP/TCP;interleaved=0-1' } };
      if (method !== 'PLAY') return undefined;
      return { after: Uint8Array.from([...pictures(0, 3), ...interleave(0, sound), ...pictures(0, 2, 3)]) };
    });
    const { receiver } = open(server.url);
    await receiver.until(() => receiver.units.length === 5);
    expect(receiver.sounds).toEqual([{ pts: 160, hex: '010203' }]);
    expect(receiver.losses).toEqual([]);
  });

  it('hands on sound and sender reports once the picture has begun', async () => {
    const report = Buffer.alloc(28);
    report.writeUInt32BE(0x80c80006, 0);
    report.writeUInt32BE(0x1234, 4);
    report.writeUInt32BE(3_913_056_000, 8);
    report.writeUInt32BE(7200, 16);
    const sound = (sequence: number) =>
      interleave(2, rtp({ sequence, timestamp: sequence * 160, payload: Uint8Array.of(7), payloadType: 8 }));
    const server = await camera(({ method }) => {
      if (method === 'DESCRIBE') return { body: soundSdp };
      if (method !== 'PLAY') return undefined;
      return {
        after: Uint8Array.from([
          ...sound(1),
          ...pictures(0, 1),
          ...sound(2),
          ...interleave(1, report),
          ...pictures(0, 1, 1),
        ]),
      };
    });
    const { receiver } = open(server.url);
    await receiver.until(() => receiver.units.length === 2);
    expect(receiver.sounds).toEqual([{ pts: 320, hex: '07' }]);
    expect(receiver.reports).toEqual([{ track: 'video', pts: 7200, senderMs: Date.UTC(2024, 0, 1) }]);
    expect(receiver.formatCalls[0]?.audio?.codec).toBe('pcma');
  });

  it('reports reception every five seconds on the channel of the server', async () => {
    const server = await camera(streaming);
    const { receiver, clock } = open(server.url);
    await receiver.until(() => receiver.units.length > 0);
    expect(server.frames).toEqual([]);
    clock.nowMs += 5000;
    await server.until(() => server.frames.length > 0);
    expect(server.frames[0]).toMatchObject({ channel: 1 });
    expect(server.frames[0]?.bytes.readUInt32BE(8)).toBe(0x1234);
  });

  it('keeps alive with the session and the base of the description', async () => {
    const server = await camera((request) =>
      request.method === 'DESCRIBE'
        ? { headers: { 'Content-Base': 'rtsp://10.9.9.9/base/' } }
        : streaming(request, null as never),
    );
    const { receiver, clock } = open(server.url);
    await receiver.until(() => receiver.units.length > 0);
    clock.nowMs += 9_900;
    server.send(pictures(0, 1, 10));
    await receiver.until(() => receiver.units.length > 10);
    for (let i = 1; i < 4; i++) {
      clock.nowMs += 9_900;
      server.send(pictures(0, 1, 10 + i));
      await receiver.until(() => receiver.units.length > 10 + i);
    }
    await server.until(() => server.request('GET_PARAMETER') !== undefined);
    expect(server.request('GET_PARAMETER')).toMatchObject({ url: 'rtsp://10.9.9.9/base/' });
    expect(server.request('GET_PARAMETER')?.headers.get('session')).toBe('abc');
  });

  it('answers requests of the server', async () => {
    const server = await camera(streaming);
    const { receiver } = open(server.url);
    await receiver.until(() => receiver.units.length > 0);
    server.send('OPTIONS * RTSP/1.0\r\nCSeq: 77\r\n\r\nRECORD * RTSP/1.0\r\nCSeq: 78\r\n\r\n');
    await server.until(() => server.replies.length === 2);
    expect(server.replies[0]).toMatch(/^RTSP\/1.0 200 OK\nCSeq: 77/);
    expect(server.replies[1]).toMatch(/^RTSP\/1.0 501 Not Implemented\nCSeq: 78/);
  });

  it('keeps apart what many sessions read into the one buffer', async () => {
    const reader = createRtspReader({ readBatchMs: 8 });
    const server = await camera();
    const sessions = Array.from({ length: 20 }, () => open(server.url, { reader }));
    await server.until(() => server.methods().filter((method) => method === 'PLAY').length === 20);
    const sockets = [...server.sockets];
    for (let round = 0; round < 30; round++) {
      sockets.forEach((socket, i) => {
        const payload = Uint8Array.from([...h264.idr, ...Array(500 + i * 97).fill(i + 1)]);
        const bytes = interleave(0, picturePacket(round, payload));
        const middle = (round * 37 + i * 11) % bytes.length;
        socket.write(bytes.subarray(0, middle));
        socket.write(bytes.subarray(middle));
      });
    }
    await Promise.all(sessions.map(({ receiver }) => receiver.until(() => receiver.units.length === 30)));
    const seen = sessions.map(({ receiver }) => new Set(receiver.units.flatMap((unit) => unit.nals)));
    expect(seen.every((nals) => nals.size === 1)).toBe(true);
    expect(new Set(seen.flatMap((nals) => [...nals])).size).toBe(20);
  });

  it('follows a redirect to another server', async () => {
    const target = await camera(streaming);
    const server = await camera(() => ({ status: '302 Found', headers: { Location: target.url } }));
    const { receiver } = open(server.url);
    await receiver.until(() => receiver.units.length > 0);
    expect(server.methods()).toEqual(['OPTIONS']);
  });
});

describe('logging in', () => {
  const challenges = (
    headers: Record<string, string>,
    accept: (authorization: string) => boolean,
  ): Script => {
    return (request, socket) =>
      accept(request.headers.get('authorization') ?? '')
        ? streaming(request, socket)
        : { status: '401 Unauthorized', headers, body: '' };
  };
  const both =
    'Basic realm="r", Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth", Digest realm="r", nonce="n"';

  it('answers the strongest challenge and counts the uses of the nonce', async () => {
    const server = await camera(challenges({ 'WWW-Authenticate': both }, (text) => text.includes('SHA-256')));
    const { receiver } = open(server.url);
    await receiver.until(() => receiver.units.length > 0);
    const sent = server.requests.map((request) => request.headers.get('authorization') ?? '');
    expect(sent[0]).toBe('');
    expect(sent.slice(1).map((text) => /nc=(\d+)/.exec(text)?.[1])).toEqual(
      ['1', '2', '3', '4'].map((n) => n.padStart(8, '0')),
    );
  });

  it('falls back to the weaker one that works', async () => {
    const md5 = (text: string) => text.startsWith('Digest') && !text.includes('SHA-256');
    const server = await camera(challenges({ 'WWW-Authenticate': both }, md5));
    const { receiver } = open(server.url);
    await receiver.until(() => receiver.units.length > 0);
    expect(server.methods().slice(0, 3)).toEqual(['OPTIONS', 'OPTIONS', 'OPTIONS']);
  });

  it('never sends Basic in the open unless allowed, and never tells the password', async () => {
    const refuse = challenges(
      { 'WWW-Authenticate': 'Basic realm="r"' },
      (text) => text === 'Basic YWRtaW46c2VjcmV0',
    );
    const server = await camera(refuse);
    const end = await open(server.url).session.ended;
    expect(end).toMatchObject({ reason: 'auth-failed', transient: false });
    expect(JSON.stringify(end)).not.toContain('secret');
    expect(server.requests.some((request) => request.headers.has('authorization'))).toBe(false);
    const { receiver } = open(server.url, { allowBasicAuth: true });
    await receiver.until(() => receiver.units.length > 0);
  });

  it('ends for good when nothing is accepted', async () => {
    const server = await camera(challenges({ 'WWW-Authenticate': both }, () => false));
    expect(await open(server.url).session.ended).toMatchObject({ reason: 'auth-failed', transient: false });
    expect(server.requests).toHaveLength(3);
  });
});

describe('a session over TLS', () => {
  async function certificate() {
    const made = await selfsigned.generate([{ name: 'commonName', value: 'camera' }], { keyType: 'ec' });
    return { key: made.private, cert: made.cert, fingerprint: made.fingerprint };
  }

  it('takes any certificate, and Basic inside it', async () => {
    const tls = await certificate();
    const server = await camera((request, socket) => {
      if (request.headers.has('authorization')) return streaming(request, socket);
      return { status: '401 Unauthorized', headers: { 'WWW-Authenticate': 'Basic realm="r"' }, body: '' };
    }, tls);
    const { receiver } = open(server.url);
    await receiver.until(() => receiver.units.length === 10);
  });

  it('is not slowed by the rests between reads', async () => {
    const reader = createRtspReader({ readBatchMs: 100 });
    const server = await camera(streaming, await certificate());
    const { receiver, session } = open(server.url, { reader });
    await receiver.until(() => receiver.units.length === 10);
    const big = Uint8Array.from([...h264.idr, ...new Uint8Array(60_000).fill(7)]);
    const bytes = Buffer.concat(
      Array.from({ length: 200 }, (_, i) => interleave(0, picturePacket(10 + i, big))),
    );
    const started = performance.now();
    server.send(bytes);
    await receiver.until(() => receiver.units.length === 210);
    // At one small read a rest, twelve megabytes would take twenty seconds.
    expect(performance.now() - started).toBeLessThan(8000);
    expect(session.stats().packetsLost).toBe(0);
  });

  it('insists on the certificate that was pinned', async () => {
    const tls = await certificate();
    const other = await certificate();
    const { X509Certificate } = await import('node:crypto');
    const server = await camera(streaming, tls);
    const wrong = new X509Certificate(other.cert).fingerprint256;
    expect(await open(server.url, { tlsFingerprint: wrong }).session.ended).toMatchObject({
      reason: 'camera-unreachable',
      transient: false,
    });
    expect(server.requests).toEqual([]);
    const right = new X509Certificate(tls.cert).fingerprint256.replaceAll(':', '').toLowerCase();
    const { receiver } = open(server.url, { tlsFingerprint: right });
    await receiver.until(() => receiver.units.length > 0);
  });
});

describe('a session over UDP', () => {
  /** Sends the packets from a port of its own once the client plays. */
  async function sender(packets: readonly Uint8Array[]): Promise<Script> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    cleanUp.push(async () => socket.close());
    let port = 0;
    return ({ method, headers }) => {
      const client = /client_port=(\d+)/.exec(headers.get('transport') ?? '');
      if (client) port = Number(client[1]);
      if (method === 'PLAY') for (const packet of packets) socket.send(packet, port, '127.0.0.1');
      return method === 'SETUP' && !client ? { status: '461 Unsupported Transport' } : undefined;
    };
  }

  const inOrder = Array.from({ length: 6 }, (_, i) => picturePacket(i, i === 0 ? h264.idr : h264.slice));
  const [a, b, c, d, e, f] = inOrder as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];

  it('plays from an even port and puts packets back in order', async () => {
    const server = await camera(await sender([a, c, b, d, f, e]));
    const { receiver, session } = open(server.url, { transport: 'udp', random: Math.random });
    await receiver.until(() => receiver.units.length === 6);
    expect(receiver.units.map((unit) => unit.pts)).toEqual([0, 3600, 7200, 10_800, 14_400, 18_000]);
    expect(receiver.losses).toEqual([]);
    const [, rtpPort = 0, rtcpPort = 0] =
      /client_port=(\d+)-(\d+)/.exec(server.request('SETUP')?.headers.get('transport') ?? '')?.map(Number) ??
      [];
    expect(rtpPort % 2).toBe(0);
    expect(rtcpPort).toBe(rtpPort + 1);
    expect(session.stats()).toMatchObject({ transport: 'udp', playing: true });
  });

  it('counts what does not come, after waiting for it', async () => {
    const server = await camera(await sender([a, b, d, e]));
    const { receiver, clock, session } = open(server.url, { transport: 'udp', random: Math.random });
    await receiver.until(() => receiver.units.length === 2);
    await hurry(
      clock,
      receiver.until(() => receiver.losses.length > 0),
    );
    expect(receiver.losses).toEqual([{ track: 'video', packets: 1 }]);
    expect(session.stats().packetsLost).toBe(1);
  });

  it('is used when the camera refuses TCP, and said so', async () => {
    const server = await camera(await sender(inOrder));
    const { receiver } = open(server.url, { transport: 'tcp', random: Math.random });
    await receiver.until(() => receiver.units.length === 6);
    expect(receiver.formatCalls[0]?.notes).toEqual(['the camera refused TCP: UDP is used']);
  });
});

describe('the end', () => {
  it('is unreachable where nothing listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await new Promise((resolve) => server.close(resolve));
    const end = await open(`rtsp://127.0.0.1:${port}/`).session.ended;
    expect(end).toMatchObject({ reason: 'camera-unreachable', transient: true });
    expect(end.detail).toMatch(/refused/);
  });

  it.each(['no address', 'rtsp://h/\r\nX: y', 'rtsp://:0/'])('is at once for the address %j', async (url) => {
    const { session } = open(url);
    expect(await session.ended).toMatchObject({ reason: 'camera-unreachable', transient: false });
    await session.stop();
  });

  it('is at once for a local address that is none', async () => {
    const { session } = open('rtsp://127.0.0.1:1/', { localAddress: 'eth0' });
    expect(await session.ended).toMatchObject({ reason: 'camera-unreachable', transient: false });
  });

  it('is "ended" when the camera closes, and the open picture is taken back', async () => {
    const half = interleave(0, rtp({ sequence: 10, timestamp: 36_000, payload: h264.idr }));
    const server = await camera(streaming);
    const { receiver, session } = open(server.url);
    await receiver.until(() => receiver.units.length === 10);
    for (const socket of server.sockets) socket.end(half);
    expect(await session.ended).toMatchObject({ reason: 'stream-ended', transient: true });
    expect(receiver.abandoned).toBe(1);
  });

  it('is "ended" when the camera says goodbye', async () => {
    const server = await camera(streaming);
    const { receiver, session } = open(server.url);
    await receiver.until(() => receiver.units.length === 10);
    server.send(interleave(1, Buffer.from('81cb000100001234', 'hex')));
    expect(await session.ended).toMatchObject({ reason: 'stream-ended' });
  });

  it('is "stalled" when the connection stays and no video comes', async () => {
    const server = await camera(streaming);
    const { receiver, clock, session } = open(server.url, { mediaTimeoutMs: 4000 });
    await receiver.until(() => receiver.units.length === 10);
    await hurry(clock, session.ended);
    expect(await session.ended).toMatchObject({ reason: 'stream-stalled', transient: true });
    await session.stop();
    expect(server.methods()).toContain('TEARDOWN');
  });

  it.each([
    ['SSH-2.0-OpenSSH_9.6\r\n', /SSH-2\.0/],
    ['220 mail.example.org ESMTP\r\n', /220 mail/],
    ['\u0000\u0001\u0002\u0003', /no RTSP/],
    ['\u0015\u0003\u0003\u0000\u0002\u0002F', /speaks TLS/],
  ])('is at once, and named, when something else listens there: %j', async (greeting, detail) => {
    const server = createServer((socket) =>
      socket.on('error', () => {}).write(Buffer.from(greeting, 'latin1')),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUp.push(async () => server.close());
    const address = server.address();
    const { session } = open(`rtsp://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/x`);
    const end = await session.ended;
    expect(end).toMatchObject({ reason: 'protocol-error', detail: expect.stringMatching(detail) });
    expect(end.hint).toMatch(/port|rtsps/);
  });

  it('is no protocol error for blank lines before the first answer', async () => {
    const server = await camera(({ method }) => {
      if (method === 'OPTIONS') return { before: Buffer.from('\r\n\r\n') };
      return method === 'PLAY' ? { after: pictures(0, 1) } : undefined;
    });
    const { receiver } = open(server.url);
    await receiver.until(() => receiver.units.length === 1);
  });

  it('is a protocol error for answers that break the bounds', async () => {
    const server = await camera((_request, socket) => {
      socket.write(`RTSP/1.0 200 OK\r\nX: ${'y'.repeat(70_000)}`);
      return null;
    });
    expect(await open(server.url).session.ended).toMatchObject({ reason: 'protocol-error', transient: true });
  });

  it('of one session only, when its receiver throws', async () => {
    const server = await camera(streaming);
    const receiver = new RecordingReceiver();
    receiver.videoEnd = () => {
      throw new Error('full');
    };
    expect(await open(server.url, { receiver }).session.ended).toMatchObject({
      reason: 'protocol-error',
      detail: expect.stringMatching(/internal error/),
    });
  });

  it('waits no more than a second for the answer to TEARDOWN', async () => {
    const server = await camera((request, socket) =>
      request.method === 'TEARDOWN' ? null : streaming(request, socket),
    );
    const { receiver, session } = open(server.url);
    await receiver.until(() => receiver.units.length > 0);
    const started = performance.now();
    await session.stop();
    expect(performance.now() - started).toBeLessThan(2500);
    expect(await session.ended).toMatchObject({ reason: 'stream-ended' });
  });

  it('hands nothing to the receiver afterwards', async () => {
    const server = await camera((request, socket) => {
      if (request.method === 'TEARDOWN') return { before: pictures(0, 5, 10), after: pictures(0, 5, 15) };
      return streaming(request, socket);
    });
    const { receiver, session } = open(server.url);
    await receiver.until(() => receiver.units.length === 10);
    await session.stop();
    expect(receiver.units).toHaveLength(10);
  });
});
