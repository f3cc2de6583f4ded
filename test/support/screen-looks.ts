/** The looks and sizes in which a page is held against its approved screens, and how. */
import { expect } from 'vitest';
import { type TestConsole, utf8 } from './terminal-console.ts';

const looks = [
  { name: 'default', environment: utf8, ascii: false },
  { name: 'mono', environment: { ...utf8, NO_COLOR: '1' }, ascii: false },
  { name: 'ascii', environment: utf8, ascii: true },
] as const;
const sizes = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
  { columns: 60, rows: 16 },
] as const;

interface Look {
  readonly look: (typeof looks)[number];
  readonly size: (typeof sizes)[number];
}

/** Each state in the default look at every size, and in the others at 80 x 24; what `everywhere` says, in all of them. */
export function eachLook<State>(
  states: readonly State[],
  everywhere: (state: State) => boolean = () => false,
): (Look & { readonly state: State })[] {
  return states
    .flatMap((state) => looks.flatMap((look) => sizes.map((size) => ({ state, look, size }))))
    .filter(({ state, look, size }) => everywhere(state) || look.name === 'default' || size.columns === 80);
}

/** Whole, in place, and as `fixtures/screens` has it: text and colours. */
export async function expectApproved(screen: TestConsole, name: string, { look, size }: Look): Promise<void> {
  expect(screen.terminal.scrolledRows()).toBe(0);
  expect(screen.lines).toHaveLength(size.rows);
  expect(screen.lines[0]).toContain('store-01');
  const golden = `${screen.text}\n${'~'.repeat(20)}\n${screen.terminal.looks().join('\n')}\n`;
  const file = `../../fixtures/screens/${name}-${size.columns}x${size.rows}-${look.name}.txt`;
  await expect(golden).toMatchFileSnapshot(file);
}
