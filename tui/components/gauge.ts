/** A bar of used, locked, reserved and free space; readable without colour because each part has its own glyph. */
import { type Span, span, type Tone } from '../format/line.ts';
import type { Glyphs } from '../glyphs.ts';

export interface GaugeParts {
  total: number;
  /** Without what is locked. */
  used: number;
  locked?: number;
  reserve?: number;
}

/** Exactly `width` cells. */
export function gauge(parts: GaugeParts, width: number, glyphs: Glyphs, tone: Tone = 'good'): Span[] {
  if (parts.total <= 0) return [span(glyphs.empty.repeat(width), 'dim')];
  const cells = (value: number) => (Math.max(0, value) / parts.total) * width;
  const lockedCells = Math.min(width, ceilIfAny(cells(parts.locked ?? 0)));
  const reserveCells = Math.min(width - lockedCells, ceilIfAny(cells(parts.reserve ?? 0)));
  const room = width - lockedCells - reserveCells;
  const used = Math.min(room, cells(parts.used));
  const whole = Math.floor(used);
  const filled = glyphs.fill.at(-1) ?? '#';
  const rest = fraction(used - whole, glyphs);
  const bar = filled.repeat(whole) + (whole < room ? rest : '');
  const free = Math.max(0, room - whole - (whole < room ? rest.length : 0));
  return [
    span(bar, tone),
    span(glyphs.locked.repeat(lockedCells), 'warn'),
    span(glyphs.empty.repeat(free), 'dim'),
    span(':'.repeat(reserveCells), 'dim'),
  ];
}

function ceilIfAny(cells: number): number {
  return cells <= 0 ? 0 : Math.max(1, Math.round(cells));
}

function fraction(part: number, glyphs: Glyphs): string {
  const steps = glyphs.fill.length;
  const step = Math.floor(part * (steps + (steps === 1 ? 1 : 0)));
  if (steps === 1) return part >= 0.5 ? (glyphs.fill[0] ?? '') : '';
  return step === 0 ? '' : (glyphs.fill[step - 1] ?? '');
}

/** A plain progress bar, 0 to 100. */
export function progressBar(percent: number, width: number, glyphs: Glyphs): Span[] {
  return gauge({ total: 100, used: percent }, width, glyphs, 'accent');
}
