/** Leaving a console that was started together with its agent: of a pair's node it is asked first, and Enter alone does nothing. */
import { afterEach, describe, expect, it } from 'vitest';
import { FakeAgent } from '../support/fake-agent.ts';
import { sampleStatus } from '../support/sample-status.ts';
import { openConsole, type TestConsole, type TestConsoleOptions } from '../support/terminal-console.ts';

const opened: TestConsole[] = [];

async function open(
  role: 'single' | 'active' | 'standby',
  options: TestConsoleOptions = { endsAgent: true },
): Promise<{ screen: TestConsole; left: () => boolean }> {
  const status = sampleStatus();
  const agent = new FakeAgent({ status: { ...status, node: { ...status.node, role } } });
  const screen = await openConsole({ ...options, agent });
  opened.push(screen);
  let ended = false;
  void screen.running.ended.then(() => {
    ended = true;
  });
  return { screen, left: () => ended };
}

afterEach(async () => {
  for (const screen of opened.splice(0)) await screen.stop();
});

const question = 'Leave, and end the agent';

describe('a console whose agent ends with it', () => {
  it.each([
    ['active', 'the active node of its pair: the other node takes over'],
    ['standby', 'the standby of its pair: until it is started again'],
  ] as const)('asks before the %s node of a pair is left, and says what will happen', async (role, says) => {
    const { screen, left } = await open(role);
    await screen.press('q');
    expect(screen.text).toContain(question);
    expect(screen.text.replace(/[\s│|]+/g, ' ')).toContain(says);
    await screen.press('enter');
    expect(screen.text).not.toContain(question);
    expect(left()).toBe(false);
    await screen.press('q', 'tab', 'enter');
    await expect.poll(left).toBe(true);
  });

  it('asks too when it is told to quit by command or by Ctrl-C, and leaves when Ctrl-C insists', async () => {
    const { screen, left } = await open('active');
    await screen.press(':');
    await screen.type('quit');
    expect(screen.text).toContain('end its agent');
    await screen.press('enter');
    expect(screen.text).toContain(question);
    await screen.press('esc', 'ctrl-c');
    expect(screen.text).toContain(question);
    expect(left()).toBe(false);
    await screen.press('ctrl-c');
    await expect.poll(left).toBe(true);
  });

  it('is left at once where no pair is concerned', async () => {
    const { screen, left } = await open('single');
    await screen.press('q');
    await expect.poll(left).toBe(true);
  });
});

describe('a console beside an agent of its own', () => {
  it('is left at once, on the active node too: the agent goes on', async () => {
    const { screen, left } = await open('active', {});
    await screen.press('q');
    await expect.poll(left).toBe(true);
  });
});
