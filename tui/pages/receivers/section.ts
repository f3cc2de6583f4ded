/** One of the five views of the page: the page draws the tabs above it and hands it the keys. */
import type { Line } from '../../format/line.ts';
import type { Key } from '../../keys.ts';
import type { Command, Frame, HelpItem, Hint, PageFilter, Sheet } from '../../shell.ts';

export interface SectionView {
  /** At most as many as the frame has rows. */
  lines: readonly Line[];
  foot?: Line;
  hints: readonly Hint[];
  /** Behind the name of the page. */
  crumbs?: readonly string[];
}

export interface Section {
  title: string;
  help: readonly HelpItem[];
  /** Shown now, or to be asked anew. */
  load(): void;
  /** Once per refresh while shown. */
  tick(): void;
  view(frame: Frame): SectionView;
  key(key: Key): boolean;
  filter?: PageFilter;
  commands: readonly Command[];
  sheet(): Sheet | null;
  copyText(): string | null;
}
