/** What changes the node: forms, confirmations, the way in, the first steps; nothing dangerous happens by accident. */
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { FakeAgent } from '../support/fake-agent.ts';
import { sampleStatus } from '../support/sample-status.ts';
import { openConsole, type TestConsole, type TestConsoleOptions } from '../support/terminal-console.ts';

const opened: TestConsole[] = [];

async function open(options: TestConsoleOptions = {}): Promise<TestConsole> {
  const screen = await openConsole(options);
  opened.push(screen);
  return screen;
}

afterEach(async () => {
  for (const screen of opened.splice(0)) await screen.stop();
});

const changes = (screen: TestConsole): string[] =>
  screen.agent.calls.map(([name]) => name).filter((name) => name !== 'camera.probe');

/** The cursor onto the third space of the sample, disk1. */
const toDisk1 = ['2', 'G'];

describe('a dangerous question', () => {
  it('defaults to Cancel: Enter alone does nothing', async () => {
    const screen = await open();
    await screen.press(...toDisk1, 'I', 'enter', 'enter');
    expect(screen.text).not.toContain('Initialise disk1 again');
    expect(changes(screen)).toEqual([]);
  });

  it('refuses the wrong name and says that nothing was done', async () => {
    const screen = await open();
    await screen.press(...toDisk1, 'I');
    expect(screen.text).toContain('2.98 TB of');
    await screen.type('disk2');
    await screen.press('tab', 'tab', 'enter');
    expect(screen.text).toContain('The name does not match. Nothing was done.');
    expect(changes(screen)).toEqual([]);
  });

  it('acts when the name was typed and the verb pressed', async () => {
    const screen = await open();
    await screen.press(...toDisk1, 'I');
    await screen.type('disk1');
    await screen.press('tab', 'tab', 'enter');
    expect(screen.agent.calls).toEqual([['space.initialize', { id: 's1', confirm: 'disk1' }]]);
    expect(screen.text).toContain('Initialising /srv/video/disk1.');
  });

  it('goes from the right name on to the verb with Enter, from another one to Cancel', async () => {
    const screen = await open();
    await screen.press(...toDisk1, 'I');
    await screen.type('disk');
    await screen.press('enter', 'enter');
    expect(screen.text).not.toContain('Initialise disk1 again');
    await screen.press('I');
    await screen.type('disk1');
    await screen.press('enter');
    expect(changes(screen)).toEqual([]);
    await screen.press('enter');
    expect(changes(screen)).toEqual(['space.initialize']);
  });

  it('asks for the name before a normal space is restored, for nothing is recorded there meanwhile', async () => {
    const screen = await open();
    await screen.press(...toDisk1, 'R');
    expect(screen.text).toContain('needs no restoring');
    await screen.press('tab', 'tab', 'enter');
    expect(screen.text).toContain('The name does not match. Nothing was done.');
    await screen.type('disk1');
    await screen.press('tab', 'tab', 'enter');
    expect(screen.agent.calls).toEqual([['space.restore', { id: 's1', confirm: 'disk1' }]]);
  });

  it('shows the refusal of the node with its hint, and stays', async () => {
    const screen = await open();
    await screen.press('2', 'D');
    await screen.type('archive');
    screen.agent.refuse = new AppError('conflict', 'two cameras record into it', {
      hint: 'Move them first.',
    });
    await screen.press('tab', 'tab', 'enter');
    expect(screen.text).toContain('two cameras record into it');
    expect(screen.text).toContain('Move them first.');
    await screen.press('esc');
    expect(changes(screen)).toEqual([]);
  });

  it('is not even asked on a read-only console', async () => {
    const screen = await open({ readOnly: true });
    for (const keys of [
      ['2', 'a'],
      ['p'],
      ['G', 'I'],
      ['D'],
      ['3', 'a'],
      ['c'],
      ['o'],
      ['D'],
      ['8', 'p'],
      ['a'],
      ['D'],
    ]) {
      await screen.press(...keys);
      expect(screen.text).toContain('--read-only');
      expect(screen.text).not.toContain('[ Cancel ]');
    }
    expect(changes(screen)).toEqual([]);
  });
});

