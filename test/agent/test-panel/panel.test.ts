import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../agent/adapters/clock.ts';
import { decodeFrame } from '../../../agent/alarms/dc09/codec.ts';
import { readFlags } from '../../../agent/test-panel/flags.ts';
import type { PanelOptions } from '../../../agent/test-panel/options.ts';
import { runPanels } from '../../../agent/test-panel/panel.ts';
import { type Arc, startArc } from '../../support/arc.ts';
import { freePort } from '../../support/node.ts';

const keyHex = '3A1F6B8C9D4E7F20123456789ABCDEF0';
const arcs: Arc[] = [];
afterEach(async () => {
  for (const arc of arcs.splice(0)) await arc.close();
});

async function receiver(options: Parameters<typeof startArc>[0] = {}): Promise<Arc> {
  const arc = await startArc(options);
  arcs.push(arc);
  return arc;
}

const toArc = (arc: Arc) => ['--to', `127.0.0.1:${arc.port}`];
const until = async (what: string, wanted: () => boolean) => {
  const deadlineMs = Date.now() + 15_000;
  while (!wanted()) {
    if (Date.now() > deadlineMs) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
/** Runs until it has made `events`, then waits for the last answers. */
async function run(flags: readonly string[], events = 30, change: Partial<PanelOptions> = {}) {
  const { options } = readFlags(['--rate', '500', '--timeout', '0.3', ...flags]);
  const acknowledged: string[] = [];
  const panels = runPanels(
    { ...options, ...change },
    { clock: systemClock, acknowledged: (account, number) => void acknowledged.push(`${account} ${number}`) },
  );
  await until('events', () => panels.summary().sent >= events);
  panels.stop();
  await panels.done;
  return { summary: panels.summary(), acknowledged, run: options.run };
}

/** Serial numbers by account in order of arrival, of what a checker at the other end sees. */
function serials(arc: Arc): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { account, data, extended } of arc.events) {
    const serial = Number(/TP[0-9a-f]+-(\d+)/.exec([data, ...extended].join(' '))?.[1]);
    found.set(account, [...(found.get(account) ?? []), serial]);
  }
  return found;
}

