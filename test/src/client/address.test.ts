/** Addresses of nodes in every spelling, fingerprints likewise, and the waits between attempts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localSocketPath, parseNodeUrl } from '../../../src/client/address.ts';
import { reconnectDelayMs } from '../../../src/client/backoff.ts';
import { normalizeFingerprint } from '../../../src/client/known-nodes.ts';

describe('parseNodeUrl', () => {
  it.each([
    ['node1', 'https://node1:6060'],
    ['node1:7000', 'https://node1:7000'],
    ['https://node1', 'https://node1:6060'],
    ['https://node1:443', 'https://node1:443'],
    ['wss://node1:6060/ws', 'https://node1:6060'],
    ['192.0.2.7', 'https://192.0.2.7:6060'],
    ['[2001:db8::1]:6060', 'https://[2001:db8::1]:6060'],
  ])('reads %s as %s', (text, url) => {
    expect(parseNodeUrl(text).url).toBe(url);
  });

  it.each(['http://node1', 'ws://node1', 'https://anna:secret@node1', '', 'https://', 'ftp://x'])(
    'refuses %j',
    (text) => {
      expect(() => parseNodeUrl(text)).toThrowError(expect.objectContaining({ code: 'invalid_input' }));
    },
  );
});

describe('localSocketPath', () => {
  it('lies in the data folder, and is a pipe of its own for each folder on Windows', () => {
    expect(localSocketPath('/srv/data', 'linux')).toBe('/srv/data/agent.sock');
    const pipe = localSocketPath('/srv/data', 'win32');
    expect(pipe).toMatch(/^\\\\\.\\pipe\\holdfast-[0-9a-f]{16}$/);
    expect(localSocketPath('/srv/other', 'win32')).not.toBe(pipe);
  });
});

describe('normalizeFingerprint', () => {
  const plain = '0123456789abcdef'.repeat(4);
  it.each([plain, plain.toUpperCase(), `SHA256:${plain}`, (plain.match(/../g) ?? []).join(':')])(
    'reads %s',
    (text) => {
      expect(normalizeFingerprint(text)).toMatch(/^01:23:.*:EF$/);
    },
  );
  it('refuses what is not one', () => {
    expect(normalizeFingerprint(plain.slice(2))).toBeUndefined();
    expect(normalizeFingerprint('zz'.repeat(32))).toBeUndefined();
  });
});

describe('reconnectDelayMs', () => {
  it('grows from a quarter of a second to ten seconds and stays there, whatever the dice', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, dice) => {
          const delayMs = reconnectDelayMs(attempt, () => dice);
          expect(delayMs).toBeGreaterThanOrEqual(125);
          expect(delayMs).toBeLessThanOrEqual(10_000);
          expect(delayMs).toBeLessThanOrEqual(reconnectDelayMs(attempt + 1, () => 1));
        },
      ),
    );
    expect(reconnectDelayMs(1, () => 1)).toBe(250);
    expect(reconnectDelayMs(20, () => 1)).toBe(10_000);
  });
});
