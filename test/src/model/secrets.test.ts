import { describe, expect, it } from 'vitest';
import { splitCameraAddress } from '../../../src/model/camera-address.ts';
import { maskAddresses, maskSecrets } from '../../../src/model/secrets.ts';

describe('masking', () => {
  it('hides secret keys at any depth and keeps the rest', () => {
    const masked = maskSecrets({
      user: 'admin',
      password: 'hunter22',
      next: 'hunter23',
      list: [{ apiToken: 'abc' }],
      url: 'rtsp://u:p@host/a?user=admin&password=x&channel=1',
      passwordChanged: true,
      none: null,
    });
    expect(masked).toEqual({
      user: 'admin',
      password: '***',
      next: '***',
      list: [{ apiToken: '***' }],
      url: 'rtsp://***@host/a?user=***&password=***&channel=1',
      passwordChanged: true,
      none: null,
    });
    expect(JSON.stringify(masked)).not.toContain('hunter');
  });

  it('cuts long texts, long lists and deep nests', () => {
    expect(String(maskSecrets('x'.repeat(10_000))).length).toBeLessThan(600);
    expect((maskSecrets(Array.from({ length: 1000 }, () => 1)) as unknown[]).length).toBe(64);
    let deep: unknown = 'secret';
    for (let level = 0; level < 20; level += 1) deep = { deep };
    expect(JSON.stringify(maskSecrets(deep))).toContain('…');
  });

  it('hides what was meant as user and password, however the address was written', () => {
    const written = [
      'rtsp://admin:hun/ter2@1.2.3.4/x',
      'rtsp://admin:hun ter2@1.2.3.4/x',
      'rtsp:/admin:hunter2@1.2.3.4/x',
      'admin:hunter2@1.2.3.4',
      'rtsp://adm in:hunter2@1.2.3.4',
    ];
    for (const url of written) expect(JSON.stringify(maskSecrets({ url })), url).not.toMatch(/hun|ter2/);
    expect(maskAddresses('cannot open rtsp://admin:hun/ter2@1.2.3.4/x: refused')).toBe(
      'cannot open rtsp://***@1.2.3.4/x: refused',
    );
    expect(maskAddresses('see rtsp://host:554/s?name=a@b')).toBe('see rtsp://host:554/s?name=a@b');
  });

  it('hides a pairing code, and not the code of an event', () => {
    expect(maskSecrets({ address: '192.0.2.2:7330', code: 'AB2D-EFGH', nested: { code: 'E13' } })).toEqual({
      address: '192.0.2.2:7330',
      code: '***',
      nested: { code: 'E13' },
    });
  });

  it('gives numbers that JSON does not know a form that it does', () => {
    expect(maskSecrets({ a: 12345678901234567890n })).toEqual({ a: '12345678901234567890' });
  });

  it.each([
    ['one letter', 'a'],
    ['schemes', 'a://'],
    ['schemes with a colon', 'a://b:c/'],
    ['an open address', 'rtsp://a:b'],
    ['queries', '?a'],
    ['digits behind a colon', '://:1'],
  ])('takes no time for a very long text of %s, which strangers may send', (_, unit) => {
    const text = unit.repeat(250_000 / unit.length);
    const startMs = performance.now();
    maskAddresses(text);
    maskSecrets({ text, url: text, [text]: text });
    expect(performance.now() - startMs).toBeLessThan(10_000);
  });

  it('finds addresses inside sentences', () => {
    expect(maskAddresses('cannot open rtsp://admin:pa@ss@10.0.0.1/s1: refused')).toBe(
      'cannot open rtsp://***@10.0.0.1/s1: refused',
    );
    expect(maskAddresses('mail admin@example.org about http://host/x')).toBe(
      'mail admin@example.org about http://host/x',
    );
  });
});

describe('camera addresses', () => {
  it.each([
    ['rtsp://host/s', 'rtsp://host/s', null, null],
    ['rtsp://admin:secret@host:554/s', 'rtsp://host:554/s', 'admin', 'secret'],
    ['rtsp://admin:p%40ss@host/s', 'rtsp://host/s', 'admin', 'p@ss'],
    ['rtsp://admin:p@ss:w@host/s', 'rtsp://host/s', 'admin', 'p@ss:w'],
    ['rtsp://admin:100%@host/s', 'rtsp://host/s', 'admin', '100%'],
    ['rtsps://admin@host/s', 'rtsps://host/s', 'admin', null],
    ['rtsp://host/s?name=a@b', 'rtsp://host/s?name=a@b', null, null],
    ['rtsp://admin:hun/ter2@host:554/s', 'rtsp://host:554/s', 'admin', 'hun/ter2'],
    ['rtsp://host:554/s@1', 'rtsp://host:554/s@1', null, null],
    ['rtsp://[fe80::1]:554/s@1', 'rtsp://[fe80::1]:554/s@1', null, null],
  ])('splits %s', (url, shownUrl, user, password) =>
    expect(splitCameraAddress(url)).toEqual({ shownUrl, user, password, dialUrl: shownUrl }),
  );

  it('keeps secrets of the query out of what is shown', () => {
    expect(splitCameraAddress('rtsp://host/h264?user=admin&password=12345&channel=2')).toEqual({
      shownUrl: 'rtsp://host/h264?user=***&password=***&channel=2',
      dialUrl: 'rtsp://host/h264?user=admin&password=12345&channel=2',
      user: null,
      password: null,
    });
  });
});
