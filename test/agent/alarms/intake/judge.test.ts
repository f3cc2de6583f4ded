import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../../../agent/alarms/dc09/codec.ts';
import { crc16 } from '../../../../agent/alarms/dc09/crc16.ts';
import { zeroCounts } from '../../../../agent/alarms/intake/counts.ts';
import { type JudgeContext, judgeFrame } from '../../../../agent/alarms/intake/judge.ts';
import { defaultLimits } from '../../../../agent/alarms/intake/limits.ts';
import { createMessageRates } from '../../../../agent/alarms/intake/message-rates.ts';
import { createTeller, type JournalEvent } from '../../../../agent/alarms/intake/teller.ts';
import { FakeClock } from '../../control/fake-clock.ts';
import { key, secretFrame } from './desk.ts';

function context(): JudgeContext & { told: JournalEvent[] } {
  const clock = new FakeClock();
  const told: JournalEvent[] = [];
  const unlimited = { accountBurst: 1e9, unknownBurst: 1e9 };
  return {
    clock,
    accounts: {
      find: (account) =>
        account.startsWith('A') ? { account, key, requireEncryption: false, enabled: true } : null,
    },
    categorise: () => ({ category: 'other', forward: true }),
    takenBy: 'receiver-1',
    way: 'direct',
    settings: { checkTime: false, forwardUnknown: false },
    counts: zeroCounts(),
    teller: createTeller(clock, (event) => void told.push(event)),
    rates: createMessageRates({ ...defaultLimits, ...unlimited }),
    heard: () => undefined,
    told,
  };
}

/** Any body with the CRC and length that it should have: what a forger can always do. */
function framed(body: string): Uint8Array {
  const bytes = Buffer.from(body, 'latin1');
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(4, '0');
  const head = Buffer.from(`\n${hex(crc16(bytes, 0, bytes.length))}${hex(bytes.length)}`, 'latin1');
  return Buffer.concat([head, bytes, Buffer.from('\r')]);
}

const hexText = fc.string({ unit: fc.constantFrom(...'0123456789ABCDEFabcdef'), maxLength: 8 });
const body = fc
  .record({
    star: fc.constantFrom('', '*'),
    id: fc.constantFrom('SIA-DCS', 'ADM-CID', 'NULL', 'RSP', 'ACK', 'NAK', 'DUH', 'X-Y', ''),
    sequence: fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 7 }),
    receiver: hexText.map((text) => (text === '' ? '' : `R${text}`)),
    line: hexText.map((text) => (text === '' ? '' : `L${text}`)),
    account: fc.constantFrom(
      '',
      '#',
      '#A',
      '#ABCD',
      '#abcd',
      '#9999',
      '#1234567890ABCDEF',
      '#0123456789ABCDEF0',
    ),
    rest: fc.oneof(
      fc.string({ unit: fc.constantFrom(...'#|NOri1/BAX[]_^,:-0123456789 \u00e9\u0001'), maxLength: 60 }),
      fc.constantFrom(
        ']',
        '#ABCD|Nri1/BA1]',
        '1130 01 015]',
        ']_99:99:99,99-99-9999',
        ']_00:00:00,01-01-1901',
      ),
      hexText,
      fc.constant('00'.repeat(16)),
    ),
  })
  .map(
    ({ star, id, sequence, receiver, line, account, rest }) =>
      `"${star}${id}"${sequence}${receiver}${line}${account}[${rest}`,
  );

describe('a frame whose CRC and length are right', () => {
  it('never throws whatever it says, and is answered, if at all, by a frame that a device can read', () => {
    const at = context();
    const kinds = new Set<string>();
    fc.assert(
      fc.property(body, (text) => {
        const verdict = judgeFrame(framed(text), '192.0.2.1:40000', at);
        kinds.add(verdict.kind);
        if (verdict.kind === 'silence') return;
        const answer = verdict.kind === 'take' ? verdict.acknowledge() : verdict.bytes;
        expect(decodeFrame(answer)).toMatchObject({ ok: true });
        if (verdict.kind !== 'take') return;
        // It goes through JSON to the hub, and through the contract to a screen.
        expect(JSON.parse(JSON.stringify(verdict.event))).toEqual(verdict.event);
        expect(verdict.event.account.length).toBeLessThanOrEqual(16);
        expect(verdict.event.id.length).toBeLessThanOrEqual(64);
        expect(verdict.event.deviceTimeMs ?? 0).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 3_000 },
    );
    expect([...kinds].sort()).toEqual(['answer', 'silence', 'take']);
  });

  it('is not opened with a key that is none', () => {
    const at = context();
    const entry = { account: 'ABCD', key: new Uint8Array(5), requireEncryption: true, enabled: true };
    const odd = { ...at, accounts: { find: () => entry } };
    expect(judgeFrame(secretFrame(at.clock.nowMs()), '192.0.2.1:40000', odd)).toEqual({
      kind: 'silence',
      valid: false,
    });
    expect(at.told[0]?.text).toContain('no AES key');
  });
});

describe('what is told to the journal', () => {
  it('is bounded for noise from outside, and complete for our own faults', () => {
    const at = context();
    for (let index = 0; index < 500; index += 1) {
      at.teller.tell('warning', 'alarm.frame-refused', `192.0.2.${index}`, 1_000, () => 'noise');
    }
    at.teller.tell('error', 'alarm.not-stored', 'intake', 1_000, () => 'the disk is full');
    const noise = at.told.filter(({ text }) => text === 'noise').length;
    expect(noise).toBe(50);
    expect(at.told.map(({ text }) => text)).toContain('the disk is full');
    expect(at.told.at(-1)?.text).toBe('450 more events came too fast and were only counted');
  });
});
