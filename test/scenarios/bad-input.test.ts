/**
 * Bad input of every kind against a real node: cameras that are none, servers that lie, folders that must not be taken,
 * commands mistyped. Each is refused with the right code, in words, with a hint; and two good cameras record on without a gap.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeMarker, encodeMarker, markerPath } from '../../agent/storage/space/marker.ts';
import { startTestCameras, type TestCameras } from '../../agent/test-camera/cameras.ts';
import { parseFaults } from '../../agent/test-camera/faults.ts';
import type { Camera } from '../../src/contract/index.ts';
import { type AppError, type ErrorCode, exitCodes } from '../../src/errors.ts';
import { haveGstreamer, type PeerServer, startGstreamer } from '../peers/servers.ts';
import { type CliResult, cli } from '../src/cli/harness.ts';
import { agreeing, BadCameras, describe264, ok, pour, refuse, spoiler } from '../support/bad-cameras.ts';
import { addCamera, addStorage, freePort, startNode, statusUntil, type TestNode } from '../support/node.ts';
import { createRandom } from '../support/random.ts';

const MiB = 1024 * 1024;
const seed = Number(process.env.HOLDFAST_SEED ?? Math.floor(Math.random() * 1e9));
const fuzzMs = 10_000;
const isRoot = process.getuid?.() === 0;
const withGstreamer = haveGstreamer();
if (!withGstreamer)
  console.warn('SKIPPED MJPEG of GStreamer: apt-get install gir1.2-gst-rtsp-server-1.0 python3-gi');

const work = mkdtempSync(join(tmpdir(), 'hf-bad-'));
const bad = new BadCameras();
const closing: { close(): Promise<unknown> }[] = [bad];
let node: TestNode;
let sound: TestCameras;
let good: Camera[] = [];
let startedMs = 0;
let recorderPid = 0;
let recorderBytes = 0;

const api = () => node.client;
const holdfast = (...args: string[]): Promise<CliResult> => cli([...args, '--data', node.dataDir]);
const inWork = (...parts: string[]) => join(work, ...parts);

beforeAll(async () => {
  node = await startNode();
  sound = await startTestCameras({ port: 0, count: 4, mbps: 2 });
  closing.push(sound);
  await addStorage(node, inWork('space'), 512 * MiB);
  const [first, second] = await goodCameras();
  good = [
    await addCamera(node, 'good over TCP', first ?? ''),
    await addCamera(node, 'good over UDP', second ?? '', { transport: 'udp' }),
  ];
  const status = await statusUntil(api(), (now) => now.counts.recording === 2);
  startedMs = status.timeMs;
  recorderPid = status.recorder.pid ?? 0;
  recorderBytes = status.recorder.rssBytes;
}, 60_000);

afterAll(async () => {
  await node?.remove();
  await Promise.all(closing.map((one) => one.close()));
  rmSync(work, { recursive: true, force: true });
}, 30_000);

/** Two in a process of their own, so that nothing that a test does here holds them up. Their addresses. */
async function goodCameras(): Promise<string[]> {
  const entry = new URL('../../agent/test-camera/main.ts', import.meta.url).pathname;
  const args = ['--no-warnings', entry, '--port', '0', '--count', '2', '--mbps', '2'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const close = async () => {
    const gone = once(child, 'exit');
    child.kill();
    await gone;
  };
  closing.push({ close });
  const urls: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) if (urls.push(line) === 2) break;
  return urls;
}

/** What a call was refused with: always words, always a hint. */
async function refusal(call: Promise<unknown>): Promise<AppError> {
  const error = await call.then(
    (value) => expect.fail(`it was accepted: ${JSON.stringify(value)}`),
    (thrown: AppError) => thrown,
  );
  expect(error.hint, error.message).toMatch(/\w/);
  expect(error.message).not.toMatch(/Too small|Too big|Invalid (input|string|option)|undefined/);
  return error;
}

/** The same through the command: exit code of the error, nothing on standard output, error and hint on the other. */
async function refusedCommand(code: ErrorCode, args: string[], words: RegExp): Promise<void> {
  const { code: exitCode, stdout, stderr } = await holdfast(...args);
  const what = `holdfast ${args.join(' ')}: ${stderr}`;
  expect(exitCode, what).toBe(exitCodes[code]);
  expect(stdout, what).toBe('');
  expect(stderr, what).toMatch(/^error: [^\n]+\nhint: [^\n]+\n$/);
  expect(stderr, what).toMatch(words);
  const json = await holdfast(...args, '--json');
  expect(JSON.parse(json.stderr), what).toMatchObject({
    error: { code, message: expect.any(String), hint: expect.any(String) },
  });
}