describe('panels', () => {
  it.each([
    ['SIA over TCP', []],
    ['Contact ID over TCP', ['--format', 'cid']],
    ['SIA over UDP', ['--udp']],
  ])('report %s: each event once, in order, with a serial of its own', async (_name, flags) => {
    const arc = await receiver();
    const { summary, acknowledged } = await run([...toArc(arc), '--count', '4', '--timeout', '5', ...flags]);
    expect(summary).toMatchObject({ acknowledged: summary.sent, unanswered: 0, repeats: 0, accounts: 4 });
    expect(arc.received()).toBe(summary.sent);
    const seen = serials(arc);
    expect([...seen.keys()].sort()).toEqual(['1000', '1001', '1002', '1003']);
    for (const numbers of seen.values()) expect(numbers).toEqual(numbers.map((_, at) => at + 1));
    const wanted = [...seen].flatMap(([account, numbers]) => numbers.map((each) => `${account} ${each}`));
    expect(acknowledged.sort()).toEqual(wanted.sort());
  });

  it('report encrypted, and open the answers', async () => {
    const arc = await receiver({ key: Buffer.from(keyHex, 'hex') });
    const { summary } = await run([...toArc(arc), '--key', keyHex]);
    expect(summary).toMatchObject({ acknowledged: summary.sent, unreadable: 0 });
    expect(arc.events.every((event) => event.encrypted)).toBe(true);
  });

  it('have one event of an account under way', async () => {
    const arc = await receiver();
    arc.setFault({ slowMs: 30 });
    const { summary } = await run([...toArc(arc), '--rate', '0', '--count', '2'], 8);
    // Two accounts, 30 ms an answer: more than that cannot be under way.
    expect(summary.sent).toBeLessThanOrEqual(2 * Math.ceil((summary.seconds * 1_000 + 100) / 30));
    expect(summary.acknowledged).toBe(summary.sent);
  });

  it('repeat with the same sequence what is not answered', async () => {
    const arc = await receiver();
    const seen = new Set<string>();
    arc.setFault((event) => {
      const id = `${event.data} ${event.sequence}`;
      if (seen.has(id)) return null;
      seen.add(id);
      return 'lost';
    });
    const { summary } = await run(toArc(arc), 3);
    expect(summary).toMatchObject({ acknowledged: summary.sent, repeats: summary.sent });
    expect(arc.received()).toBe(2 * summary.sent);
    expect(new Set(arc.events.map(({ sequence }) => sequence)).size).toBe(summary.sent);
  });

  it('go to the next address when the first cannot be reached, and when it stops to answer', async () => {
    const second = await receiver();
    const dead = `127.0.0.1:${await freePort()}`;
    const refused = await run(['--to', dead, ...toArc(second)], 5);
    expect(refused.summary.byAddress).toEqual({ [`127.0.0.1:${second.port}`]: refused.summary.sent });
    const mute = await receiver();
    mute.setFault('silent');
    const silent = await run([...toArc(mute), ...toArc(second), '--attempts', '2', '--timeout', '0.1'], 5);
    expect(silent.summary).toMatchObject({ acknowledged: silent.summary.sent, unanswered: 0 });
    expect(silent.summary.byAddress).toEqual({ [`127.0.0.1:${second.port}`]: silent.summary.sent });
  });

  it('report over two ways, and count an event once', async () => {
    const [one, other] = [await receiver(), await receiver()];
    const { summary } = await run([...toArc(one), '--also', `127.0.0.1:${other.port}`]);
    expect(summary.acknowledged).toBe(summary.sent);
    expect([one.received(), other.received()]).toEqual([summary.sent, summary.sent]);
    expect(serials(one)).toEqual(serials(other));
  });

  it('set their clock by a NAK', async () => {
    const arc = await receiver({ key: Buffer.from(keyHex, 'hex') });
    arc.setClockAhead(3_600_000);
    arc.setFault((event) => (Math.abs((event.timeMs ?? 0) - Date.now() - 3_600_000) > 40_000 ? 'nak' : null));
    const { summary } = await run([...toArc(arc), '--key', keyHex], 5);
    expect(summary).toMatchObject({ acknowledged: summary.sent, nak: 1 });
  });

  it('count DUH and do not repeat what was refused', async () => {
    const arc = await receiver();
    arc.setFault('duh');
    const { summary } = await run(toArc(arc), 5);
    expect(summary).toMatchObject({ acknowledged: 0, refused: summary.sent, repeats: 0 });
  });

  it('say that events stayed without an answer', async () => {
    const arc = await receiver();
    arc.setFault('silent');
    const { summary } = await run(toArc(arc), 1, { drainMs: 500 });
    expect(summary).toMatchObject({ sent: 1, acknowledged: 0, unanswered: 1 });
  });

  it('send heartbeats while they have nothing to report', async () => {
    const arc = await receiver();
    const { options } = readFlags([...toArc(arc), '--rate', '0.001', '--heartbeat', '0.05', '--count', '2']);
    const panels = runPanels(options, { clock: systemClock });
    await until('heartbeats', () => arc.heartbeats().length >= 6);
    panels.abort();
    await panels.done;
    expect(new Set(arc.heartbeats().map(({ account }) => account))).toEqual(new Set(['1000', '1001']));
    expect(panels.summary().heartbeats).toBeGreaterThanOrEqual(6);
  });
});

describe('panels that misbehave', () => {
  it.each(['bad-crc', 'truncated', 'oversized'])('send frames that nobody answers: %s', async (fault) => {
    const arc = await receiver();
    const { summary } = await run([...toArc(arc), '--fault', fault, '--timeout', '0.1'], 3);
    expect(summary).toMatchObject({ acknowledged: 0, unanswered: summary.sent, repeats: 0 });
    expect(arc.received()).toBe(0);
  });

  it('send a byte at a time', async () => {
    const arc = await receiver();
    const { summary } = await run([...toArc(arc), '--fault', 'slow'], 1);
    expect(summary).toMatchObject({ acknowledged: 0, unanswered: summary.sent });
    expect(arc.received()).toBe(0);
  });

  it('have a clock that is an hour behind', async () => {
    const arc = await receiver();
    await run([...toArc(arc), '--fault', 'wrong-time'], 3);
    expect(Date.now() - (arc.events[0]?.timeMs ?? 0)).toBeGreaterThan(3_500_000);
  });

  it('flood without waiting for answers', async () => {
    const arc = await receiver();
    arc.setFault('silent');
    const { options } = readFlags([...toArc(arc), '--fault', 'flood', '--timeout', '5']);
    const panels = runPanels(options, { clock: systemClock });
    await until('a flood', () => panels.summary().sent >= 200);
    panels.abort();
    expect(panels.summary()).toMatchObject({ accounts: 1, acknowledged: 0 });
  });

  it('send each event twice', async () => {
    const arc = await receiver();
    const { summary } = await run([...toArc(arc), '--fault', 'duplicate'], 5);
    expect(summary.acknowledged).toBe(summary.sent);
    expect([arc.received(), arc.duplicates()]).toEqual([2 * summary.sent, summary.sent]);
  });

  it('call themselves what no directory knows', async () => {
    const arc = await receiver();
    await run([...toArc(arc), '--fault', 'unknown'], 3);
    expect(arc.events[0]?.account).toBe('FEED1000');
  });
});

