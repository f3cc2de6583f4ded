import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import {
  startTestCameras,
  type TestCameraOptions,
  type TestCameras,
} from '../../../agent/test-camera/cameras.ts';
import { parseFaults } from '../../../agent/test-camera/faults.ts';
import { hasFfmpeg } from '../media/mp4/ffmpeg.ts';
import { digest, nalsOf, TestRtspClient } from './rtsp-client.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function cameras(options: Partial<TestCameraOptions> = {}): Promise<TestCameras> {
  const started = await startTestCameras({ port: 0, count: 2, ...options });
  open.push(started);
  return started;
}

function client({ port }: TestCameras): TestRtspClient {
  const made = new TestRtspClient(port);
  open.push(made);
  return made;
}

const urlOf = (started: TestCameras, path: string) => `rtsp://127.0.0.1:${started.port}/${path}`;

describe('a session', () => {
  it.each([
    ['cam1', 'h264', [7, 8, 5]],
    ['h265/cam1', 'h265', [32, 33, 34, 19]],
    ['h264-b-frames/cam2', 'h264', [7, 8, 5]],
  ] as const)(
    'of /%s begins at once with a key frame, as the PLAY answer says',
    async (path, codec, wanted) => {
      const started = await cameras();
      const rtsp = client(started);
      const answer = await rtsp.play(urlOf(started, path));
      expect(answer.status).toBe(200);
      const [, sequence, timestamp] = /seq=(\d+);rtptime=(\d+)/.exec(answer.text) ?? [];
      await rtsp.until(() => rtsp.rtp(0).filter(({ marker }) => marker).length >= 3);
      const packets = rtsp.rtp(0);
      expect(packets[0]).toMatchObject({ sequence: Number(sequence), timestamp: Number(timestamp) });
      const first = nalsOf(
        codec,
        packets.filter((packet) => packet.timestamp === Number(timestamp)),
      );
      const typeOf = (nal: Buffer) => (codec === 'h264' ? (nal[0] ?? 0) & 31 : ((nal[0] ?? 0) >> 1) & 63);
      const types = first.map(typeOf).filter((type) => type !== 6 && type !== 39);
      expect(types.map((type) => (type === 20 ? 19 : type))).toEqual(wanted);
      packets.forEach((packet, index) => {
        expect(packet.sequence).toBe((Number(sequence) + index) & 0xffff);
      });
    },
  );

  it('begins with sender reports of both tracks on one clock, and stamps frames a 25th of a second apart', async () => {
    const started = await cameras();
    const rtsp = client(started);
    await rtsp.play(urlOf(started, 'cam1'));
    await rtsp.until(() => rtsp.rtp(0).filter(({ marker }) => marker).length >= 5);
    const reports = rtsp.packets.filter((packet) => (packet[1] ?? 0) % 2 === 1);
    expect(reports.slice(0, 2).map((packet) => [packet[1], packet[5], packet.length])).toEqual([
      [1, 200, 32],
      [3, 200, 32],
    ]);
    expect(reports[0]?.subarray(12, 20)).toEqual(reports[1]?.subarray(12, 20));
    const stamps = [...new Set(rtsp.rtp(0).map(({ timestamp }) => timestamp))];
    expect(stamps.slice(1).every((stamp, index) => stamp - (stamps[index] ?? 0) === 3600)).toBe(true);
  });

  it('is spread over the cameras as "mixed" promises, and counted', async () => {
    const started = await cameras();
    expect(started.urls).toEqual([urlOf(started, 'cam1'), urlOf(started, 'cam2')]);
    const rtsp = client(started);
    expect((await rtsp.ask('DESCRIBE', urlOf(started, 'cam1'))).body).toMatch(
      /H264\/90000[\s\S]*mpeg4-generic\/16000\/1/,
    );
    expect((await rtsp.ask('DESCRIBE', urlOf(started, 'camera2'))).body).toMatch(
      /H265\/90000[\s\S]*PCMA\/8000/,
    );
    await rtsp.play(urlOf(started, 'cam2'));
    await rtsp.until(() => rtsp.rtp(0).length > 0);
    const [one, two] = started.stats();
    expect(one).toMatchObject({ camera: 1, frames: 0 });
    expect(two?.frames).toBeGreaterThan(0);
    expect(two?.bytes).toBeGreaterThan(0);
  });

  it('sends only the track that was set up, and nothing after PAUSE', async () => {
    const started = await cameras();
    const rtsp = client(started);
    const uri = urlOf(started, 'cam1');
    await rtsp.ask('SETUP', `${uri}/trackID=0`, { Transport: 'RTP/AVP/TCP;unicast;interleaved=4-5' });
    await rtsp.ask('PLAY', uri);
    await rtsp.until(() => rtsp.rtp(0).filter(({ marker }) => marker).length >= 10);
    await rtsp.ask('PAUSE', uri);
    expect(rtsp.packets.every((packet) => (packet[1] ?? 9) < 2)).toBe(true);
    const heard = rtsp.packets.length;
    await rtsp.ask('GET_PARAMETER', uri);
    expect(rtsp.packets).toHaveLength(heard);
  });

  it('goes over UDP when asked', async () => {
    const started = await cameras();
    const socket = createSocket('udp4');
    open.push({ close: async () => void socket.close() });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    const rtsp = client(started);
    const uri = urlOf(started, 'cam1');
    const transport = `RTP/AVP;unicast;client_port=${port}-${port}`;
    const answer = await rtsp.ask('SETUP', `${uri}/trackID=0`, { Transport: transport });
    expect(answer.text).toMatch(/server_port=\d+/);
    const first = once(socket, 'message');
    expect((await rtsp.ask('PLAY', uri)).status).toBe(200);
    const [datagram] = await first;
    expect(datagram[0]).toBe(0x80);
    expect(rtsp.packets).toHaveLength(0);
  });
});

