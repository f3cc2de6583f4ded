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
