/** Skins: what each tone looks like on a terminal of 256, 16 or no colours. Blue is well, orange is not: safe for colour-blind eyes. */
import type { Tone } from './format/line.ts';
import type { Glyphs } from './glyphs.ts';

export const skins = ['default', 'mono', 'high-contrast'] as const;
export type Skin = (typeof skins)[number];
export type ColourDepth = 0 | 16 | 256;

/** Parameters of an SGR sequence for each tone; the empty string leaves the terminal's own look. */
type Palette = Readonly<Record<Tone, string>>;

export interface Theme {
  skin: Skin;
  palette: Palette;
  /** Added to each span of the selected row. */
  selected: string;
  glyphs: Glyphs;
}

const deep: Palette = {
  text: '',
  strong: '1',
  dim: '38;5;246',
  title: '1;38;5;110',
  key: '38;5;117',
  accent: '38;5;117',
  good: '38;5;75',
  warn: '38;5;221',
  bad: '38;5;208',
  alarm: '1;38;5;208',
  bar: '38;5;252;48;5;236',
  'bar-strong': '1;38;5;255;48;5;236',
  'bar-good': '38;5;117;48;5;236',
  'bar-bad': '1;38;5;214;48;5;236',
  tab: '1;38;5;16;48;5;75',
  'cell-bad': '38;5;16;48;5;208',
  'cell-bad-odd': '38;5;16;48;5;215',
  cursor: '1;38;5;16;48;5;255',
  input: '4',
  button: '7',
  banner: '1;38;5;16;48;5;208',
};

const basic: Palette = {
  ...deep,
  dim: '90',
  title: '1;36',
  key: '36',
  accent: '36',
  good: '94',
  warn: '33',
  bad: '93',
  alarm: '1;93',
  bar: '7',
  'bar-strong': '1;7',
  'bar-good': '7',
  'bar-bad': '1;7',
  tab: '1;30;46',
  'cell-bad': '30;43',
  'cell-bad-odd': '30;103',
  cursor: '1;30;47',
  banner: '1;30;43',
};

const mono: Palette = {
  text: '',
  strong: '1',
  dim: '',
  title: '1',
  key: '1',
  accent: '',
  good: '',
  warn: '1',
  bad: '1',
  alarm: '1;4',
  bar: '7',
  'bar-strong': '1;7',
  'bar-good': '7',
  'bar-bad': '1;7',
  tab: '1;7',
  'cell-bad': '1;4',
  'cell-bad-odd': '1',
  cursor: '1;7',
  input: '4',
  button: '7',
  banner: '1;7',
};

const highContrast: Palette = {
  ...basic,
  text: '97',
  strong: '1;97',
  dim: '37',
  title: '1;97;4',
  key: '1;96',
  accent: '1;96',
  good: '1;96',
  warn: '1;93',
  bad: '1;93',
  alarm: '1;30;103',
  'cell-bad': '1;30;103',
  'cell-bad-odd': '1;30;107',
  cursor: '1;30;107',
  banner: '1;30;103',
};

const palettes: Readonly<Record<Skin, Readonly<Record<ColourDepth, Palette>>>> = {
  default: { 0: mono, 16: basic, 256: deep },
  mono: { 0: mono, 16: mono, 256: mono },
  'high-contrast': { 0: mono, 16: highContrast, 256: highContrast },
};

export function createTheme(skin: Skin, depth: ColourDepth, glyphs: Glyphs): Theme {
  const palette = palettes[skin][depth];
  const selected = palette === deep ? '48;5;238' : palette === mono ? '7' : '7';
  return { skin, palette, selected, glyphs };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Colours the terminal promises; `NO_COLOR` (any non-empty value) and `TERM=dumb` mean none. */
export function detectColourDepth(environment: Environment, windows = false): ColourDepth {
  const term = environment.TERM ?? '';
  if ((environment.NO_COLOR ?? '') !== '' || environment.FORCE_COLOR === '0' || term === 'dumb') return 0;
  if (windows || (environment.COLORTERM ?? '') !== '' || term.includes('256')) return 256;
  return 16;
}
