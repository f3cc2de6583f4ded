import { describe, expect, it } from 'vitest';
import { initialState, step } from '../../../../agent/media/rtsp/machine.ts';
import { parseHead } from '../../../../agent/media/rtsp/message-codec.ts';
import type {
  SessionAction,
  SessionEvent,
  SessionSettings,
} from '../../../../agent/media/rtsp/session-state.ts';
import type { SessionEnd } from '../../../../agent/media/types.ts';
import { soundSdp, videoSdp } from './fake-server.ts';

const settings: SessionSettings = {
  url: 'rtsp://10.0.0.1:554/live',
  hasCredentials: true,
  allowBasicAuth: false,
  transport: 'tcp',
  connectTimeoutMs: 10_000,
  responseTimeoutMs: 10_000,
  mediaTimeoutMs: 10_000,
};

/** Runs the machine by hand: `nowMs` is set, replies are written as text. */
class Run {
  nowMs = 0;
  state;
  readonly #settings: SessionSettings;
  last: readonly SessionAction[] = [];

  constructor(overrides: Partial<SessionSettings> = {}) {
    this.#settings = { ...settings, ...overrides };
    this.state = initialState(this.#settings);
    this.on({ kind: 'start' });
    this.on({ kind: 'connected' });
  }

  on(event: SessionEvent): this {
    const next = step(this.#settings, this.state, event, this.nowMs);
    this.state = next.state;
    this.last = next.actions;
    return this;
  }

  reply(head: string, body = ''): this {
    const response = parseHead(`RTSP/1.0 ${head}`);
    if (response.kind !== 'response') throw new Error('no response');
    return this.on({ kind: 'response', response: { ...response, body } });
  }

  described(body = videoSdp, headers = ''): this {
    return this.reply('200 OK\r\nPublic: OPTIONS, GET_PARAMETER').reply(`200 OK${headers}`, body);
  }

  playing(session = 'abc;timeout=60', publicMethods = 'GET_PARAMETER'): this {
    this.reply(`200 OK\r\nPublic: ${publicMethods}`).reply('200 OK', videoSdp);
    return this.reply(`200 OK\r\nSession: ${session}\r\nTransport: RTP/AVP/TCP;interleaved=0-1`).reply(
      '200 OK',
    );
  }

  tick(nowMs: number, packets: number, units = packets, skippedBytes = 0): this {
    this.nowMs = nowMs;
    return this.on({ kind: 'tick', packets, units, skippedBytes });
  }

  /** "METHOD url" of what is sent, "end reason" and the kinds of the rest. */
  did(): string[] {
    return this.last.map((action) => {
      if (action.kind === 'send') return `${action.request.method} ${action.request.url}`;
      return action.kind === 'end' ? `end ${action.end.reason}` : action.kind;
    });
  }

  header(name: string): string | undefined {
    const sent = this.last.find((action) => action.kind === 'send');
    return sent?.kind === 'send' ? sent.request.headers.find(([key]) => key === name)?.[1] : undefined;
  }

  end(): SessionEnd {
    const end = this.last.find((action) => action.kind === 'end');
    if (end?.kind !== 'end') throw new Error(`no end, but ${this.did().join()}`);
    return end.end;
  }
}

const live = 'rtsp://10.0.0.1:554/live';

describe('the way to PLAY', () => {
  it('is OPTIONS, DESCRIBE, a SETUP per track, PLAY', () => {
    const run = new Run();
    expect(run.did()).toEqual([`OPTIONS ${live}`]);
    expect(run.reply('200 OK').did()).toEqual([`DESCRIBE ${live}`]);
    expect(run.reply('200 OK', soundSdp).did()).toEqual(['prepare', `SETUP ${live}/track1`]);
    expect(run.header('Session')).toBeUndefined();
    expect(run.reply('200 OK\r\nSession: one').did()).toEqual(['bind', `SETUP ${live}/track2`]);
    expect(run.header('Transport')).toBe('RTP/AVP/TCP;unicast;interleaved=2-3');
    expect(run.reply('200 OK').did()).toEqual(['bind', `PLAY ${live}`]);
    expect(run.reply('200 OK').did()).toEqual(['playing']);
  });

  it('uses the session id that came last', () => {
    const run = new Run().described(soundSdp).reply('200 OK\r\nSession: one');
    expect(run.header('Session')).toBe('one');
    run.reply('200 OK\r\nSession: two;timeout=30');
    expect(run.header('Session')).toBe('two');
    run.reply('200 OK').tick(15_000, 1);
    expect(run.header('Session')).toBe('two');
  });

  it('goes on when OPTIONS is refused', () => {
    expect(new Run().reply('501 Not Implemented').did()).toEqual([`DESCRIBE ${live}`]);
  });

  it('asks the way the server took the first time when its base is wrong', () => {
    const base = '\r\nContent-Base: rtsp://0.0.0.0/wrong/';
    const run = new Run().described(soundSdp, base);
    expect(run.did()).toContain('SETUP rtsp://0.0.0.0/wrong/track1');
    expect(run.reply('404 Not Found').did()).toEqual([`SETUP ${live}/track1`]);
    expect(run.reply('200 OK\r\nSession: s').did()).toContain(`SETUP ${live}/track2`);
    expect(run.reply('200 OK').did()).toContain(`PLAY ${live}`);
  });

  it('leaves out audio that the server refuses, with a note', () => {
    const run = new Run().described(soundSdp).reply('200 OK\r\nSession: s').reply('500 Internal');
    expect(run.did()).toEqual(['drop', 'note', `PLAY ${live}`]);
  });

  it('takes replies without CSeq, and passes over late and provisional ones', () => {
    const run = new Run();
    expect(run.reply('200 OK\r\nCSeq: 99').did()).toEqual([]);
    expect(run.reply('100 Trying\r\nCSeq: 1').did()).toEqual([]);
    expect(run.reply('200 OK\r\nCSeq: 1').did()).toEqual([`DESCRIBE ${live}`]);
  });

  it('tries the other transport once after 461', () => {
    const run = new Run().described().reply('461 Unsupported Transport');
    expect(run.did()).toEqual(['note', 'openPorts']);
    expect(run.on({ kind: 'ports', ports: [20_000, 20_001] }).header('Transport')).toBe(
      'RTP/AVP;unicast;client_port=20000-20001',
    );
    expect(run.reply('461 Unsupported Transport').end().reason).toBe('protocol-error');
  });

  it('is taken as reached when media flows and PLAY is never answered', () => {
    const run = new Run().described().reply('200 OK\r\nSession: s');
    expect(run.tick(9999, 5).did()).toEqual([]);
    expect(run.tick(10_000, 5).did()).toEqual(['playing']);
  });
});

describe('redirects', () => {
  it('are followed three times', () => {
    const run = new Run();
    for (let i = 0; i < 3; i++) {
      run.reply(`302 Found\r\nLocation: rtsp://10.0.0.${i + 2}/x`);
      expect(run.last).toEqual([{ kind: 'connect', url: `rtsp://10.0.0.${i + 2}/x` }]);
      run.on({ kind: 'connected' });
    }
    expect(run.reply('301 Moved\r\nLocation: rtsp://10.0.0.9/x').end().reason).toBe('protocol-error');
  });

  it.each(['302 Found', '302 Found\r\nLocation: http://x/'])(
    'without a usable address end it: %j',
    (head) => {
      expect(new Run().reply(head).end()).toMatchObject({ reason: 'protocol-error' });
    },
  );

  it('never lead out of TLS, nor Basic to another host', () => {
    const secure = { url: 'rtsps://10.0.0.1/live' };
    expect(new Run(secure).reply('302 F\r\nLocation: rtsp://10.0.0.1/x').end().detail).toMatch(/TLS/);
    const run = new Run(secure).reply('302 F\r\nLocation: rtsps://10.0.0.2/x').on({ kind: 'connected' });
    expect(run.reply('401 U\r\nWWW-Authenticate: Basic realm="r"').end().reason).toBe('auth-failed');
  });
});

describe('authentication', () => {
  const digest = '401 Unauthorized\r\nWWW-Authenticate: Digest realm="r", nonce="n"';
  const basic = '401 Unauthorized\r\nWWW-Authenticate: Basic realm="r"';

  it('repeats the request that was refused', () => {
    expect(new Run().reply('200 OK').reply(digest).did()).toEqual([`DESCRIBE ${live}`]);
  });

  it.each([
    ['no credentials', { hasCredentials: false }, digest, /asks for a user name/],
    ['Basic in the open', {}, basic, /no way to log in/],
    ['nothing known', {}, '401 Unauthorized', /no way to log in/],
    ['forbidden', {}, '403 Forbidden', /forbids/],
  ])('fails for good: %s', (_name, overrides, head, detail) => {
    expect(new Run(overrides).reply(head).end()).toMatchObject({
      reason: 'auth-failed',
      transient: false,
      detail: expect.stringMatching(detail),
    });
  });

  it('fails for good when the answer is refused', () => {
    const end = new Run().reply(digest).reply(digest).end();
    expect(end).toMatchObject({ reason: 'auth-failed', transient: false });
    expect(end.hint).toMatch(/password/);
  });

  it('uses Basic over TLS and where it is allowed', () => {
    expect(new Run({ allowBasicAuth: true }).reply(basic).did()).toEqual([`OPTIONS ${live}`]);
    expect(new Run({ url: 'rtsps://10.0.0.1/live' }).reply(basic).did()).toEqual([
      'OPTIONS rtsps://10.0.0.1/live',
    ]);
  });
});

describe('keep-alives', () => {
  it.each([
    ['abc', 30_000],
    ['abc;timeout=20', 10_000],
    ['abc;timeout=3600', 30_000],
    ['abc;timeout=1', 1000],
  ])('of session "%s" come every %d ms', (session, everyMs) => {
    const run = new Run().playing(session);
    expect(run.tick(everyMs - 1, 1).did()).toEqual([]);
    expect(run.tick(everyMs, 2).did()).toEqual([`GET_PARAMETER ${live}`]);
    expect(run.header('Session')).toBe('abc');
    expect(run.tick(2 * everyMs - 1, 3).did()).toEqual([]);
    expect(run.tick(2 * everyMs, 4).did()).toEqual([`GET_PARAMETER ${live}`]);
  });

  it('are OPTIONS where GET_PARAMETER is not advertised, or refused', () => {
    expect(new Run().playing('abc', 'PLAY').tick(30_000, 1).did()).toEqual([`OPTIONS ${live}`]);
    const run = new Run().playing().tick(30_000, 1).reply('501 Not Implemented');
    expect(run.tick(60_000, 2).did()).toEqual([`OPTIONS ${live}`]);
  });

  it('may stay without answer while media flows', () => {
    const run = new Run().playing();
    for (let i = 1; i < 200; i++) run.tick(i * 1000, i);
    expect(run.state.phase).toBe('playing');
  });

  it('log in again when the nonce has aged, and end when the session is gone', () => {
    const run = new Run().playing().tick(30_000, 1);
    run.reply('401 Unauthorized\r\nWWW-Authenticate: Digest realm="r", nonce="n"');
    expect(run.did()).toEqual([`GET_PARAMETER ${live}`]);
    expect(run.reply('454 Session Not Found').end().reason).toBe('stream-ended');
  });
});

describe('the end of a session', () => {
  const closed = (code: string | null): SessionEvent => ({ kind: 'closed', code });

  it.each([
    ['404 Not Found', 'stream-not-found'],
    ['453 Not Enough Bandwidth', 'camera-unreachable'],
    ['503 Service Unavailable', 'camera-unreachable'],
    ['500 Internal Server Error', 'protocol-error'],
  ])('after DESCRIBE %s is %s', (head, reason) => {
    const end = new Run().reply('200 OK').reply(head).end();
    expect(end).toMatchObject({ reason, transient: true });
    expect(end.hint).not.toBe('');
  });

  it('names the cause of a connection that does not come about', () => {
    for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ETIMEDOUT', null]) {
      expect(new Run().on(closed(code)).end()).toMatchObject({
        reason: 'camera-unreachable',
        transient: true,
      });
    }
    const waiting = step(settings, initialState(settings), { kind: 'start' }, 0).state;
    const quiet = { kind: 'tick', packets: 0, units: 0, skippedBytes: 0 } as const;
    const late = step(settings, waiting, quiet, 10_000).actions[0];
    expect(late).toMatchObject({ kind: 'end', end: { reason: 'camera-unreachable' } });
    const secure = step(settings, { ...waiting, url: 'rtsps://h/x' }, quiet, 10_000).actions[0];
    expect(secure).toMatchObject({ end: { detail: expect.stringContaining('TLS') } });
  });

  it('comes when an answer does not', () => {
    const run = new Run();
    expect(run.tick(9999, 0).did()).toEqual([]);
    expect(run.tick(10_000, 0).end()).toMatchObject({
      reason: 'camera-unreachable',
      detail: expect.stringMatching(/OPTIONS/),
    });
  });

  it('says so when something else came instead of an answer', () => {
    expect(new Run().tick(10_000, 0, 0, 77).end()).toMatchObject({
      reason: 'protocol-error',
      detail: expect.stringMatching(/OPTIONS.*77/),
    });
  });

  it('comes early when a stream is no packets at all, and not when pictures are among them', () => {
    const megabyte = 1024 * 1024;
    const run = new Run().playing();
    expect(run.tick(1_000, 5, 0, megabyte - 1).did()).toEqual([]);
    expect(run.tick(1_200, 6, 0, megabyte).end().reason).toBe('protocol-error');
    expect(
      new Run()
        .playing()
        .tick(1_000, 5, 1, 10 * megabyte)
        .did(),
    ).toEqual([]);
  });

  it('comes when the stream stalls, with TEARDOWN', () => {
    const run = new Run().playing();
    for (let i = 1; i <= 20; i++) run.tick(i * 1000, i);
    expect(run.tick(29_999, 20).did()).toEqual([]);
    run.tick(30_000, 20);
    expect(run.end()).toMatchObject({ reason: 'stream-stalled', transient: true });
    expect(run.last[0]).toMatchObject({ teardown: { method: 'TEARDOWN', url: live } });
  });

  it('comes when packets flow for a minute without a picture', () => {
    const run = new Run().playing();
    for (let i = 1; i < 60; i++) run.tick(i * 1000, i, 0);
    expect(run.tick(60_000, 60, 0).end()).toMatchObject({
      reason: 'protocol-error',
      detail: expect.stringMatching(/key frame/),
    });
  });

  it('comes when pictures that came fail to come for a minute while packets go on', () => {
    const run = new Run().playing();
    for (let i = 1; i <= 100; i++) run.tick(i * 1000, i, i);
    for (let i = 101; i < 160; i++) run.tick(i * 1000, i, 100);
    expect(run.did().join()).not.toContain('end');
    expect(run.tick(160_000, 160, 100).end()).toMatchObject({
      reason: 'protocol-error',
      transient: true,
      detail: expect.stringMatching(/key frame/),
    });
    expect(run.last[0]).toMatchObject({ teardown: { method: 'TEARDOWN', url: live } });
  });

  it('is "ended" when a playing camera closes, says goodbye or tears down', () => {
    expect(new Run().playing().on(closed(null)).end().reason).toBe('stream-ended');
    expect(new Run().playing().on(closed('ECONNRESET')).end().reason).toBe('stream-ended');
    expect(new Run().playing().on({ kind: 'goodbye', isLast: true }).end().reason).toBe('stream-ended');
    const request = parseHead('TEARDOWN rtsp://h/ RTSP/1.0');
    if (request.kind !== 'request') throw new Error('no request');
    expect(new Run().playing().on({ kind: 'request', request }).end().reason).toBe('stream-ended');
  });

  it('waits a second for sound after the goodbye of the picture, and not for ever', () => {
    const run = new Run().playing();
    run.tick(10_000, 1, 100).on({ kind: 'goodbye', isLast: false });
    expect(run.did()).toEqual([]);
    run.tick(10_900, 2, 100).on({ kind: 'goodbye', isLast: false });
    expect(run.did()).toEqual([]);
    expect(run.tick(11_000, 3, 100).end().reason).toBe('stream-ended');
    expect(
      new Run().playing().on({ kind: 'goodbye', isLast: false }).on({ kind: 'goodbye', isLast: true }).end()
        .reason,
    ).toBe('stream-ended');
  });

  it('is refused for good for a codec that is not supported', () => {
    const end = new Run().described('m=video 0 RTP/AVP 26').end();
    expect(end).toMatchObject({
      reason: 'unsupported-codec',
      transient: false,
      hint: expect.stringMatching(/H\.264 or H\.265/),
    });
  });

  it('is a protocol error for a description without media', () => {
    expect(new Run().described('<html>').end().reason).toBe('protocol-error');
  });

  it('comes once', () => {
    const run = new Run().on({ kind: 'stop' });
    expect(run.did()).toEqual(['end stream-ended']);
    for (const event of [closed(null), { kind: 'stop' }, { kind: 'goodbye', isLast: true }] as const) {
      expect(run.on(event).did()).toEqual([]);
    }
  });
});

describe('requests of the server', () => {
  it.each([
    ['OPTIONS', 200],
    ['GET_PARAMETER', 200],
    ['SET_PARAMETER', 200],
    ['ANNOUNCE', 200],
    ['PLAY_NOTIFY', 501],
  ])('%s is answered with %d', (method, status) => {
    const request = parseHead(`${method} rtsp://h/ RTSP/1.0\r\nCSeq: 7`);
    if (request.kind !== 'request') throw new Error('no request');
    const run = new Run().playing().on({ kind: 'request', request });
    const [reply] = run.last;
    expect(reply).toMatchObject({ kind: 'reply', status });
    expect(reply?.kind === 'reply' && reply.headers[0]).toEqual(['CSeq', '7']);
  });
});
