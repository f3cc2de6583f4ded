import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyLength, header, headerValues, parseHead } from '../../../../agent/media/rtsp/message-codec.ts';
import { parseSdp } from '../../../../agent/media/rtsp/sdp.ts';
import { selectTracks } from '../../../../agent/media/rtsp/select.ts';
import { readSession, readTransport } from '../../../../agent/media/rtsp/transport.ts';
import { baseUrl, controlCandidates, parseRtspUrl } from '../../../../agent/media/rtsp/url.ts';
import { AppError } from '../../../../src/errors.ts';

function fixture(name: string) {
  const path = new URL(`../../../../fixtures/rtsp/${name}.sdp`, import.meta.url);
  return parseSdp(readFileSync(path, 'utf8'));
}

function selected(name: string) {
  const selection = selectTracks(fixture(name));
  if ('refusal' in selection) throw new Error(selection.refusal.detail);
  return selection;
}

describe('an RTSP message', () => {
  it('may have folded lines, bare line feeds, repeated headers and any case', () => {
    const message = parseHead(
      'RTSP/1.0 401 Unauthorized\nCSEQ:2\nWWW-Authenticate: Digest realm="a",\n  nonce="b"\nnonsense\nwww-authenticate: Basic\n',
    );
    expect(message).toMatchObject({ kind: 'response', status: 401, reason: 'Unauthorized' });
    expect(header(message, 'cseq')).toBe('2');
    expect(headerValues(message, 'www-authenticate')).toEqual(['Digest realm="a", nonce="b"', 'Basic']);
  });

  it('may be a request of the server', () => {
    const request = parseHead('GET_PARAMETER rtsp://h/ RTSP/1.0\r\nCSeq: 1');
    expect(request).toMatchObject({ kind: 'request', method: 'GET_PARAMETER', url: 'rtsp://h/' });
  });

  it.each(['HTTP/1.1 200 OK', 'RTSP/1.0 OK', 'get rtsp://h RTSP/1.0', ''])('"%s" is none', (line) => {
    expect(() => parseHead(line)).toThrow(/start line/);
  });

  it.each(['-1', '262145', '1e9', 'many'])('with a body of "%s" bytes is refused', (length) => {
    const message = parseHead(`RTSP/1.0 200 OK\r\nContent-Length: ${length}`);
    expect(() => bodyLength(message)).toThrow(/not accepted/);
  });

  it('survives any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        try {
          parseHead(text);
          parseHead(`RTSP/1.0 200 ${text}\r\n${text}`);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
    );
  });
});

describe('a camera address', () => {
  it.each([
    [
      'rtsp://10.0.0.1/a?b=c&d',
      { secure: false, host: '10.0.0.1', port: 554, text: 'rtsp://10.0.0.1/a?b=c&d' },
    ],
    [
      'rtsps://cam.example/x',
      { secure: true, host: 'cam.example', port: 322, text: 'rtsps://cam.example/x' },
    ],
    ['RTSP://[fe80::1]:8554', { host: 'fe80::1', port: 8554, text: 'rtsp://[fe80::1]:8554' }],
    ['rtsp://admin:p@ss:w@10.0.0.1:88/a', { host: '10.0.0.1', port: 88, text: 'rtsp://10.0.0.1:88/a' }],
    ['rtsp://admin:p/ss@10.0.0.1/a', { host: '10.0.0.1', text: 'rtsp://10.0.0.1/a' }],
    ['rtsp://h/a@b', { host: 'h', text: 'rtsp://h/a@b' }],
    ['rtsp://h/ä', { text: 'rtsp://h/%C3%A4' }],
    ['  rtsp://h/a#fragment ', { text: 'rtsp://h/a' }],
  ])('%s', (text, expected) => {
    expect(parseRtspUrl(text)).toMatchObject(expected);
  });

  it.each([
    'http://h/',
    'rtsp://',
    'rtsp://h:99999/',
    'rtsp://h:0/',
    'rtsp://h/a b',
    'rtsp://h/\r\nX: y',
    `rtsp://h/${'a'.repeat(3000)}`,
  ])('%j is refused with a hint', (text) => {
    expect(() => parseRtspUrl(text)).toThrow(AppError);
  });
});