describe('adding a storage space', () => {
  it('walks the folders, proposes a quota, shows the sum, sends what was chosen', async () => {
    const screen = await open();
    await screen.press('2', 'a');
    expect(screen.text).toContain('/srv/video');
    expect(screen.text).toContain('system disk');
    await screen.press('enter', 'down', 'down', 'enter', 'enter');
    expect(screen.text).toContain('Folder  /srv/video/disk3');
    expect(screen.text).toContain('6.4 TB');
    expect(screen.text).toContain('All spaces together: 13.4 TB');
    await screen.press('ctrl-u');
    await screen.type('9TB');
    await screen.press('tab', 'tab', 'enter');
    expect(screen.text).toContain('Quota: only 7.2 TB are free');
    await screen.press('ctrl-u');
    await screen.type('500GB');
    await screen.press('tab', 'tab', 'enter');
    expect(screen.agent.calls).toEqual([
      ['space.add', { path: '/srv/video/disk3', quotaBytes: 500e9, allowSystemDisk: false }],
    ]);
    expect(screen.text).not.toContain('[ Cancel ]');
  });

  it('the system disk must be allowed expressly, and what is not empty typed', async () => {
    const screen = await open();
    await screen.press('2', 'a', 'G', 'enter', 'enter');
    expect(screen.text).toContain('no, I choose another folder');
    expect(screen.text).toContain('Not empty: type its path');
  });
});

describe('adding a camera', () => {
  async function fill(screen: TestConsole): Promise<void> {
    await screen.press('3', 'a');
    await screen.type('Yard');
    await screen.press('tab');
    await screen.type('192.0.2.99:554/live');
    await screen.press('tab');
    await screen.type('view er');
    await screen.press('tab');
    await screen.type('p@ss/word');
  }

  it('tries it first, hides the password, and adds it when it answers', async () => {
    const screen = await open();
    await fill(screen);
    expect(screen.text).toContain('*********');
    expect(screen.text).not.toContain('p@ss');
    await screen.press('shift-tab', 'shift-tab', 'shift-tab', 'shift-tab', 'shift-tab', 'shift-tab', 'enter');
    const source = {
      url: 'rtsp://view%20er:p%40ss%2Fword@192.0.2.99:554/live',
      transport: 'tcp',
      allowBasicAuth: false,
    };
    expect(screen.agent.calls).toEqual([
      ['camera.probe', source],
      ['camera.add', { ...source, name: 'Yard', channel: 9, pool: 'p1', plan: 'always' }],
    ]);
    expect(screen.text).toContain('The camera was added.');
  });

  it('stays open with the reason when it does not answer, and adds it on the second press', async () => {
    const screen = await open();
    screen.agent.probeOk = false;
    await fill(screen);
    await screen.press('shift-tab', 'shift-tab', 'shift-tab', 'shift-tab', 'shift-tab', 'shift-tab', 'enter');
    expect(screen.text).toContain('The camera refused the user or the password.');
    expect(changes(screen)).toEqual([]);
    await screen.press('enter');
    expect(changes(screen)).toEqual(['camera.add']);
  });

  it('takes a whole address that is pasted, with its scheme', async () => {
    const screen = await open();
    await screen.press('3', 'a');
    await screen.type('Yard');
    await screen.press('tab');
    await screen.paste('rtsp://192.0.2.99/live');
    for (let presses = 0; presses < 8; presses += 1) await screen.press('enter');
    await screen.press('enter');
    expect(screen.agent.calls[0]).toEqual([
      'camera.probe',
      { url: 'rtsp://192.0.2.99/live', transport: 'tcp', allowBasicAuth: false },
    ]);
  });

  it('refuses a name that another one has: commands could not tell them apart', async () => {
    const screen = await open();
    await screen.press('3', 'a');
    await screen.type('Server room');
    await screen.press('tab');
    await screen.type('192.0.2.99');
    await screen.press('shift-tab', 'shift-tab', 'shift-tab', 'shift-tab', 'enter');
    expect(screen.text).toMatch(/Name: c\d is called Server room already/);
    expect(screen.agent.calls).toEqual([]);
  });

  it('says at a choice how to choose', async () => {
    const screen = await open();
    await screen.press('3', 'a', 'shift-tab', 'shift-tab', 'shift-tab');
    expect(screen.lines.at(-1)).not.toContain('choose');
    await screen.press('shift-tab');
    expect(screen.lines.at(-1)).toContain('← → choose');
  });

  it('shows on the smallest terminal, too, what became of a try', async () => {
    const screen = await open({ size: { columns: 60, rows: 16 } });
    screen.agent.probeOk = false;
    await fill(screen);
    await screen.press('shift-tab', 'shift-tab', 'shift-tab', 'shift-tab', 'shift-tab', 'shift-tab', 'enter');
    expect(screen.text).toContain('The camera refused the user or the password.');
    expect(screen.text.replace(/[\s│]+/g, ' ')).toContain('Add camera once more adds it all the same.');
  });

  it('names the field that is wrong', async () => {
    const screen = await open();
    await screen.press('3', 'a', 'shift-tab', 'shift-tab', 'enter');
    expect(screen.text).toContain('Name: is needed');
  });
});