describe('addresses', () => {
  it.each([
    ['without a host', 'rtsp:///stream', /host/],
    ['with a port and no host', 'rtsp://:554/stream', /host/],
    ['of the web', 'http://127.0.0.1/stream', /rtsp:\/\/.*http/],
    ['of no kind', 'camera 1', /rtsp:\/\//],
    ['with a port there is not', 'rtsp://127.0.0.1:99999/stream', /port/i],
    ['with a control character', 'rtsp://127.0.0.1/\u001b[2J', /control character/],
    ['longer than any', `rtsp://127.0.0.1/${'x'.repeat(3_000)}`, /2048/],
  ])('%s are refused before anything is dialled or kept', async (_, url, words) => {
    const before = await api().camera.list();
    for (const call of [
      () => api().camera.add({ name: 'x', url, pool: 'video' }),
      () => api().camera.probe({ url }),
      () => api().camera.edit({ id: good[0]?.id ?? '', url }),
    ]) {
      const error = await refusal(call());
      expect(error).toMatchObject({ code: 'invalid_input', details: { field: 'url' } });
      expect(error.message).toMatch(words);
    }
    await refusedCommand('invalid_input', ['camera', 'add', 'x', '--url', url, '--pool', 'video'], words);
    expect(await api().camera.list()).toHaveLength(before.length);
  });

  it('never give a password away in what is said about them', async () => {
    const error = await refusal(api().camera.probe({ url: 'rtsp://admin:geheim@:99999/?password=geheim' }));
    expect(`${error.message} ${error.hint} ${JSON.stringify(error.details)}`).not.toContain('geheim');
  });
});

interface Case {
  url: string;
  reason: Camera['reason'];
  problem: RegExp;
  transport?: 'tcp' | 'udp';
  /** How the command that tries it ends; left out where it takes seconds to know. */
  exit?: ErrorCode;
}

describe('cameras that cannot be recorded', () => {
  const cases = new Map<string, Case>();
  const added = new Map<string, Camera>();
  const attempts = new Map<string, { count: () => number; atMs: number }>();
  let fuzzed: Camera[] = [];
  let noisyAudio: Camera;
  let peer: PeerServer | null = null;

  beforeAll(async () => {
    const guarded = await startTestCameras({ port: 0, count: 1, user: 'viewer', password: 'right' });
    const resetting = await startTestCameras({
      port: 0,
      count: 1,
      mbps: 2,
      faults: parseFaults(['reset=1s']),
    });
    closing.push(guarded, resetting);
    const basic = ({ cseq }: { cseq: string }) =>
      refuse(cseq, '401 Unauthorized', 'WWW-Authenticate: Basic realm="old"\r\n');
    const counting = await bad.scripted(({ method, cseq }) =>
      method === 'OPTIONS'
        ? ok(cseq)
        : refuse(cseq, '401 Unauthorized', 'WWW-Authenticate: Digest realm="r", nonce="n"\r\n'),
    );
    const set = (name: string, one: Case) => cases.set(name, one);
    const login = (url: string, who: string) => url.replace('rtsp://', `rtsp://${who}@`);
    const scripted = async (answer: Parameters<BadCameras['scripted']>[0]) =>
      (await bad.scripted(answer)).url;
    const raw = async (onSocket: Parameters<BadCameras['raw']>[0]) => (await bad.raw(onSocket)).url;
    const media = (lines: string) => scripted(agreeing(lines));

    set('wrong port', {
      url: `rtsp://127.0.0.1:${await freePort()}/x`,
      reason: 'camera-unreachable',
      problem: /refused the connection.*port/,
      exit: 'unavailable',
    });
    set('unknown host', {
      url: 'rtsp://no-such-camera.invalid/x',
      reason: 'camera-unreachable',
      problem: /cannot be resolved.*host name/,
      exit: 'unavailable',
    });
    set('black hole', {
      url: await bad.blackHole(),
      reason: 'camera-unreachable',
      problem: /did not accept a connection in 10 s.*network/,
    });
    set('silent', {
      url: await raw((socket) => socket.resume()),
      reason: 'camera-unreachable',
      problem: /did not answer OPTIONS in 10 s/,
    });
    set('no TLS there', {
      url: sound.urls[0]?.replace('rtsp:', 'rtsps:') ?? '',
      reason: 'camera-unreachable',
      problem: /TLS.*rtsp:/,
    });
    set('wrong path', {
      url: `rtsp://127.0.0.1:${sound.port}/nothing`,
      reason: 'stream-not-found',
      problem: /404.*path/,
      exit: 'unavailable',
    });
    set('wrong password', {
      url: login(guarded.urls[0] ?? '', 'viewer:wrong'),
      reason: 'auth-failed',
      problem: /did not accept.*password/,
      exit: 'unavailable',
    });
    set('no password', {
      url: guarded.urls[0] ?? '',
      reason: 'auth-failed',
      problem: /asks for a user name/,
      exit: 'unavailable',
    });
    set('wrong password, counted', {
      url: login(counting.url, 'a:b'),
      reason: 'auth-failed',
      problem: /401/,
    });
    attempts.set('wrong password, counted', { count: counting.requests, atMs: Date.now() });
    set('Basic only', {
      url: login(await scripted(basic), 'a:b'),
      reason: 'auth-failed',
      problem: /readably.*rtsps, or allow Basic.*--allow-basic-auth/,
      exit: 'unavailable',
    });
    set('not for this user', {
      url: await scripted(({ cseq }) => refuse(cseq, '403 Forbidden')),
      reason: 'auth-failed',
      problem: /403.*right/,
      exit: 'unavailable',
    });
    set('MJPEG', {
      url: await media('m=video 0 RTP/AVP 26\r\na=control:t\r\n'),
      reason: 'unsupported-codec',
      problem: /JPEG.*H\.264/,
      exit: 'unsupported',
    });
    set('MPEG-4', {
      url: await media('m=video 0 RTP/AVP 96\r\na=rtpmap:96 MP4V-ES/90000\r\na=control:t\r\n'),
      reason: 'unsupported-codec',
      problem: /MP4V-ES.*H\.264/,
      exit: 'unsupported',
    });
    set('sound only', {
      url: await media('m=audio 0 RTP/AVP 0\r\na=control:t\r\n'),
      reason: 'unsupported-codec',
      problem: /no video/,
      exit: 'unsupported',
    });
    set('no media', {
      url: await media(''),
      reason: 'protocol-error',
      problem: /names no media/,
      exit: 'protocol',
    });
    set('a mail server', {
      url: await raw((socket) => socket.write('220 mail.example.org ESMTP\r\n')),
      reason: 'protocol-error',
      problem: /no RTSP.*220 mail.*554/,
      exit: 'protocol',
    });
    set('a web server', {
      url: await scripted(() => 'HTTP/1.1 400 Bad Request\r\n\r\n'),
      reason: 'protocol-error',
      problem: /HTTP\/1\.1 400/,
      exit: 'protocol',
    });
    const random = createRandom(seed);
    const noise = () => Buffer.from(Array.from({ length: 900 }, () => Math.floor(random() * 256)));
    set('garbage', {
      url: await raw((socket) => pour(socket, 5, () => Buffer.concat([Buffer.of(1), noise()]))),
      reason: 'protocol-error',
      problem: /no RTSP/,
      exit: 'protocol',
    });
    set('endless headers', {
      url: await raw((socket) =>
        pour(socket, 1, () => `RTSP/1.0 200 OK\r\n${'X-Pad: yyyyyyyyyyyyyyyyy\r\n'.repeat(300)}`),
      ),
      reason: 'protocol-error',
      problem: /headers.*too long/,
      exit: 'protocol',
    });
    set('huge length', {
      url: await scripted(({ method, cseq }) =>
        method === 'OPTIONS' ? ok(cseq) : ok(cseq, 'Content-Length: 99999999999\r\n'),
      ),
      reason: 'protocol-error',
      problem: /99999999999/,
      exit: 'protocol',
    });
    set('half a reply', {
      url: await scripted(({ method, cseq }, socket) => {
        if (method === 'OPTIONS') return ok(cseq);
        socket.end(ok(cseq, 'Content-Length: 500\r\n', '').concat('v=0\r\n'));
        return null;
      }),
      reason: 'camera-unreachable',
      problem: /closed the connection/,
      exit: 'unavailable',
    });
    set('a spoilt answer', {
      url: await scripted(({ method, cseq }) =>
        method === 'OPTIONS' ? ok(cseq) : `\u0001\u0002${noise().toString('latin1')}`,
      ),
      reason: 'protocol-error',
      problem: /no answer to DESCRIBE/,
    });
    set('a hostile reason', {
      url: await scripted(({ method, cseq }) =>
        method === 'OPTIONS' ? ok(cseq) : refuse(cseq, '500 \u00c2\u009b2J\u00e2\u0080\u00aeoops'),
      ),
      reason: 'protocol-error',
      problem: /500/,
      exit: 'protocol',
    });
    set('silent after PLAY', {
      url: await media(describe264),
      reason: 'stream-stalled',
      problem: /No video packet came for 10 s/,
    });
    set('nonsense frames', {
      url: await scripted(
        agreeing(describe264, (socket) =>
          pour(socket, 5, () =>
            Buffer.concat(
              [0, 1, 2, 3].flatMap(() => [
                Buffer.from([
                  0x24,
                  Math.floor(random() * 256),
                  Math.floor(random() * 256),
                  Math.floor(random() * 256),
                ]),
                noise(),
                noise(),
              ]),
            ),
          ),
        ),
      ),
      reason: 'protocol-error',
      problem: /belong to no packet/,
    });
    set('cut in mid-frame', {
      url: await scripted(
        agreeing(describe264, (socket) => {
          socket.write(Buffer.from([0x24, 0, 4, 0, 0x80, 0x60]));
          socket.resetAndDestroy();
        }),
      ),
      reason: 'stream-ended',
      problem: /broke|closed/,
    });
    set('resets every second', {
      url: resetting.urls[0] ?? '',
      reason: 'stream-ended',
      problem: /broke|closed/,
    });
    if (withGstreamer) {
      peer = await startGstreamer({
        mjpeg: '( videotestsrc is-live=true ! jpegenc ! rtpjpegpay name=pay0 pt=26 )',
      });
      set('MJPEG of GStreamer', {
        url: `rtsp://127.0.0.1:${peer.port}/mjpeg`,
        reason: 'unsupported-codec',
        problem: /JPEG.*H\.264/,
        exit: 'unsupported',
      });
    }
    for (const [name, { url, transport = 'tcp' }] of cases)
      added.set(name, await addCamera(node, name, url, { transport }));

    const spoil = spoiler(createRandom(seed + 1));
    const spoilt = [
      await bad.proxy(`rtsp://127.0.0.1:${sound.port}/h264/cam3`, { spoil, afterPlay: true }),
      await bad.proxy(`rtsp://127.0.0.1:${sound.port}/h265/cam4`, { spoil, afterPlay: true }),
      await bad.proxy(`rtsp://127.0.0.1:${sound.port}/h264/cam4`, { spoil, afterPlay: false }),
    ];
    fuzzed = await Promise.all(spoilt.map((camera, at) => addCamera(node, `spoilt ${at}`, camera.url)));
    const stray = createRandom(seed + 2);
    const datagram = () => {
      const bytes = Buffer.from(
        Array.from({ length: 1 + Math.floor(stray() * 1_200) }, () => Math.floor(stray() * 256)),
      );
      // Half of them look like packets of the picture.
      if (bytes.length > 12 && stray() < 0.5) bytes.set([0x80, 96]);
      return bytes;
    };
    const besieged = await bad.besieged(`rtsp://127.0.0.1:${sound.port}/h264/cam2`, datagram);
    fuzzed.push(await addCamera(node, 'besieged', besieged.url, { transport: 'udp' }));
    const g726 = (chunk: Buffer, out: (bytes: Buffer) => void) =>
      out(
        Buffer.from(
          chunk
            .toString('latin1')
            .replace(/mpeg4-generic\/\d+\/\d+/, (map) => 'G726-32/8000'.padEnd(map.length)),
          'latin1',
        ),
      );
    const odd = await bad.proxy(`rtsp://127.0.0.1:${sound.port}/h264/cam3`, {
      spoil: g726,
      afterPlay: false,
    });
    noisyAudio = await addCamera(node, 'G.726', odd.url);
  }, 60_000);

  afterAll(() => peer?.stop());

  it('each say why, in the reason of the gap and in words with what to do', async () => {
    const open = new Set(cases.keys());
    const seen = new Map<string, string>();
    // What changes between two states is judged when it shows the one that is meant.
    await statusUntil(
      api(),
      (status) => {
        for (const name of open) {
          const camera = status.cameras.find(({ id }) => id === added.get(name)?.id);
          const wanted = cases.get(name);
          seen.set(name, `${camera?.reason}: ${camera?.problem}`);
          if (camera?.reason === wanted?.reason && wanted?.problem.test(camera?.problem ?? ''))
            open.delete(name);
        }
        return open.size === 0;
      },
      35_000,
    ).catch(() => expect.fail([...open].map((name) => `${name}: ${seen.get(name)}`).join('\n')));
    const gaps = await api().inspection.gaps({ fromMs: startedMs, limit: 10_000 });
    for (const [name, { reason }] of cases) {
      const own = gaps.filter(({ cameraId }) => cameraId === added.get(name)?.id);
      expect(
        own.map((gap) => gap.reason),
        name,
      ).toContain(reason);
    }
  }, 60_000);

  it('are told by the command that tries them, which adds none of them', async () => {
    const before = (await api().camera.list()).length;
    const quick = [...cases].filter(([, { exit }]) => exit !== undefined);
    await Promise.all(
      quick.map(async ([name, { url, exit = 'unavailable' }]) => {
        const tried = await holdfast('camera', 'add', `${name} again`, '--url', url, '--pool', 'video');
        expect(tried.code, `${name}: ${tried.stderr}`).toBe(exitCodes[exit]);
        expect(tried.stderr, name).toMatch(
          /^error: the camera gives no usable stream: .+\nhint: .+--force.+\n$/,
        );
        const probed = await holdfast('camera', 'probe', url, '--json');
        expect(probed.code, name).toBe(exitCodes[exit]);
        expect(JSON.parse(probed.stdout), name).toMatchObject({
          ok: false,
          problem: expect.any(String),
          hint: expect.any(String),
        });
      }),
    );
    expect((await api().camera.list()).length).toBe(before);
  }, 30_000);

  it('are not hammered with a password that is wrong', () => {
    const { count, atMs } = attempts.get('wrong password, counted') ?? { count: () => 0, atMs: 0 };
    const seconds = (Date.now() - atMs) / 1_000;
    // OPTIONS, DESCRIBE and its repetition with the answer; again after 7.5 s at the earliest.
    expect(count()).toBeLessThanOrEqual(3 * (1 + Math.ceil(seconds / 7.5)));
    expect(count()).toBeGreaterThanOrEqual(3);
  });

  it('get a password readably only once that is allowed for them', async () => {
    const camera = added.get('Basic only');
    const before = camera && (await api().camera.show({ id: camera.id }));
    expect(before?.problem).toContain('--allow-basic-auth');
    const edited = await holdfast('camera', 'edit', camera?.id ?? '', '--allow-basic-auth');
    expect(edited.code).toBe(0);
    // It accepts nothing at all: what counts is that the password was sent now, and not withheld.
    await statusUntil(api(), (status) => {
      const now = status.cameras.find(({ id }) => id === camera?.id);
      return /did not accept/.test(now?.problem ?? '');
    });
  });

  it('with sound of a kind unknown record their picture, and say so', async () => {
    const status = await statusUntil(api(), (now) =>
      now.cameras.some(({ id, recording }) => id === noisyAudio.id && recording === 'normal'),
    );
    const camera = status.cameras.find(({ id }) => id === noisyAudio.id);
    expect(camera?.media).toMatchObject({ videoCodec: 'h264', audioCodec: null });
    expect(camera?.media?.notes.join()).toMatch(/G726.*video only/);
    expect((await holdfast('camera', 'show', noisyAudio.id)).stdout).toMatch(/G726.*video only/);
  });

  it('never reach the terminal raw, whatever they send', async () => {
    for (const args of [['camera', 'list'], ['status'], ['log', 'search'], ['camera', 'list', '--json']]) {
      const { stdout, stderr, code } = await holdfast(...args);
      expect(code).toBe(0);
      expect(stdout.length).toBeGreaterThan(100);
      expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u);
    }
  });

  it(`may send a spoilt stream for as long as they like: the recorder lives, and stays small`, async () => {
    await statusUntil(api(), (status) => status.timeMs > startedMs + fuzzMs);
    const status = await api().node.status();
    const where = `seed ${seed} (HOLDFAST_SEED=${seed} repeats it)`;
    expect(status.recorder.pid, where).toBe(recorderPid);
    expect(status.recorder.restarts, where).toBe(0);
    expect(status.recorder.rssBytes - recorderBytes, where).toBeLessThan(150 * MiB);
    const now = status.cameras.filter(({ id }) => fuzzed.some((camera) => camera.id === id));
    expect(now.filter(({ recordedBytes }) => recordedBytes > 0).length, where).toBeGreaterThan(1);
  }, 30_000);
});

