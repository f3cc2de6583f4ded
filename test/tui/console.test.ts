/** The console as an operator uses it: keys in, rows out. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { FakeAgent } from '../support/fake-agent.ts';
import { sampleStatus } from '../support/sample-status.ts';
import { openConsole, type TestConsole, type TestConsoleOptions } from '../support/terminal-console.ts';

const opened: TestConsole[] = [];
const folders: string[] = [];

async function open(options: TestConsoleOptions = {}): Promise<TestConsole> {
  const screen = await openConsole(options);
  opened.push(screen);
  return screen;
}

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-tui-'));
  folders.push(folder);
  return folder;
}

afterEach(async () => {
  for (const screen of opened.splice(0)) await screen.stop();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const foot = (screen: TestConsole): string => screen.lines.at(-2) ?? '';

describe('getting about', () => {
  it('digits lead to the pages, Esc leads home and never out', async () => {
    const screen = await open();
    await screen.press('3');
    expect(screen.lines[0]).toContain('› Recording');
    await screen.press('esc');
    expect(screen.lines[0]).toContain('› Home');
    await screen.press('esc', 'esc');
    expect(screen.lines[0]).toContain('› Home');
  });

  it('digits without a page do nothing', async () => {
    const screen = await open();
    await screen.press('0', '9');
    expect(screen.lines[0]).toContain('› Home');
  });

  it('keys typed before the node has answered are pressed once it has', async () => {
    const agent = new FakeAgent();
    agent.connect('connecting');
    const screen = await open({ agent });
    expect(screen.text).toContain('Connecting to the agent');
    await screen.press('3', '?');
    agent.connect('connected');
    await screen.idle();
    expect(screen.text).toContain('Help: Recording');
  });

  it('keys typed at a node that does not answer, or before a log-in, are forgotten', async () => {
    const agent = new FakeAgent({ local: false, whoami: null });
    agent.connect('connecting');
    const screen = await open({ agent });
    await screen.press('3');
    agent.connect('connecting', new AppError('unavailable', 'connection refused'));
    await screen.press('4');
    agent.connect('connecting');
    await screen.press('7');
    agent.connect('connected');
    await screen.idle();
    expect(screen.text).toContain('Log in');
    await screen.press('tab');
    await screen.type(agent.password);
    await screen.press('tab', 'enter');
    await screen.idle();
    expect(screen.lines[0]).toContain('› Home');
  });

  it('Enter on Home leads to the page of the worst answer', async () => {
    const screen = await open();
    await screen.press('enter');
    expect(screen.lines[0]).toContain('› Recording');
  });

  it('q leaves from the top, but from a drill-down only goes up', async () => {
    const screen = await open();
    await screen.press('4', 'enter', 'q');
    expect(screen.lines[0]).toContain('Inspection › today');
    await screen.press('q');
    await expect(screen.running.ended).resolves.toBeUndefined();
  });

  it('keys that a slow link delivers in one piece all count', async () => {
    const screen = await open();
    await screen.press('3');
    screen.terminal.type('jjj');
    await screen.idle();
    expect(foot(screen)).toContain('Server room');
  });

  it('an arrow that a slow link tore apart is still an arrow, not Escape and letters', async () => {
    const screen = await open();
    await screen.press('3');
    screen.terminal.type('\u001b');
    await new Promise((resolve) => setTimeout(resolve, 30));
    screen.terminal.type('[B');
    await screen.escaped();
    expect(screen.lines[0]).toContain('› Recording');
    expect(foot(screen)).toContain('No answer from 192.0.2.12');
  });

  it('Ctrl-L paints over what another program wrote onto the screen', async () => {
    const screen = await open();
    const before = screen.text;
    screen.terminal.emulator.write('\u001b[24;1Hthe agent was killed\n\u001b[3;1Hgarbage');
    await screen.press('r');
    expect(screen.text).not.toBe(before);
    screen.terminal.type('\u000c');
    await screen.idle();
    expect(screen.text).toBe(before);
    await screen.press('3');
    expect(screen.lines[0]).toContain('› Recording');
  });

  it('pasted text outside of a field runs nothing', async () => {
    const screen = await open();
    await screen.press('3');
    await screen.paste('D\rq');
    expect(screen.lines[0]).toContain('› Recording');
    expect(screen.text).not.toContain('Remove');
  });

  it('? shows the keys of this very page', async () => {
    const screen = await open();
    await screen.press('4', '?');
    expect(screen.text).toContain('Help: Inspection');
    expect(screen.text).toContain('the sixty minutes of the hour');
    await screen.press('esc');
    expect(screen.text).not.toContain('Help: Inspection');
  });
});

describe('the clock', () => {
  it('names the offset of a node whose clocks show another time than ours', async () => {
    const elsewhere = await open({ timeZone: 'America/New_York' });
    expect(elsewhere.lines[0]).toMatch(/14:21:07 UTC\+1$/);
    const sameTime = await open({ timeZone: 'Europe/Vienna' });
    expect(sameTime.lines[0]).toMatch(/14:21:07$/);
  });
});

describe('what matters is not cut', () => {
  it('the doctor’s evidence goes on in the next row', async () => {
    const screen = await open();
    await screen.press('8', 'd');
    expect(screen.text.replace(/[\s│]+/g, ' ')).toContain(
      'clock: zone UTC; no time daemon was found, whether the clock follows a time server cannot be asked',
    );
  });

  it.each([
    [17 * 3600 + 59 * 60, '17 h'],
    [35 * 60 + 30, '35 min'],
    [3 * 3600 + 16 * 60, '3 h 16 min'],
  ])('how long a pool keeps, %d s, is said in whole words: %s', async (retentionSeconds, words) => {
    const agent = new FakeAgent();
    const [first] = agent.status.pools;
    if (!first) throw new Error('a sample without pools');
    agent.status = { ...agent.status, pools: [{ ...first, retentionSeconds }] };
    const screen = await open({ agent });
    expect(screen.text).toContain(`keeps ${words} `);
    await screen.press('2');
    expect(screen.text).toContain(` ${words}\n`);
  });
});

describe('the palette', () => {
  it('finds a command by its beginning, completes it with Tab and runs it', async () => {
    const screen = await open();
    await screen.press(':');
    await screen.type('insp');
    expect(screen.text).toContain('page Inspection');
    await screen.press('tab');
    expect(foot(screen)).toBe(' :inspection');
    await screen.press('enter');
    expect(screen.lines[0]).toContain('› Inspection');
  });

  it('knows aliases and arguments', async () => {
    const screen = await open();
    await screen.press('4', ':');
    await screen.type('day 2026-11-19');
    await screen.press('enter');
    expect(screen.text).toContain('Thu 2026-11-19');
    await screen.press(':');
    await screen.type('cameras');
    await screen.press('enter');
    expect(screen.lines[0]).toContain('› Recording');
  });

  it('says so when there is no such command', async () => {
    const screen = await open();
    await screen.press(':');
    await screen.type('zzzz');
    expect(screen.text).toContain('no such command');
    await screen.press('enter');
    expect(screen.lines[0]).toContain('› Home');
  });
});

describe('the filter', () => {
  it('narrows while typing, stays with Enter, goes with Esc', async () => {
    const screen = await open();
    await screen.press('3', '/');
    await screen.type('car park');
    expect(screen.text).toContain('Car park level 1');
    expect(screen.text).not.toContain('Lobby');
    await screen.press('enter');
    expect(screen.lines[0]).toContain('/car park');
    await screen.press('esc');
    expect(screen.text).toContain('Lobby');
    expect(screen.lines[0]).toContain('› Recording');
  });

  it('! shows what does not match', async () => {
    const screen = await open();
    await screen.press('3', '/');
    await screen.type('!recording');
    expect(screen.text).toContain('Gate north');
    expect(screen.text).not.toContain('Lobby');
  });

  it('searches the log on the node', async () => {
    const screen = await open();
    await screen.press('7', '/');
    await screen.type('stalled');
    await screen.press('enter');
    expect(screen.text).toContain('0 entries');
    await screen.press('/', 'ctrl-u');
    await screen.type('gate');
    expect(screen.text).toContain('1 entry');
  });
});

describe('inspection', () => {
  it('tells the cell under the cursor in words, with missing seconds and reason', async () => {
    const screen = await open();
    await screen.press('4', 'down');
    expect(foot(screen)).toBe(' Gate north  14:00  0 of 21 min, 1267 s missing: camera not reachable');
    await screen.press('left');
    expect(foot(screen)).toBe(' Gate north  13:00  58 of 60 min, 127 s missing: camera not reachable');
    await screen.press('left');
    expect(foot(screen)).toBe(' Gate north  12:00  complete: 60 min held');
  });

  it('drills into the minutes of the hour and its gaps', async () => {
    const screen = await open();
    await screen.press('4', 'down', 'left', 'enter');
    expect(screen.text).toContain('Gate north  Fri 2026-11-20 13:00 - 14:00');
    expect(screen.text).toContain('connect 192.0.2.12:554: no route to host');
    expect(foot(screen)).toBe(' 13:57  53 s held, 7 s missing: camera not reachable');
    await screen.press('right');
    expect(foot(screen)).toBe(' 13:58  0 s held, 60 s missing: camera not reachable');
    await screen.press('up', 'up');
    expect(foot(screen)).toBe(' 13:28  complete');
    await screen.press('esc');
    expect(foot(screen)).toContain('Gate north  13:00');
  });

  it('x leaves only cameras with exceptions, s changes the order', async () => {
    const screen = await open();
    await screen.press('4', 'x');
    expect(screen.text).toContain('exceptions only');
    expect(screen.text).not.toContain('Lobby');
    await screen.press('x', 's');
    expect(screen.lines[4]).toContain('Main entrance');
  });

  it('moves by days, never into the future, and opens a day of the month', async () => {
    const screen = await open();
    await screen.press('4', ']');
    expect(screen.text).toContain('Fri 2026-11-20');
    await screen.press('[');
    expect(screen.text).toContain('Thu 2026-11-19');
    await screen.press('m', 'home', 'right', 'enter');
    expect(screen.text).toContain('Mon 2026-11-02');
    await screen.press('t');
    expect(screen.text).toContain('Fri 2026-11-20 to 14:21');
  });

  it('offers the video of an hour, with the command to copy', async () => {
    const screen = await open();
    await screen.press('4', 'down', 'left', 'E');
    expect(screen.text).toContain('Export Gate north');
    await screen.press('y');
    const command =
      'holdfast export --camera c2 --from 2026-11-20T12:00:00Z --to 2026-11-20T13:00:00Z --out gate-north-2026-11-20t1300.mp4';
    const copied = `\u001b]52;c;${Buffer.from(command).toString('base64')}\u0007`;
    expect(screen.terminal.output.written).toContain(copied);
  });

  it('saves the video of an hour where the console was started', async () => {
    const folder = await tempFolder();
    const screen = await open({ folder });
    await screen.press('4', 'E', 's');
    await expect.poll(() => readdir(folder)).toEqual(['car-park-level-2-2026-11-20t1400.mp4']);
    await expect
      .poll(() => readFile(join(folder, 'car-park-level-2-2026-11-20t1400.mp4'), 'utf8'))
      .toBe('video');
  });

  it('exports what is shown as CSV, and never overwrites', async () => {
    const folder = await tempFolder();
    const screen = await open({ folder });
    await screen.press('4', '/');
    await screen.type('gate');
    await screen.press('enter', 'x', 'e');
    await expect.poll(() => readdir(folder)).toEqual(['holdfast-inspection-2026-11-20.csv']);
    await screen.press('e');
    await expect.poll(async () => (await readdir(folder)).length).toBe(2);
    const csv = await readFile(join(folder, 'holdfast-inspection-2026-11-20.csv'), 'utf8');
    expect(csv.split('\r\n')).toEqual([
      'camera,name,channel,day,hour,start_utc,state,minutes,missing_seconds,reason',
      'c2,Gate north,2,2026-11-20,3,2026-11-20T02:00:00.000Z,exception,59,95,stream-stalled',
      'c2,Gate north,2,2026-11-20,13,2026-11-20T12:00:00.000Z,exception,58,127,camera-unreachable',
      'c2,Gate north,2,2026-11-20,14,2026-11-20T13:00:00.000Z,exception,0,1267,camera-unreachable',
      '',
    ]);
  });
});

describe('when the connection drops', () => {
  it('the last data stays, with its age; the banner goes when it is back', async () => {
    const screen = await open();
    await screen.press('3');
    screen.agent.connect('disconnected', new AppError('unavailable', 'the cable was pulled'));
    await screen.tick(34_000);
    expect(screen.lines[2]).toContain('NO CONNECTION: data of 14:21:07, 34 s old');
    expect(screen.lines[2]).toContain('the cable was pulled');
    expect(screen.lines[0]).toContain('disconnected 14:21:07');
    expect(screen.text).toContain('Car park level 2');
    screen.agent.connect('connected');
    await screen.idle();
    screen.agent.publish({ timeMs: screen.agent.status.timeMs + 35_000 });
    await screen.idle();
    await screen.tick(0);
    expect(screen.text).not.toContain('NO CONNECTION');
    expect(screen.lines[0]).toContain('✓ connected 14:21:42');
  });

  it('silence on a living connection is called stale too', async () => {
    const screen = await open();
    await screen.tick(10_000);
    expect(screen.text).not.toContain('NO NEWS');
    await screen.tick(6_000);
    expect(screen.lines[2]).toContain('NO NEWS FROM THE AGENT: data of 14:21:07, 16 s old');
  });

  it('what changes state is shown at once, figures wait for the next refresh', async () => {
    const screen = await open();
    await screen.press('3');
    const cameras = screen.agent.status.cameras.map((camera) => ({ ...camera, bitsPerSecond: 9_900_000 }));
    screen.agent.publish({ cameras });
    await screen.idle();
    expect(screen.text).not.toContain('9.9 Mb/s');
    await screen.tick();
    expect(screen.text).toContain('9.9 Mb/s');
    screen.agent.publish({
      cameras: cameras.map((camera) =>
        camera.id === 'c5'
          ? { ...camera, recording: 'streaming-error', connection: 'disconnected', reason: 'stream-ended' }
          : camera,
      ),
    });
    await screen.idle();
    expect(screen.text).toContain('camera ended the st');
  });
});

describe('text from outside', () => {
  it('cannot move the cursor, colour the screen or ring the bell', async () => {
    const evil = '\u001b[2J\u001b]0;owned\u0007\u009b31mred\u202Eback\r\nx';
    const status = sampleStatus();
    const [first, ...rest] = status.cameras;
    if (!first) throw new Error('the sample has no camera');
    const screen = await open({
      agent: new FakeAgent({
        status: {
          ...status,
          cameras: [{ ...first, name: evil, recording: 'recording-error', problem: evil }, ...rest],
          lastEvents: status.lastEvents.map((entry) => ({ ...entry, text: evil })),
          concerns: status.concerns.map((concern) => ({ ...concern, text: evil })),
        },
      }),
    });
    for (const page of ['1', '3', 'enter', 'esc', '4', 'enter', 'esc', '7']) await screen.press(page);
    const { written } = screen.terminal.output;
    expect(written).not.toContain('\u001b[2J');
    expect(written).not.toContain('\u001b]0;');
    expect(written).not.toContain('\u0007');
    expect(written).not.toContain('\u009b');
    expect(written).not.toContain('\u202e');
    expect(written).toContain('·[2J·]0;owned··31mredback x');
  });
});
