/** Tables: aligned by what a terminal shows, and unable to drive it. */
import { describe, expect, it } from 'vitest';
import { formatTable } from '../../../src/cli/output.ts';
import { progressText } from '../../../src/cli/progress.ts';

const columns = [
  { title: 'name', value: (row: string[]) => row[0] ?? '' },
  { title: 'size', value: (row: string[]) => row[1] ?? '', align: 'right' as const },
  { title: 'last', value: (row: string[]) => row[2] ?? '' },
];
const plain = (_tone: unknown, text: string) => text;

describe('formatTable', () => {
  it('aligns columns, also with wide characters, and leaves no blanks at the end', () => {
    const lines = formatTable(
      [
        ['門', '1', 'x'],
        ['door', '1000', ''],
      ],
      columns,
      plain,
    );
    expect(lines).toEqual(['NAME  SIZE  LAST', '門       1  x', 'door  1000']);
  });

  it('lets no name reach the terminal as a command', () => {
    const [, line] = formatTable([['\u001b[2Jx', '\u0007', 'a\nb']], columns, plain);
    expect(line).not.toMatch(/\p{Cc}/u);
  });

  it('colours without breaking the alignment', () => {
    const tones = [{ title: 'a', value: () => 'x', tone: () => 'bad' as const }, ...columns.slice(0, 1)];
    const [, line] = formatTable([['y']], tones, (tone, text) => (tone === 'bad' ? `<${text}>` : text));
    expect(line).toBe('<x>  y');
  });
});

describe('progressText', () => {
  it('shows share, rate and time left, or only the amount when the total is not known', () => {
    const figures = { doneBytes: 25e6, totalBytes: 100e6, bytesPerSecond: 5e6, secondsLeft: 15 };
    expect(progressText('x', figures)).toBe('x  [######..................]  25 %  5 MB/s  15 s left');
    expect(progressText('x', { ...figures, totalBytes: null })).toBe('x  25 MB  5 MB/s');
  });
});