describe('replies of a camera', () => {
  it('of any content end the try in time, with a reason', async () => {
    const line = fc.constantFrom(
      'RTSP/1.0 200 OK',
      'RTSP/1.0 401 Unauthorized',
      'RTSP/1.0 302 Moved',
      'RTSP/9.9 999 ?',
      'OPTIONS * RTSP/1.0',
      'TEARDOWN x RTSP/1.0',
      '$',
    );
    const header = fc.oneof(
      fc.constantFrom(
        'CSeq: 1',
        'CSeq: 2',
        'CSeq: -1',
        'Content-Length: 5',
        'Content-Length: -5',
        'Content-Length: 1e3',
        'Content-Base: rtsp://',
        'Location: rtsp://127.0.0.1:1/',
        'Location: rtsp://[::',
        'Session: ;timeout=0',
        'Public: ,,,,',
        'Transport: interleaved=255-0;ssrc=zz',
        'WWW-Authenticate: Digest',
        'WWW-Authenticate: Digest realm="\\", nonce=",',
        'WWW-Authenticate: Basic realm=x',
        ' folded',
        ':',
      ),
      fc.string({ maxLength: 60 }),
    );
    const body = fc.oneof(
      fc.constant(''),
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc
        .array(
          fc.constantFrom(
            'v=0',
            'm=video 0 RTP/AVP 96',
            'm=video',
            'm=',
            'a=rtpmap:96 H264/0',
            'a=rtpmap:999999 x',
            'a=fmtp:96 sprop-parameter-sets=,,,',
            'a=control:rtsp://',
            `a=control:${'x'.repeat(3_000)}`,
          ),
        )
        .map((lines) => lines.join('\r\n')),
    );
    const reply = fc
      .tuple(line, fc.array(header, { maxLength: 8 }), body, fc.boolean())
      .map(([first, headers, text, whole]) => {
        const length = whole ? [`Content-Length: ${Buffer.byteLength(text)}`] : [];
        return `${[first, ...headers, ...length].join('\r\n')}\r\n\r\n${text}`;
      });
    const samples = fc.sample(fc.array(reply, { minLength: 1, maxLength: 4 }), { numRuns: 60, seed });
    const probes = samples.map(async (replies) => {
      const camera = await bad.raw((socket) => {
        const queue = [...replies];
        socket.setTimeout(1_000, () => socket.destroy());
        socket.on('data', () => {
          const next = queue.shift() ?? '';
          if (queue.length === 0) socket.end(next);
          else socket.write(next);
        });
      });
      const url = camera.url.replace('rtsp://', 'rtsp://a:b@');
      const found = await api().camera.probe({ url, allowBasicAuth: true });
      const what = `seed ${seed}: ${JSON.stringify(replies)}`;
      expect(found, what).toMatchObject({ ok: false, reason: expect.any(String) });
      expect(found.problem, what).toMatch(/^[ -~]+$/);
      expect(found.hint, what).toMatch(/\w/);
      expect(found.elapsedMs, what).toBeLessThan(9_000);
    });
    await Promise.all(probes);
  }, 30_000);
});

