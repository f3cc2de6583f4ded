/** The console for people who do not see it, or not its colours. */
import { afterEach, describe, expect, it } from 'vitest';
import { FakeAgent } from '../support/fake-agent.ts';
import { openConsole, type TestConsole, utf8 } from '../support/terminal-console.ts';

let opened: TestConsole | undefined;
afterEach(async () => {
  await opened?.stop();
  opened = undefined;
});

describe('for a screen reader', () => {
  it('rows are sentences, without the alternate screen, drawings or the clock', async () => {
    const screen = await openConsole({ screenReader: true });
    opened = screen;
    await screen.press('4');
    expect(screen.text).toContain('Pages: 1 Home, 2 Storage, 3 Recording, 4 Inspection (here)');
    expect(screen.text).toContain('selected: Car park level 2: 07 h 0 of 60 min, 3600 s missing');
    expect(screen.text).not.toMatch(/[━·▸]/u);
    expect(screen.text).not.toContain('14:21:07');
    expect(screen.terminal.output.written).not.toContain('\u001b[?1049h');
  });

  it('is told the field it edits, and never a password', async () => {
    const screen = await openConsole({ screenReader: true });
    opened = screen;
    await screen.press('8', 'p');
    await screen.type('Tall-ship');
    expect(screen.text).toContain('Dialog: Change password');
    expect(screen.text).toContain('editing New password: 9 characters');
    expect(screen.terminal.output.written).not.toContain('Tall-ship');
  });

  it('nothing is written while nothing changes but the time', async () => {
    const screen = await openConsole({ screenReader: true });
    opened = screen;
    await screen.press('8');
    const before = screen.terminal.output.bytes;
    screen.agent.publish({ timeMs: screen.agent.status.timeMs + 1000 });
    await screen.idle();
    await screen.tick(1000);
    const later = screen.terminal.output.bytes - before;
    expect(later).toBeLessThan(100);
  });
});

describe('without seeing colours', () => {
  it('every trouble also has its own glyph or word', async () => {
    const screen = await openConsole({ skin: 'mono' });
    opened = screen;
    expect(screen.text).toContain('✗ 3 of 7 cameras are not recorded');
    await screen.press('3');
    expect(screen.text).toContain('✗ not stored');
    expect(screen.text).toContain('✓ recording');
    await screen.press('2');
    expect(screen.text).toContain('no space');
    expect(screen.text).toContain('lost');
  });

  it('what a field may hold is not taken for what it holds', async () => {
    const agent = new FakeAgent({ local: false, whoami: null });
    const screen = await openConsole({ agent, environment: { ...utf8, NO_COLOR: '1' } });
    opened = screen;
    expect(screen.text).toMatch(/User +\(admin\)/);
    await screen.press('a');
    expect(screen.text).toMatch(/User +a /);
  });

  it('the skin is changed from the palette while it runs', async () => {
    const screen = await openConsole();
    opened = screen;
    const before = screen.terminal.looks().join('');
    await screen.press(':');
    await screen.type('skin high-contrast');
    await screen.press('enter');
    expect(screen.terminal.looks().join('')).not.toBe(before);
    await screen.press(':');
    await screen.type('skin pink');
    await screen.press('enter');
    expect(screen.text).toContain('There is no skin "pink"');
  });
});