describe('control URLs', () => {
  const requested = 'rtsp://10.0.0.1:554/cam?ch=1';
  it.each([
    ['relative', 'rtsp://10.0.0.1/s/', 'trackID=1', 'rtsp://10.0.0.1/s/trackID=1'],
    ['relative, base without slash', 'rtsp://10.0.0.1/s', 'trackID=1', 'rtsp://10.0.0.1/s/trackID=1'],
    [
      'behind a query',
      'rtsp://10.0.0.1/s?ch=1&sub=0/',
      'trackID=0',
      'rtsp://10.0.0.1/s?ch=1&sub=0/trackID=0',
    ],
    ['with a query of its own', 'rtsp://h/s/', 'track1?x=y', 'rtsp://h/s/track1?x=y'],
    ['nothing but a query', 'rtsp://h/s?a=b', '?c=d', 'rtsp://h/s?c=d'],
    ['absolute', 'rtsp://10.0.0.1/s/', 'rtsp://192.168.0.5/x/1', 'rtsp://192.168.0.5/x/1'],
    ['the presentation itself', 'rtsp://10.0.0.1/s/', '*', 'rtsp://10.0.0.1/s/'],
    ['missing', 'rtsp://10.0.0.1/s/', null, 'rtsp://10.0.0.1/s/'],
  ])('%s', (_name, base, control, expected) => {
    expect(controlCandidates({ base, requested, control })[0]).toBe(expected);
  });

  it('have alternatives for servers whose base is wrong', () => {
    expect(controlCandidates({ base: 'rtsp://0.0.0.0/wrong/', requested, control: 'track1' })).toEqual([
      'rtsp://0.0.0.0/wrong/track1',
      'rtsp://10.0.0.1:554/cam?ch=1/track1',
      'rtsp://10.0.0.1:554/track1',
    ]);
    expect(controlCandidates({ base: requested, requested, control: 'rtsp://0.0.0.0/x/1' })).toEqual([
      'rtsp://0.0.0.0/x/1',
      'rtsp://10.0.0.1:554/x/1',
    ]);
    expect(controlCandidates({ base: requested, requested, control: '/root/1' })).toContain(
      'rtsp://10.0.0.1:554/root/1',
    );
  });

  it.each([
    [null, requested],
    ['', requested],
    ['10.0.0.1:554/s/', requested],
    ['//10.0.0.1/s/', requested],
    ['rtsp:///s', requested],
    ['rtsp://10.0.0.1/s /', requested],
    [' rtsp://10.0.0.1/s/ ', 'rtsp://10.0.0.1/s/'],
  ])('take Content-Base %j as %s', (contentBase, expected) => {
    expect(baseUrl(requested, contentBase)).toBe(expected);
  });
});

