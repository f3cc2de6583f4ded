/** The glyphs a terminal can draw, in three tiers, chosen from its type and locale. */

export type GlyphTier = 'braille' | 'block' | 'ascii';

export interface Glyphs {
  tier: GlyphTier;
  /** Fractions of a filled cell, from the thinnest to the full one. */
  fill: readonly string[];
  locked: string;
  empty: string;
  /** Two cells of an hour that is fully recorded. */
  recorded: string;
  noPlan: string;
  unchecked: string;
  good: string;
  warn: string;
  bad: string;
  busy: string;
  pointer: string;
  crumb: string;
  rule: string;
  vertical: string;
  corners: readonly [string, string, string, string];
  up: string;
  down: string;
  bullet: string;
}

const block: Glyphs = {
  tier: 'block',
  fill: ['█'],
  locked: '▒',
  empty: '░',
  recorded: '══',
  noPlan: ' ·',
  unchecked: ' -',
  good: '√',
  warn: '!',
  bad: 'x',
  busy: '*',
  pointer: '►',
  crumb: '»',
  rule: '─',
  vertical: '│',
  corners: ['┌', '┐', '└', '┘'],
  up: '↑',
  down: '↓',
  bullet: '·',
};

const tiers: Readonly<Record<GlyphTier, Glyphs>> = {
  braille: {
    ...block,
    tier: 'braille',
    fill: ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'],
    recorded: '━━',
    good: '✓',
    bad: '✗',
    busy: '⠿',
    pointer: '▸',
    crumb: '›',
    corners: ['╭', '╮', '╰', '╯'],
  },
  block,
  ascii: {
    tier: 'ascii',
    fill: ['#'],
    locked: '+',
    empty: '.',
    recorded: '==',
    noPlan: ' .',
    unchecked: ' -',
    good: '+',
    warn: '!',
    bad: 'x',
    busy: '*',
    pointer: '>',
    crumb: '>',
    rule: '-',
    vertical: '|',
    corners: ['+', '+', '+', '+'],
    up: '^',
    down: 'v',
    bullet: '-',
  },
};

export function glyphsOf(tier: GlyphTier): Glyphs {
  return tiers[tier];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `--ascii` forces; a terminal without UTF-8 gets ASCII; a bare console font has blocks but no eighths and no braille. */
export function detectTier(
  environment: Environment,
  options: { ascii?: boolean; windows?: boolean } = {},
): GlyphTier {
  const term = environment.TERM ?? '';
  if (options.ascii === true || term === 'dumb') return 'ascii';
  if (options.windows === true) return environment.WT_SESSION === undefined ? 'block' : 'braille';
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || '';
  if (!/utf-?8/i.test(locale)) return 'ascii';
  return /^(linux|vt\d+|cons25|sun)/.test(term) ? 'block' : 'braille';
}