describe('the flags', () => {
  it.each([
    [['--to', 'nobody:0']],
    [['--to', 'a b:1']],
    [['--count', '0']],
    [['--rate', '-1']],
    [['--format', 'morse']],
    [['--fault', 'none-such']],
    [['--key', 'AB']],
    [['--first', 'AB']],
    [['--sideways']],
  ])('refuse %j and say why', (flags) => {
    expect(() => readFlags(flags)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });

  it('never repeat a key in what they say', () => {
    const key = 'DEADBEEF'.repeat(5);
    expect(() => readFlags(['--key', key])).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('DEAD') }),
    );
  });

  it('read a key from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hf-panel-'));
    try {
      const path = join(folder, 'key');
      writeFileSync(path, `${keyHex}\n`);
      expect(readFlags(['--key-file', path]).options.cipher).not.toBeNull();
      expect(() => readFlags(['--key-file', join(folder, 'none')])).toThrow(/read the key/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('read a list of events in short and in full', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hf-panel-'));
    try {
      const path = join(folder, 'events');
      writeFileSync(path, '# mine\nBA\nFA003\nNri2/CL007  # closing\n');
      expect(readFlags(['--events', path]).options.events).toEqual([
        'Nri1/BA001',
        'Nri1/FA003',
        'Nri2/CL007',
      ]);
      writeFileSync(path, '130\n3401\n1130 02 015\n');
      const cid = readFlags(['--events', path, '--format', 'cid']).options.events;
      expect(cid).toEqual(['1130 01 001', '3401 01 001', '1130 02 015']);
      writeFileSync(path, 'N]ri\n');
      expect(() => readFlags(['--events', path])).toThrow(/is no event/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the program', () => {
  const entry = new URL('../../../agent/test-panel/main.ts', import.meta.url).pathname;
  const program = async (args: readonly string[]) => {
    const child = spawn(process.execPath, ['--no-warnings', entry, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, out, err };
  };

  it('ends with a summary, and writes down what was acknowledged', async () => {
    const arc = await receiver();
    const folder = mkdtempSync(join(tmpdir(), 'hf-panel-'));
    try {
      const record = join(folder, 'acknowledged');
      const flags = ['--rate', '50', '--seconds', '0.5', '--json', '--record', record];
      const { code, out } = await program([...toArc(arc), ...flags]);
      const summary = JSON.parse(out) as { sent: number; acknowledged: number };
      expect(code).toBe(0);
      expect(summary.sent).toBeGreaterThan(5);
      expect(readFileSync(record, 'utf8').trim().split('\n')).toHaveLength(summary.acknowledged);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('ends with code 1 when an event stayed without acknowledgement, and says so', async () => {
    const dead = `127.0.0.1:${await freePort()}`;
    const { code, out } = await program(['--to', dead, '--rate', '20', '--seconds', '0.3', '--drain', '0.2']);
    expect(code).toBe(1);
    expect(out).toMatch(/NOT acknowledged/);
  });

  it('ends with the code of wrong input and a hint', async () => {
    const { code, err } = await program(['--fault', 'rain']);
    expect(code).toBe(2);
    expect(err).toMatch(/It takes one of bad-crc/);
  });
});

it('frames of panels are frames of DC-09', async () => {
  const { panelFrame } = await import('../../../agent/test-panel/message.ts');
  const event = {
    account: '1000',
    sequence: 7,
    number: 3,
    format: 'SIA-DCS',
    event: 'Nri1/BA001',
    run: 'abc',
  } as const;
  expect(decodeFrame(panelFrame(event, 0, null))).toMatchObject({
    ok: true,
    frame: { id: 'SIA-DCS', sequence: '0007', account: '1000', data: '#1000|Nri1/BA001|ATPabc-3' },
  });
});
