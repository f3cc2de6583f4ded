/** Event mappings at the keyboard: entered, changed, deleted, from and to a file, and refused where they are a copy. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { parseMappingFile } from '../../src/model/device-import.ts';
import { FakeAgent } from '../support/fake-agent.ts';
import { type FakeReceivers, spareGroup } from '../support/sample-alarms.ts';
import { openConsole, type TestConsole } from '../support/terminal-console.ts';

const opened: TestConsole[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-mappings-'));
});

afterEach(async () => {
  for (const screen of opened.splice(0)) await screen.stop();
  await rm(folder, { recursive: true });
});

async function open(
  patch: Partial<FakeReceivers> = {},
  keys: readonly string[] = [],
  size = { columns: 80, rows: 24 },
): Promise<TestConsole> {
  const agent = new FakeAgent();
  Object.assign(agent.receivers, patch);
  const screen = await openConsole({ folder, agent, size });
  opened.push(screen);
  await screen.press('6');
  await screen.tick();
  await screen.press('tab', 'tab', 'tab', 'tab', ...keys);
  return screen;
}

const foot = (screen: TestConsole): string => screen.lines.at(-2) ?? '';
const calls = (screen: TestConsole) => screen.agent.receivers.calls;
const through = (count: number): string[] => Array.from({ length: count + 1 }, () => 'enter');
const codes = (screen: TestConsole) => screen.agent.receivers.mappings.map(({ code }) => code);

describe('the event mappings', () => {
  it('are listed with what they are sent as, and how many are not forwarded', async () => {
    const screen = await open();
    expect(screen.text).toContain('3 event mappings  1 not forwarded');
    expect(screen.text).toMatch(/130 +- +- +BA +- +✓ yes/);
    expect(screen.text).toMatch(/BA +Burglary, hall +burglary/);
    await screen.press('G');
    expect(foot(screen)).toContain('RP  kept here, the ARC is not told');
  });

  it('say what there is to do when there is none', async () => {
    const screen = await open({ mappings: [] });
    expect(screen.text).toContain('codes mean what the standards say. a enters one, i imports.');
  });

  it('are found by code, words and category', async () => {
    const screen = await open({}, ['/']);
    await screen.type('hall');
    await screen.press('enter');
    expect(screen.text).toContain('1 of 1');
    expect(foot(screen)).toContain('BA');
    await screen.press('/', 'ctrl-u');
    await screen.type('!burglary');
    await screen.press('enter');
    expect(screen.text).toContain('1 of 2');
    expect(screen.text).not.toContain('Burglary, hall');
  });

  it('are entered in capitals, and the cursor goes to the new one', async () => {
    const screen = await open({}, ['a']);
    await screen.type('fa');
    await screen.press('tab');
    await screen.type('Fire, store');
    await screen.press('tab', 'right', 'right', 'tab');
    await screen.press('tab');
    await screen.type('11a');
    await screen.press(...through(2));
    expect(calls(screen)).toEqual([
      [
        'alarm.setMappings',
        {
          mappings: [
            {
              code: 'FA',
              words: 'Fire, store',
              category: 'fire',
              sia: null,
              contactId: '11A',
              forward: true,
            },
          ],
          replace: false,
        },
      ],
    ]);
    // The notice has its time.
    await screen.tick(10_000);
    expect(foot(screen)).toContain('FA  Fire, store, fire, sent as 11A in Contact ID, forwarded');
  });

  it('refuse a code that is none, and one that is mapped already', async () => {
    const screen = await open({}, ['a']);
    await screen.type('burglary');
    await screen.press(...through(6));
    expect(screen.text).toContain('Code: 130 (Contact ID) or BA (SIA)');
    await screen.press('ctrl-u');
    await screen.type('ba');
    await screen.press(...through(6));
    await screen.idle();
    expect(screen.text).toContain('code BA is mapped already');
    expect(calls(screen)).toEqual([]);
  });

  it('are changed, and say what it means that the ARC is not told', async () => {
    const screen = await open({}, ['down', 'enter', 'tab', 'tab', 'tab', 'tab', 'right']);
    expect(screen.text).toContain('Change the mapping of code BA');
    expect(screen.text).toContain('The ARC is not told of such events.');
    await screen.press(...through(1));
    expect(calls(screen)[0]).toEqual([
      'alarm.setMappings',
      {
        mappings: [
          {
            code: 'BA',
            words: 'Burglary, hall',
            category: 'burglary',
            sia: null,
            contactId: null,
            forward: false,
          },
        ],
        replace: false,
      },
    ]);
  });

  it('are deleted after a question, and what another console entered meanwhile stays', async () => {
    const screen = await open({}, ['G', 'D']);
    expect(screen.text).toContain('only kept now, go to the ARC from then on');
    await screen.press('enter');
    expect(calls(screen)).toEqual([]);
    await screen.press('D');
    const [template] = screen.agent.receivers.mappings;
    if (!template) throw new Error('the sample has no mapping');
    screen.agent.receivers.mappings = [...screen.agent.receivers.mappings, { ...template, code: 'ZZ' }];
    await screen.press('tab', 'enter');
    await screen.idle();
    expect(codes(screen)).toEqual(['130', 'BA', 'ZZ']);
  });

  it('show what the node refuses in the form', async () => {
    const screen = await open({ refuse: new AppError('forbidden', 'this needs the role admin') }, ['c']);
    await screen.press(...through(5));
    expect(screen.text).toContain('this needs the role admin');
    expect(screen.text).toContain('Change the mapping of code 130');
  });

  it('follow what others change', async () => {
    const screen = await open();
    screen.agent.receivers.mappings = screen.agent.receivers.mappings.slice(0, 1);
    await screen.tick(5_000);
    expect(screen.text).toContain('1 event mapping ');
  });

  it('are refused on a spare with the name of the host, before a form opens', async () => {
    const screen = await open({ group: spareGroup() });
    for (const key of ['a', 'c', 'enter', 'D', 'i']) {
      await screen.press(key);
      expect(foot(screen)).toMatch(/This receiver is spare-1: event mappings are \w+ on arc-1, the host/);
    }
    expect(calls(screen)).toEqual([]);
  });

  it('survive words from outside that would drive the terminal', async () => {
    const evil = '\u001b[2J\u001b]0;owned\u0007';
    const screen = await open();
    const [first] = screen.agent.receivers.mappings;
    if (!first) throw new Error('the sample has no mapping');
    screen.agent.receivers.mappings = [{ ...first, words: evil }];
    await screen.press('r');
    await screen.idle();
    expect(screen.terminal.output.written).not.toContain('\u001b[2J');
    expect(screen.terminal.output.written).not.toContain('\u0007');
  });
});

describe('a file of event mappings', () => {
  const told = { timeout: 10_000 };

  it('is tried first: problems with their lines, then what it would do, then done', async () => {
    const path = join(folder, 'codes.csv');
    await writeFile(path, 'code,words,category\nBA,Burglary,burglary\nxx9,What,fire\n');
    const screen = await open({}, ['i']);
    await screen.paste(path);
    await screen.press(...through(1), 'enter');
    await expect.poll(() => screen.text, told).toContain('the file has 1 problem');
    expect(screen.text).toContain('line 3: code');
    await writeFile(
      path,
      'code,words,category,forward\nBA,Burglary,burglary,yes\nRP,,,no\nOP,,,no\nFA,,fire,\n',
    );
    await screen.press('enter');
    await expect.poll(() => screen.text, told).toContain('2 mappings would be added, 1 changed, 1 stay');
    expect(screen.text).toMatch(/No longer forwarded to the ARC, only kept here: OP\./);
    expect(screen.text).not.toContain('Removed');
    expect(calls(screen)).toEqual([]);
    await screen.press('tab', 'enter');
    await screen.idle();
    expect(calls(screen)[0]?.[1]).toMatchObject({ replace: false });
    expect(codes(screen)).toEqual(['130', 'BA', 'FA', 'OP', 'RP']);
  });

  it('can take the place of all that there is, and names what goes', async () => {
    const path = join(folder, 'codes.json');
    await writeFile(path, JSON.stringify({ mappings: [{ code: 'FA', words: 'Fire' }] }));
    const screen = await open({}, ['i']);
    await screen.paste(path);
    await screen.press('tab', 'right', ...through(1));
    await expect.poll(() => screen.text, told).toMatch(/Removed.*130, BA, RP\./s);
    await screen.press('tab', 'enter');
    await screen.idle();
    expect(calls(screen)[0]?.[1]).toMatchObject({ replace: true });
    expect(codes(screen)).toEqual(['FA']);
  });

  it('that says what is there already changes nothing, and one that is not there is said so', async () => {
    const path = join(folder, 'codes.csv');
    await writeFile(path, 'code,forward\nRP,no\n');
    const screen = await open({}, ['i']);
    await screen.paste(join(folder, 'nothing.csv'));
    await screen.press(...through(1), 'enter');
    await expect.poll(() => screen.text, told).toContain('there is no file');
    await screen.press('up', 'up', 'ctrl-u');
    await screen.paste(path);
    await screen.press(...through(1), 'enter');
    await expect.poll(() => foot(screen), told).toContain('All 1 mapping of the file are there as they are.');
    expect(calls(screen)).toEqual([]);
  });

  it('is what export writes', async () => {
    const screen = await open({}, ['e']);
    const path = join(folder, 'holdfast-mappings.csv');
    await expect
      .poll(async () => (await readFile(path, 'utf8').catch(() => '')).split('\r\n').length, told)
      .toBe(5);
    const { items, problems } = parseMappingFile(await readFile(path, 'utf8'));
    expect(problems).toEqual([]);
    expect(items).toEqual(screen.agent.receivers.mappings);
  });
});