describe('a session description', () => {
  it('of a Hikvision camera: H.264 with A-law, absolute controls', () => {
    const { video, audio, notes } = selected('hikvision');
    expect(video).toMatchObject({ codec: 'h264', payloadType: 96, clockRate: 90_000 });
    expect(video.control).toBe('rtsp://192.168.1.64:554/Streaming/Channels/101/trackID=1');
    expect(video.parameterSets.map((set) => set[0])).toEqual([0x67, 0x68]);
    expect(audio?.format).toMatchObject({ codec: 'pcma', clockRate: 8000, channels: 1 });
    expect(notes).toEqual([]);
  });

  it('of a Dahua camera: H.265 with AAC, metadata left alone', () => {
    const { video, audio } = selected('dahua');
    expect(video).toMatchObject({ codec: 'h265', payloadType: 98, control: 'trackID=0' });
    expect(video.parameterSets.map((set) => (set[0] ?? 0) >> 1)).toEqual([32, 33, 34]);
    expect(audio?.format).toMatchObject({ codec: 'aac', clockRate: 16_000, channels: 1 });
    expect(audio?.layout).toEqual({ sizeBits: 13, indexBits: 3, indexDeltaBits: 3, unitTicks: 1024 });
  });

  it('without origin, connection and parameter sets, with garbage in it', () => {
    const { video, audio } = selected('no-origin-no-sets');
    expect(video).toMatchObject({ codec: 'h264', parameterSets: [], control: 'track1' });
    expect(audio?.format.codec).toBe('pcmu');
  });

  it('with audio that is not supported gives the video and a note', () => {
    expect(selected('g726')).toMatchObject({
      audio: null,
      notes: ['audio G726-32 is not supported: video only'],
    });
  });

  it('with a back channel takes the sound of the camera, the format it knows', () => {
    expect(selected('backchannel').audio).toMatchObject({ control: 'audio', payloadType: 102 });
  });

  it('with a MP4A-LATM sound is video only', () => {
    const sdp =
      'm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\nm=audio 0 RTP/AVP 97\na=rtpmap:97 MP4A-LATM/48000';
    expect(selectTracks(parseSdp(sdp))).toMatchObject({
      audio: null,
      notes: ['audio MP4A-LATM is not supported: video only'],
    });
  });

  it.each([
    [
      'MJPEG',
      readFileSync(new URL('../../../../fixtures/rtsp/mjpeg.sdp', import.meta.url), 'utf8'),
      /is JPEG/,
    ],
    ['MPEG-4', 'm=video 0 RTP/AVP 96\na=rtpmap:96 MP4V-ES/90000', /is MP4V-ES/],
    [
      'interleaved H.264',
      'm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=2',
      /interleaved/,
    ],
    ['sound alone', 'm=audio 0 RTP/AVP 0', /no video/],
  ])('of %s is refused', (_name, text, detail) => {
    const selection = selectTracks(parseSdp(text));
    expect('refusal' in selection && selection.refusal.detail).toMatch(detail);
  });

  it('may have AAC without a configuration', () => {
    const sdp =
      'm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\nm=audio 0 RTP/AVP 97\na=rtpmap:97 mpeg4-generic/16000/1';
    const selection = selectTracks(parseSdp(sdp));
    expect('audio' in selection && Buffer.from(selection.audio?.format.config ?? []).toString('hex')).toBe(
      '1408',
    );
  });

  it('survives any text', () => {
    const line = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constantFrom(
        'm=video 0 RTP/AVP 96',
        'a=rtpmap:96 H264/90000',
        'a=fmtp:96 sprop-parameter-sets=,,%%',
        'm=audio',
      ),
      fc.string({ maxLength: 20 }).map((text) => `a=fmtp:97 config=${text}`),
      fc.constantFrom(
        'm=audio 0 RTP/AVP 97 0',
        'a=rtpmap:97 MPEG4-GENERIC/0/0',
        'a=fmtp:97 sizelength=0;indexlength=99',
      ),
    );
    fc.assert(fc.property(fc.array(line), (lines) => void selectTracks(parseSdp(lines.join('\n')))));
  });
});

describe('SETUP answers', () => {
  it.each([
    ['RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=1A2B', { channels: [2, 3], ssrc: 0x1a2b }],
    ['RTP/AVP/TCP;interleaved=4', { channels: [4, 5] }],
    ['RTP/AVP/TCP;interleaved=300-301', { channels: null }],
    [
      'RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001;source=10.0.0.9',
      { serverPorts: [6000, 6001], source: '10.0.0.9' },
    ],
    ['RTP/AVP;source=evil host', { source: null }],
    [null, { channels: null, serverPorts: null, source: null, ssrc: null }],
  ])('Transport: %s', (text, expected) => {
    expect(readTransport(text)).toMatchObject(expected);
  });

  it.each([
    ['12345678;timeout=60', { id: '12345678', timeoutSeconds: 60 }],
    [' a b ; x=y; Timeout = 30', { id: 'a b', timeoutSeconds: 30 }],
    ['abc;timeout=0', { id: 'abc', timeoutSeconds: null }],
    ['', null],
    [null, null],
  ])('Session: %j', (text, expected) => {
    expect(readSession(text)).toEqual(expected);
  });
});