describe('a camera', () => {
  it('is switched off only after a question, and on again at once', async () => {
    const screen = await open();
    await screen.press('3', 'o');
    expect(screen.text).toContain('Switch Car park level 2 off');
    await screen.press('tab', 'enter');
    expect(screen.agent.calls).toEqual([['camera.edit', { id: 'c4', enabled: false }]]);
    await screen.press('down', 'down', 'down', 'o');
    expect(screen.agent.calls.at(-1)).toEqual(['camera.edit', { id: 'c7', enabled: true }]);
  });

  it('may be allowed to ask for the readable password afterwards, too', async () => {
    const screen = await open();
    await screen.press('3', 'c', 'tab', 'tab', 'tab', 'tab', 'tab');
    expect(screen.text).toMatch(/Basic auth +‹ as it is ›/);
    await screen.press('right', 'right', 'tab', 'tab', 'tab', 'tab', 'enter');
    expect(screen.agent.calls[0]?.[1]).toMatchObject({ id: 'c4', allowBasicAuth: true });
  });

  it('is changed without its address being sent again', async () => {
    const screen = await open();
    await screen.press('3', 'c', 'ctrl-u');
    await screen.type('Deck 2');
    await screen.press('shift-tab', 'shift-tab', 'enter');
    expect(screen.agent.calls).toEqual([
      ['camera.edit', { id: 'c4', name: 'Deck 2', channel: 4, pool: 'p2', transport: 'tcp', plan: 'always' }],
    ]);
  });
});