describe('folders', () => {
  const add = (path: string, more: object = {}) =>
    api().space.add({ path, quotaBytes: 128 * MiB, allowSystemDisk: true, ...more });

  beforeAll(() => {
    for (const name of ['empty', 'full', 'ours', 'theirs']) mkdirSync(inWork(name));
    writeFileSync(inWork('full', 'letter.txt'), 'mine');
    writeFileSync(inWork('file'), 'x');
    mkdirSync(inWork('evil\u001b[2J\u202e'));
    const marker = decodeMarker(readFileSync(markerPath(inWork('space'))));
    if (marker === null) throw new Error('the space has no marker');
    writeFileSync(markerPath(inWork('theirs')), encodeMarker({ ...marker, ownerNode: 'n-somebody' }));
    writeFileSync(markerPath(inWork('ours')), encodeMarker(marker));
  });

  it('that do not exist are refused with how to make them, and made on request', async () => {
    const path = inWork('new');
    const error = await refusal(add(path));
    expect(error).toMatchObject({ code: 'not_found', details: { missing: path, nearest: work } });
    expect(error.message).toBe(`there is no folder ${path}`);
    expect(error.hint).toMatch(/--create.*holdfast space browse/);
    const deep = await refusal(add(inWork('no', 'such', 'place')));
    expect(deep).toMatchObject({ code: 'not_found', details: { nearest: work } });
    expect(deep.details).not.toHaveProperty('missing');
    expect((await refusal(api().space.makeFolder({ path: inWork('no', 'such') }))).code).toBe('not_found');
    expect((await refusal(api().space.browse({ path }))).code).toBe('not_found');
    const args = ['space', 'add', path, '--quota', '100MB'];
    await refusedCommand('not_found', args, /--create/);
    const made = await holdfast(...args, '--create', '--json');
    expect(made.code, made.stderr).toBe(0);
    expect(JSON.parse(made.stdout)).toMatchObject({ path, state: 'normal' });
  });

  it.each<[string, () => string, ErrorCode, RegExp]>([
    ['not absolute', () => 'srv/video', 'invalid_input', /absolute path.*srv/],
    ['without a name', () => '', 'invalid_input', /path/],
    ['with a zero byte', () => '/srv/\0video', 'invalid_input', /absolute path/],
    ['a file', () => inWork('file'), 'invalid_input', /not a folder/],
    ['below a file', () => inWork('file', 'x'), 'invalid_input', /a file, not a folder/],
    ['not empty', () => inWork('full'), 'conflict', /not empty/],
    ["another node's", () => inWork('theirs'), 'conflict', /belongs to the node n-somebody/],
    ['a copy of our own', () => inWork('ours'), 'conflict', /marker of the space s1.*known elsewhere/],
    ['inside a space', () => inWork('space', 'blocks'), 'conflict', /lie in one another/],
    ['around a space', () => work, 'conflict', /lie in one another/],
    ['the data folder', () => node.dataDir, 'conflict', /data folder of this node/],
    ['around the data folder', () => '/', 'conflict', /data folder of this node/],
    ['of the kernel', () => '/proc', 'invalid_input', /proc of the system/],
  ])('that are %s are refused', async (_, path, code, words) => {
    const error = await refusal(add(path()));
    expect(error).toMatchObject({ code, message: expect.stringMatching(words) });
    // The command makes a relative path absolute, and no argument holds a zero byte.
    if (!path().startsWith('/') || path().includes('\0')) return;
    await refusedCommand(code, ['space', 'add', path(), '--quota', '128MiB'], words);
  });

  it('on the system disk need consent', async () => {
    const { entries } = await api().space.browse({ path: work });
    const empty = entries.find(({ path }) => path === inWork('empty'));
    if (!empty?.systemDisk) return console.warn('SKIPPED: temporary files lie on a disk of their own here');
    const error = await refusal(api().space.add({ path: inWork('empty'), quotaBytes: 128 * MiB }));
    expect(error).toMatchObject({ code: 'conflict', details: { systemDisk: true } });
    const args = ['space', 'add', inWork('empty'), '--quota', '128MiB'];
    await refusedCommand('conflict', [...args, '--other-disk'], /another disk/);
  });

  it.skipIf(isRoot)('that may not be written are refused', async () => {
    mkdirSync(inWork('locked'));
    chmodSync(inWork('locked'), 0o500);
    expect(await refusal(add(inWork('locked')))).toMatchObject({ code: 'forbidden' });
  });

  it.skipIf(!isRoot)('on a disk mounted read-only are refused', async () => {
    const path = inWork('locked');
    mkdirSync(path);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', path]);
    try {
      expect(await refusal(add(path))).toMatchObject({
        code: 'forbidden',
        message: expect.stringMatching(/cannot write/),
      });
    } finally {
      execFileSync('umount', ['-l', path]);
    }
  });

  it.each([
    ['larger than the disk', 8e15, 'disk_full', /8 PB does not fit: .* are free/],
    ['tiny', 1_000, 'invalid_input', /too small/],
    ['negative', -1, 'invalid_input', /at least 0, got -1/],
    ['broken', 1e8 + 0.5, 'invalid_input', /whole number/],
    ['no number', Number.NaN, 'invalid_input', /a number, got NaN/],
  ])('with a quota that is %s are refused', async (_, quotaBytes, code, words) => {
    const error = await refusal(add(inWork('empty'), { quotaBytes }));
    expect(error).toMatchObject({ code, message: expect.stringMatching(words) });
  });

  it('refused stay as they were', async () => {
    expect(readdirSync(inWork('empty'))).toEqual([]);
    expect(readdirSync(inWork('full'))).toEqual(['letter.txt']);
    expect(readdirSync(inWork('theirs'))).toHaveLength(1);
    expect((await api().space.list()).map(({ path }) => path).sort()).toEqual([
      inWork('new'),
      inWork('space'),
    ]);
  });

  it('with names made to deceive are shown harmlessly', async () => {
    for (const more of [[], ['--json']]) {
      const { stdout, code } = await holdfast('space', 'browse', work, ...more);
      expect(code).toBe(0);
      expect(stdout).toContain('evil');
      expect(stdout).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e]/u);
    }
  });

  it('in use are neither deleted nor initialised by mistake', async () => {
    expect(await refusal(api().space.delete({ id: 's1', confirm: 'space' }))).toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/pools use it/),
    });
    expect(await refusal(api().space.initialize({ id: 's1', confirm: 'other' }))).toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/destroys/),
    });
    await refusedCommand('conflict', ['space', 'initialize', 's1'], /--yes space/);
    await refusedCommand('conflict', ['space', 'initialize', 's1', '--yes', 'other'], /nothing was done/);
    await refusedCommand('not_found', ['space', 'delete', 's99'], /space list/);
  });
});