describe('what a client does wrong', () => {
  it('gets the right answer', async () => {
    const started = await cameras();
    const rtsp = client(started);
    const status = async (method: string, path: string, headers = {}) =>
      (await rtsp.ask(method, urlOf(started, path), headers)).status;
    expect(await status('DESCRIBE', 'cam3')).toBe(404);
    expect(await status('DESCRIBE', 'nothing')).toBe(404);
    expect(await status('PLAY', 'cam1')).toBe(455);
    expect(await status('RECORD', 'cam1')).toBe(501);
    expect(await status('SETUP', 'cam1/trackID=0', { Transport: 'RTP/AVP;multicast' })).toBe(461);
  });

  it('ends its connection when it is not RTSP at all', async () => {
    const started = await cameras();
    const rtsp = client(started);
    rtsp.socket.write('GET / HTTP/1.1\r\n\r\n');
    await rtsp.until(() => rtsp.closed);
  });

  it('cannot make the cameras grow: a client that does not read loses whole frames', async () => {
    const started = await cameras({ mbps: 100, count: 1 });
    const rtsp = client(started);
    await rtsp.play(urlOf(started, 'cam1'));
    rtsp.socket.pause();
    await expect.poll(() => started.stats()[0]?.framesDropped, { timeout: 15_000 }).toBeGreaterThan(0);
  });
});

describe('authentication', () => {
  const account = { user: 'viewer', password: 'kept secret' };

  it('accepts SHA-256 with qop and MD5 without, and nothing else', async () => {
    const started = await cameras(account);
    const uri = urlOf(started, 'cam1');
    const rtsp = client(started);
    expect((await rtsp.ask('OPTIONS', uri)).status).toBe(200);
    const refusal = await rtsp.ask('DESCRIBE', uri);
    expect(refusal.status).toBe(401);
    const offered = [...refusal.text.matchAll(/WWW-Authenticate: (.*)/g)].map(([, value = '']) => value);
    expect(offered.map((value) => value.includes('SHA-256'))).toEqual([true, false]);
    for (const challenge of offered) {
      const ask = async (given: typeof account) =>
        (await rtsp.ask('DESCRIBE', uri, { Authorization: digest('DESCRIBE', uri, challenge, given) }))
          .status;
      expect(await ask(account)).toBe(200);
      expect(await ask({ ...account, password: 'wrong' })).toBe(401);
      expect(await ask({ ...account, user: 'other' })).toBe(401);
    }
  });

  it('refuses everybody on request', async () => {
    const started = await cameras({ ...account, faults: parseFaults(['wrong-auth']) });
    const uri = urlOf(started, 'cam1');
    const rtsp = client(started);
    const { text } = await rtsp.ask('DESCRIBE', uri);
    const challenge = /WWW-Authenticate: (.*)/.exec(text)?.[1] ?? '';
    const answer = await rtsp.ask('DESCRIBE', uri, {
      Authorization: digest('DESCRIBE', uri, challenge, account),
    });
    expect(answer.status).toBe(401);
  });
});

describe('faults', () => {
  it('reset: the connection breaks after the asked time', async () => {
    const started = await cameras({ faults: parseFaults(['reset=0.2s']) });
    const rtsp = client(started);
    await rtsp.play(urlOf(started, 'cam1'));
    await rtsp.until(() => rtsp.closed);
    expect(rtsp.rtp(0).filter(({ marker }) => marker)).toHaveLength(5);
  });

  it('no-parameter-sets and bad-sdp: the description lacks what many clients count on', async () => {
    const describeWith = async (fault: string) => {
      const started = await cameras({ faults: parseFaults([fault]) });
      return client(started).ask('DESCRIBE', urlOf(started, 'cam1'));
    };
    expect((await describeWith('no-parameter-sets')).body).not.toMatch(/sprop/);
    const bad = await describeWith('bad-sdp');
    expect(bad.text).not.toMatch(/Content-Base/);
    expect(bad.body).not.toMatch(/^o=/m);
    expect(bad.body).toMatch(/sprop/);
  });
});

describe('starting', () => {
  it('refuses what is not possible', async () => {
    const bad = (options: Partial<TestCameraOptions>) => startTestCameras({ port: 0, count: 1, ...options });
    await expect(bad({ count: 0 })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(bad({ mbps: 1000 })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(bad({ user: 'alone' })).rejects.toMatchObject({ code: 'invalid_input' });
    const { port } = await cameras();
    await expect(bad({ port })).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe.skipIf(!hasFfmpeg)('ffmpeg as a client', () => {
  it('decodes every variant over TCP and UDP without an error', async () => {
    const started = await cameras({ mbps: 2, user: 'viewer', password: 'secret' });
    const watch = async (path: string, transport: string) => {
      const url = `rtsp://viewer:secret@127.0.0.1:${started.port}/${path}`;
      const args = ['-v', 'error', '-rtsp_transport', transport, '-i', url, '-t', '0.5', '-f', 'null', '-'];
      const child = spawn('ffmpeg', args, { stdio: ['ignore', 'ignore', 'pipe'] });
      let complaints = '';
      child.stderr.on('data', (bytes) => {
        complaints += bytes;
      });
      const [code] = await once(child, 'close');
      return { path, transport, code, complaints };
    };
    const paths = ['h264/cam1', 'h265/cam1', 'h264-b-frames/cam2'];
    for (const transport of ['tcp', 'udp']) {
      const seen = await Promise.all(paths.map((path) => watch(path, transport)));
      expect(seen).toEqual(paths.map((path) => ({ path, transport, code: 0, complaints: '' })));
    }
  });
});