describe('the way in', () => {
  it('after a wrong password asks for it anew, and lets none of it reach another field', async () => {
    const screen = await open({ agent: new FakeAgent({ local: false, whoami: null }) });
    expect(screen.text).toMatch(/User +admin/);
    await screen.press('tab');
    await screen.type('hello-hill');
    await screen.press('enter', 'enter');
    expect(screen.text).toContain('user or password is wrong');
    expect(screen.text).not.toMatch(/Password +\*/);
    await screen.type('Correct-horse-9');
    expect(screen.text).toMatch(/Password +\*{15} /);
    await screen.press('enter');
    await screen.type('hello-hill');
    expect(screen.text).toMatch(/User +admin +│/);
    await screen.press('enter');
    expect(screen.lines[0]).toContain('› Home');
  });

  it('says that the session has ended, unless it was ended here', async () => {
    const screen = await open({ agent: new FakeAgent({ local: false }) });
    await screen.press('3');
    screen.agent.whoami = null;
    screen.agent.connect('disconnected');
    screen.agent.connect('connected');
    await screen.idle();
    expect(screen.text).toContain('The session has ended. Log in to go on.');
    await screen.press('tab');
    await screen.type('Correct-horse-9');
    await screen.press('enter', 'enter');
    expect(screen.lines[0]).toContain('› Recording');
    await screen.press(':');
    await screen.type('logout');
    await screen.press('enter');
    expect(screen.text).toContain('Password');
    expect(screen.text).not.toContain('The session has ended');
  });

  it('takes another name than the first user’s', async () => {
    const screen = await open({ agent: new FakeAgent({ local: false, whoami: null }) });
    await screen.type('anna');
    await screen.press('tab');
    await screen.type('Correct-horse-9');
    await screen.press('enter', 'enter');
    expect(screen.agent.whoami?.user).toBe('anna');
  });

  it('asks for user and password, says when they are wrong, then shows Home', async () => {
    const screen = await open({ agent: new FakeAgent({ local: false, whoami: null }) });
    expect(screen.text).toContain('https://store-01:6060');
    expect(screen.text).not.toContain('store-01 SINGLE');
    await screen.press('tab');
    await screen.type('wrong');
    await screen.press('tab', 'enter');
    expect(screen.text).toContain('user or password is wrong');
    await screen.type('Correct-horse-9');
    await screen.press('tab', 'enter');
    await screen.idle();
    expect(screen.lines[0]).toContain('store-01 SINGLE › Home');
  });

  it('shows the fingerprint of a node that is met for the first time', async () => {
    const agent = new FakeAgent({ local: false, whoami: null });
    const screen = await open({ agent, firstContact: () => '4D:64:70:46' });
    expect(screen.text).toContain('First contact.');
    expect(screen.text).toContain('4D:64:70:46');
  });

  it('lets nobody pass with the first password, and judges the new one while it is typed', async () => {
    const agent = new FakeAgent({
      local: false,
      whoami: { user: 'admin', role: 'admin', mustChangePassword: true, via: 'network', expiresAtMs: null },
    });
    const screen = await open({ agent });
    expect(screen.text).toContain('The first password must be changed');
    await screen.type('first');
    await screen.press('tab');
    await screen.type('short');
    expect(screen.text).toContain('at least 8 characters');
    await screen.type('er-Than-9');
    expect(screen.text).toContain('good; now the same once more');
    await screen.press('tab');
    await screen.type('shorter-Than-9');
    expect(screen.text).toContain('good: both are the same');
    await screen.press('tab', 'enter');
    await screen.idle();
    expect(agent.calls).toEqual([
      ['session.changePassword', { user: 'admin', current: 'first', next: 'shorter-Than-9' }],
    ]);
    expect(screen.lines[0]).toContain('› Home');
  });

  it('waits for a node that does not answer, and says why', async () => {
    const agent = new FakeAgent();
    agent.connect(
      'disconnected',
      new AppError('unavailable', 'no agent answers there', { hint: 'Start it: holdfast agent' }),
    );
    const screen = await open({ agent });
    expect(screen.text).toContain('no agent answers there');
    expect(screen.text).toContain('Start it: holdfast agent');
    agent.connect('connected');
    await screen.idle();
    expect(screen.lines[0]).toContain('store-01 SINGLE › Home');
  });
});

describe('the share of a pool', () => {
  it('shrinks below its video only when the name of the pool was typed', async () => {
    const agent = new FakeAgent();
    const [first] = agent.status.pools;
    if (!first) throw new Error('a sample without pools');
    const shares = [{ spaceId: 's1', bytes: 1e12, blocks: 100, free: 10 }];
    agent.status = { ...agent.status, pools: [{ ...first, id: 'p9', name: 'shrinking', shares }] };
    const screen = await open({ agent });
    await screen.press('2', '+', 'tab', 'ctrl-u');
    await screen.type('500GB');
    await screen.press('tab', 'enter');
    expect(screen.text).toContain('400 GB of the oldest video');
    expect(changes(screen)).toEqual([]);
    await screen.type('shrinking');
    await screen.press('tab', 'tab', 'enter');
    expect(agent.calls).toEqual([['pool.expand', { id: 'p9', share: { spaceId: 's1', bytes: 500e9 } }]]);
    expect(screen.text).toContain('The share was changed.');
    expect(screen.text).not.toContain('[ Cancel ]');
  });
});