describe('pools', () => {
  const spaceId = 's2';
  const share = (bytes: number, id = spaceId) => [{ spaceId: id, bytes }];

  it.each<[string, () => Promise<unknown>, ErrorCode, RegExp]>([
    [
      'larger than the space',
      () => api().pool.add({ name: 'p', shares: share(1e15) }),
      'disk_full',
      /can give .*, not 1 PB/,
    ],
    ['of nothing', () => api().pool.add({ name: 'p', shares: [] }), 'invalid_input', /at least 1 entry/],
    [
      'smaller than a block',
      () => api().pool.add({ name: 'p', shares: share(1_000) }),
      'invalid_input',
      /less than one block/,
    ],
    [
      'of a space there is not',
      () => api().pool.add({ name: 'p', shares: share(MiB, 's77') }),
      'not_found',
      /no space s77/,
    ],
    [
      'of a space named twice',
      () => api().pool.add({ name: 'p', shares: [...share(16 * MiB), ...share(16 * MiB)] }),
      'invalid_input',
      /named twice/,
    ],
    [
      'called as another',
      () => api().pool.add({ name: 'video', shares: share(16 * MiB) }),
      'conflict',
      /called video already/,
    ],
    [
      'by days, without days',
      () => api().pool.add({ name: 'p', shares: share(16 * MiB), strategy: 'cycle' }),
      'invalid_input',
      /number of days/,
    ],
    [
      'in use, deleted',
      () => api().pool.delete({ id: 'p1', confirm: 'video' }),
      'conflict',
      /cameras record into the pool p1/,
    ],
    [
      'deleted without its name',
      () => api().pool.delete({ id: 'p1', confirm: 'x' }),
      'conflict',
      /name "video"/,
    ],
    [
      'shrunk to nothing',
      () => api().pool.expand({ id: 'p1', share: { spaceId: 's1', bytes: 0 } }),
      'conflict',
      /at least one space/,
    ],
  ])('%s are refused', async (_, call, code, words) => {
    expect(await refusal(call())).toMatchObject({ code, message: expect.stringMatching(words) });
  });

  it('are refused by the command in the same way', async () => {
    await refusedCommand('disk_full', ['pool', 'add', 'p', '--space', `${spaceId}:900TB`], /can give/);
    await refusedCommand('invalid_input', ['pool', 'add', 'p', '--space', spaceId], /SPACE:SIZE/);
    await refusedCommand('invalid_input', ['pool', 'add', 'p'], /--space is missing/);
    await refusedCommand(
      'invalid_input',
      ['pool', 'add', 'p', '--space', `${spaceId}:64MB`, '--cycle-days', 'many'],
      /--cycle-days: expected a number, got "many"/,
    );
    await refusedCommand('conflict', ['pool', 'delete', 'video', '--yes', 'video'], /record into the pool/);
    await refusedCommand('invalid_input', ['pool', 'edit', 'video'], /nothing to change/);
  });

  it('are at most twenty', async () => {
    const before = (await api().pool.list()).length;
    for (let number = before; number < 20; number += 1)
      await api().pool.add({ name: `pool ${number}`, shares: share(4 * MiB) });
    expect(await refusal(api().pool.add({ name: 'one more', shares: share(4 * MiB) }))).toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/at most 20/),
    });
    expect(await api().pool.list()).toHaveLength(20);
  });
});

