import { describe, expect, it } from 'vitest';
import { createRecent } from '../../../../agent/alarms/intake/recent.ts';
import { addressKey, plainAddress, sourceText } from '../../../../agent/alarms/intake/source-address.ts';
import { askByUdp, frameOf, openDesk, openPanel } from './desk.ts';

describe('a map of what is recent', () => {
  it('forgets what was used longest ago, and holds never more than it may', () => {
    const recent = createRecent<{ made: number }>(3);
    let made = 0;
    const of = (name: string) => recent.of(name, () => ({ made: ++made })).made;
    expect(['a', 'b', 'c', 'a', 'd'].map(of)).toEqual([1, 2, 3, 1, 4]);
    expect(recent.size()).toBe(3);
    // `b` was used longest ago, so it is gone; `a` was used since.
    expect(of('a')).toBe(1);
    expect(of('b')).toBe(5);
  });
});

describe('addresses', () => {
  it('are written as people know them', () => {
    expect(plainAddress('::ffff:10.0.0.7')).toBe('10.0.0.7');
    expect(plainAddress('FE80::1%eth0')).toBe('fe80::1');
    expect(plainAddress(undefined)).toBe('');
    expect(sourceText('10.0.0.7', 1025)).toBe('10.0.0.7:1025');
    expect(sourceText('fe80::1', 1025)).toBe('[fe80::1]:1025');
  });

  it('count as one where one party owns them all', () => {
    expect(addressKey('10.0.0.7')).toBe('10.0.0.7');
    const one = addressKey('2001:db8:1:2::1');
    expect(one).toBe('2001:db8:1:2::/64');
    expect(addressKey('2001:0db8:0001:0002:ffff:1:2:3')).toBe(one);
    expect(addressKey('2001:db8:1:3::1')).not.toBe(one);
    expect(addressKey('::1')).toBe('0:0:0:0::/64');
    expect(addressKey('2001:db8::')).toBe('2001:db8:0:0::/64');
  });
});

describe('a dual-stack listener', () => {
  it('names IPv4 devices by their IPv4 address, over TCP and UDP', async () => {
    const desk = await openDesk({ listenHost: '::' }).catch(() => openDesk());
    try {
      const panel = await openPanel(desk.port);
      panel.send(frameOf());
      await panel.answered(1);
      panel.socket.destroy();
      await askByUdp(desk.port, frameOf(), 1);
      expect(desk.taken).toHaveLength(2);
      for (const { source } of desk.taken) expect(source).toMatch(/^127\.0\.0\.1:\d+$/);
    } finally {
      await desk.close();
    }
  });
});