describe('choosing a folder', () => {
  it('offers to make one that was typed and is not there, and walks into it', async () => {
    const screen = await open();
    await screen.press('2', 'a', 'p');
    await screen.type('/srv/new');
    await screen.press('enter', 'enter');
    expect(screen.text).toContain('There is no folder /srv/new on the node.');
    await screen.press('enter');
    expect(changes(screen)).toEqual([]);
    await screen.press('p');
    await screen.type('/srv/new');
    await screen.press('enter', 'enter', 'tab', 'enter');
    expect(screen.agent.calls).toEqual([['space.makeFolder', { path: '/srv/new' }]]);
    expect(screen.text).toContain('Use this folder');
    await screen.press('enter');
    expect(screen.text).toMatch(/Folder +\/srv\/new/);
  });

  it('walks into a new folder, so that Enter uses it and not the one above', async () => {
    const screen = await open();
    await screen.press('2', 'a', 'enter', 'n');
    await screen.type('disk9');
    await screen.press('enter', 'enter');
    expect(screen.agent.calls).toEqual([['space.makeFolder', { path: '/srv/video/disk9' }]]);
    await screen.press('enter');
    expect(screen.text).toMatch(/Folder +\/srv\/video\/disk9/);
  });

  it('says which part of a long list is on the screen', async () => {
    const screen = await open();
    await screen.press('2', 'a', 'down', 'enter');
    expect(screen.text).toMatch(/\/mnt\/nas +1 to 14 of 32/);
    await screen.press('G');
    expect(screen.text).toMatch(/\/mnt\/nas +19 to 32 of 32/);
  });
});

describe('the first steps', () => {
  const fresh = () =>
    new FakeAgent({
      status: sampleStatus({
        spaces: [],
        pools: [],
        cameras: [],
        concerns: [],
        setup: { passwordChanged: false, hasSpace: false, hasPool: false, hasCamera: false },
      }),
    });

  it('lead from the password to a recording camera', async () => {
    const agent = fresh();
    const screen = await open({ agent });
    expect(screen.text).toContain('First steps of this node');
    await screen.press('enter');
    await screen.type('Tall-ship-77');
    await screen.press('tab');
    await screen.type('Tall-ship-77');
    await screen.press('tab', 'enter');
    await screen.press('down', 'enter');
    expect(screen.text).toContain('needs a storage space first');
    agent.publish({
      spaces: sampleStatus()
        .spaces.slice(0, 1)
        .map((space) => ({ ...space, allocatedBytes: 0 })),
      setup: { passwordChanged: true, hasSpace: true, hasPool: false, hasCamera: false },
    });
    await screen.press('enter');
    expect(screen.text).toContain('Add a resource pool');
    await screen.press('shift-tab', 'shift-tab', 'enter');
    expect(agent.calls.at(-1)).toEqual([
      'pool.add',
      { name: 'main', shares: [{ spaceId: 's1', bytes: 4e12 }], strategy: 'capacity', maxLockedPercent: 20 },
    ]);
  });

  it('go on to the next step when the node reports that one is done', async () => {
    const agent = fresh();
    const screen = await open({ agent });
    await screen.press('enter');
    await screen.type('Tall-ship-77');
    await screen.press('tab');
    await screen.type('Tall-ship-77');
    await screen.press('tab', 'enter');
    expect(screen.text).toContain('▸ 2  Add a storage space');
    await screen.press('up');
    await screen.tick();
    expect(screen.text).toContain('▸ ✓  Change the first password');
  });

  it('can be left and found again', async () => {
    const screen = await open({ agent: fresh() });
    await screen.press('esc');
    expect(screen.lines[0]).toContain('› Home');
    await screen.press(':');
    await screen.type('setup');
    await screen.press('enter');
    expect(screen.text).toContain('First steps of this node');
  });

  it('end with what comes next', async () => {
    const screen = await open();
    await screen.press(':');
    await screen.type('wizard');
    await screen.press('enter');
    expect(screen.text).toContain('This node is ready.');
    expect(screen.text).toContain('What next');
    expect(screen.lines.at(-1)).toContain('Enter change it again');
    await screen.press('down');
    expect(screen.lines.at(-1)).toContain('Enter add another space');
  });

  it('are not put before a node of a pair, which may record nothing', async () => {
    const agent = fresh();
    agent.status = { ...agent.status, node: { ...agent.status.node, role: 'active' } };
    const screen = await open({ agent });
    expect(screen.lines[0]).toContain('› Home');
  });
});