describe('cameras as objects', () => {
  const camera = (more: object) =>
    api().camera.add({ name: 'x', url: 'rtsp://127.0.0.1:1/x', pool: 'video', ...more });

  it.each<[string, object, ErrorCode, RegExp]>([
    ['a pool there is not', { pool: 'nowhere' }, 'not_found', /no pool nowhere/],
    ['an id that is taken', { id: 'c1' }, 'conflict', /camera c1 already/],
    ['an id of a wrong form', { id: 'Front door' }, 'invalid_input', /lower-case letters.*"Front door"/],
    ['control characters in its name', { name: 'a\u001b]0;x\u0007' }, 'invalid_input', /control characters/],
    ['a name that reorders the row', { name: 'a\u202eb' }, 'invalid_input', /control characters/],
    ['no name', { name: '   ' }, 'invalid_input', /name: expected at least 1 character/],
    ['a name too long', { name: 'x'.repeat(65) }, 'invalid_input', /at most 64/],
    ['a channel there is not', { channel: 0 }, 'invalid_input', /channel: expected at least 1, got 0/],
    ['an unknown transport', { transport: 'smoke' }, 'invalid_input', /tcp or udp, got "smoke"/],
    ['a plan of three days', { plan: ['T'.repeat(96), '.'.repeat(96), 'x'] }, 'invalid_input', /plan/],
  ])('with %s are refused', async (_, more, code, words) => {
    expect(await refusal(camera(more))).toMatchObject({ code, message: expect.stringMatching(words) });
  });

  it('unknown are named as such by every command', async () => {
    await refusedCommand('not_found', ['camera', 'show', 'nobody'], /no camera nobody/);
    await refusedCommand('not_found', ['camera', 'remove', 'nobody'], /camera list/);
    await refusedCommand('not_found', ['inspect', '--today', '--camera', 'nobody'], /nobody/);
    await refusedCommand(
      'not_found',
      ['export', '--camera', 'nobody', '--from', '-1m', '--to', 'now', '--out', inWork('x.mp4')],
      /no camera nobody/,
    );
    await refusedCommand('invalid_input', ['camera', 'edit', 'c1', '--enable', '--disable'], /contradict/);
  });
});

describe('inspection and export', () => {
  it('refuse ranges and days that cannot be, and files that are there', async () => {
    const { id = '' } = good[0] ?? {};
    const plan = (fromMs: number, toMs: number, camera = id) => api().export.plan({ camera, fromMs, toMs });
    expect(await refusal(plan(startedMs - 7_200_000, startedMs - 3_600_000))).toMatchObject({
      code: 'not_found',
      message: expect.stringMatching(/no video/),
    });
    expect(await refusal(plan(2_000, 1_000))).toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(/end must be after the start/),
    });
    expect(await refusal(plan(1, 1e13))).toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(/at most 48 hours/),
    });
    expect(await refusal(plan(1, 2, 'nobody'))).toMatchObject({
      code: 'not_found',
      message: expect.stringMatching(/no camera nobody/),
    });
    expect(await refusal(api().inspection.day({ day: '2026-02-30' }))).toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(/2026-02-30/),
    });
    expect(await refusal(api().inspection.month({ month: '2026-13' }))).toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(/YYYY-MM.*2026-13/),
    });
    expect(await refusal(api().inspection.hour({ cameraId: 'nobody', startMs: 0 }))).toMatchObject({
      code: 'not_found',
    });

    const out = inWork('taken.mp4');
    writeFileSync(out, 'mine');
    const range = ['export', '--camera', id, '--from', '-3s', '--to', 'now'];
    await refusedCommand('conflict', [...range, '--out', out], /exists.*\n.*--force/);
    expect(readFileSync(out, 'utf8')).toBe('mine');
    await refusedCommand(
      'not_found',
      [...range, '--out', inWork('no', 'folder.mp4')],
      /folder of .* does not exist/,
    );
    await refusedCommand(
      'invalid_input',
      ['export', '--camera', id, '--from', 'now', '--to', '-1m', '--out', inWork('y.mp4')],
      /not before/,
    );
    await refusedCommand(
      'invalid_input',
      ['export', '--camera', id, '--from', 'soon', '--to', 'now', '--out', inWork('y.mp4')],
      /not a time: soon/,
    );
    await refusedCommand('invalid_input', ['inspect', '--day', 'yesterday'], /YYYY-MM-DD, got "yesterday"/);
    await refusedCommand('invalid_input', ['inspect', '--today', '--month', '2026-11'], /exclude each other/);
    await refusedCommand(
      'not_found',
      ['inspect', '--today', '--html', inWork('no', 'page.html')],
      /folder of .* does not exist/,
    );
    await refusedCommand('conflict', ['log', 'download', '--out', out], /exists/);
    expect(readdirSync(work).filter((name) => name.includes('.part-'))).toEqual([]);
  });
});

describe('commands', () => {
  it.each<[string[], RegExp]>([
    [['spaec', 'list'], /unknown command.*did you mean space\?/s],
    [['space', 'lits'], /did you mean list\?/],
    [['nonsense'], /there are .*camera/],
    [['space', 'list', '--quotta', '1GB'], /--quotta/],
    [['space', 'add', '/srv/x', '--quotta', '1GB'], /did you mean --quota\?/],
    [['space', 'add', '/srv/x'], /--quota is missing.*20GB/s],
    [['space', 'add', '/srv/x', '--quota', 'lots'], /not a size: "lots".*20GB/s],
    [['space', 'add', '/srv/x', '/srv/y', '--quota', '1GB'], /too many arguments/],
    [['camera', 'add', 'x', '--pool', 'video'], /--url is missing/],
    [['log', 'search', '--level', 'loud'], /warning or error, got "loud"/],
    [['log', 'search', '--page', '0'], /at least 1/],
    [['user', 'add', 'Anna Maria'], /lower-case letters/],
    [['user', 'add', 'anna', '--role', 'queen'], /viewer or operator or admin, got "queen"/],
  ])('%j are refused with what was meant', async (args, words) => {
    await refusedCommand('invalid_input', args, words);
  });

  it('of a program of their own end with the same codes', async () => {
    const entry = new URL('../../src/cli/main.ts', import.meta.url).pathname;
    const run = async (...args: string[]) => {
      const child = spawn(process.execPath, ['--no-warnings', entry, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      const [code] = await once(child, 'close');
      return { code, stderr };
    };
    const data = ['--data', node.dataDir];
    const [unknown, missing, nobody, away] = await Promise.all([
      run('spaec', ...data),
      run('camera', 'show', 'nobody', '--json', ...data),
      run('space', 'add', inWork('full'), '--quota', '1GB', ...data),
      run('status', '--data', inWork('empty')),
    ]);
    expect(unknown).toMatchObject({
      code: exitCodes.invalid_input,
      stderr: expect.stringMatching(/did you mean space/),
    });
    expect(missing.code).toBe(exitCodes.not_found);
    expect(JSON.parse(missing.stderr)).toMatchObject({ error: { code: 'not_found' } });
    expect(nobody.code).toBe(exitCodes.conflict);
    expect(away).toMatchObject({
      code: exitCodes.unavailable,
      stderr: expect.stringMatching(/hint: start it/),
    });
  }, 30_000);
});

describe('the API', () => {
  const socketPath = () => join(node.dataDir, 'agent.sock');

  /** Sends bytes to the local console and gives back what came until the end. */
  async function exchange(bytes: string | Buffer | Uint8Array): Promise<string> {
    const socket = connect({ path: socketPath() });
    const received: Buffer[] = [];
    socket.on('data', (chunk) => received.push(chunk)).on('error', () => {});
    socket.end(bytes);
    await new Promise((resolve) => socket.once('close', resolve));
    return Buffer.concat(received).toString('latin1');
  }

  const post = (path: string, body: string, headers = '') =>
    exchange(
      `POST /v1${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers || 'content-type: application/json\r\n'}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );

  it.each<[string, () => Promise<string>, RegExp]>([
    ['no JSON', () => post('/cameras', '{"name": '), / 400 .*invalid_input/s],
    ['a list for an object', () => post('/cameras', '[]'), / 400 .*invalid_input/s],
    ['a number', () => post('/cameras', '7'), / 400 .*invalid_input/s],
    [
      'nesting without end',
      () => post('/cameras', `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
      / 4\d\d /,
    ],
    [
      'a prototype',
      () => post('/cameras', '{"__proto__": {"role": "admin"}, "constructor": {}}'),
      / 400 .*name: is missing/s,
    ],
    [
      'another type of content',
      () => post('/cameras', 'name=x', 'content-type: application/x-www-form-urlencoded\r\n'),
      / 4\d\d /,
    ],
    [
      'bytes that are no text',
      () =>
        exchange(
          Buffer.concat([
            Buffer.from(
              'POST /v1/cameras HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\r\n',
            ),
            Buffer.of(0xff, 0xfe, 0x22, 0xc0),
          ]),
        ),
      / 400 /,
    ],
    [
      'two lengths',
      () =>
        exchange(
          'POST /v1/cameras HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/spaces HTTP/1.1\r\n\r\n',
        ),
      /^HTTP\/1\.1 400 (?!.*HTTP\/1\.1)/s,
    ],
    [
      'a header of a megabyte',
      () => exchange(`GET /v1/hello HTTP/1.1\r\nhost: x\r\nx-pad: ${'y'.repeat(MiB)}\r\n\r\n`),
      /^(HTTP\/1\.1 4\d\d |$)/,
    ],
    [
      'a path out of the tree',
      () => exchange('GET /v1/../../etc/passwd HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'),
      / 404 .*not_found/s,
    ],
    [
      'a broken escape',
      () => exchange('GET /v1/cameras/%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'),
      / 4\d\d /,
    ],
  ])('answers %s with a refusal', async (_, call, wanted) => {
    expect(await call()).toMatch(wanted);
  });

  it('outlives frames of any bytes on its WebSocket', async () => {
    const upgrade =
      'GET /ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    const frame = fc
      .tuple(
        fc.integer({ min: 0, max: 255 }),
        fc.integer({ min: 0, max: 255 }),
        fc.uint8Array({ maxLength: 200 }),
      )
      .map(([first, second, rest]) => Buffer.from([first, second, ...rest]));
    const text = fc.jsonValue().map((value) => {
      const payload = Buffer.from(JSON.stringify({ i: '1', p: { u: '/camera/list', b: { json: value } } }));
      // Masked with zeros, of up to 64 KiB.
      const head =
        payload.length < 126
          ? [0x81, 0x80 | payload.length]
          : [0x81, 0xfe, payload.length >> 8, payload.length & 255];
      return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload]);
    });
    // A frame that announces all the memory there is, and one that never ends its fragments.
    const huge = Buffer.from([0x81, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]);
    const endless = Buffer.concat(
      Array.from({ length: 500 }, (_, at) => Buffer.from([at === 0 ? 0x01 : 0x00, 0x81, 0, 0, 0, 0, 0x20])),
    );
    const samples = fc.sample(fc.array(fc.oneof(frame, text), { minLength: 1, maxLength: 6 }), {
      numRuns: 80,
      seed,
    });
    for (const frames of [[huge], [endless], ...samples]) {
      const answer = await exchange(Buffer.concat([Buffer.from(upgrade), ...frames]));
      expect(answer, `seed ${seed}`).toMatch(/^HTTP\/1\.1 101 /);
    }
    expect(await api().node.hello()).toMatchObject({ product: 'holdfast' });
  });
});

describe('meanwhile', () => {
  it('the good cameras lost nothing, and nobody was started again', async () => {
    const now = (await api().node.status()).timeMs;
    const status = await statusUntil(api(), (seen) => seen.timeMs > now + 2_000);
    for (const { id, name } of good) {
      const gaps = await api().inspection.gaps({ camera: id, fromMs: startedMs });
      expect(
        gaps.filter(({ cameraId }) => cameraId === id),
        name,
      ).toEqual([]);
      const camera = status.cameras.find((one) => one.id === id);
      expect(camera, name).toMatchObject({
        recording: 'normal',
        reconnects: 0,
        partsLost: 0,
        packetsLost: 0,
      });
      const plan = await api().export.plan({ camera: id, fromMs: startedMs, toMs: status.timeMs - 3_000 });
      expect(plan.presentSeconds, name).toBeCloseTo((status.timeMs - 3_000 - startedMs) / 1_000, 0);
      expect(plan.gaps, name).toEqual([]);
    }
    expect(status.recorder).toMatchObject({ pid: recorderPid, restarts: 0 });
    expect(node.output()).not.toMatch(/error|at .*\.ts:/i);
    expect(readFileSync(join(node.dataDir, 'agent.log'), 'utf8')).not.toMatch(/unexpected/);
  });
});
