/** Names and values in two columns, for details of one object. */
import { type Line, line, span, type Tone } from '../format/line.ts';
import { cellWidth, pad, wrap } from '../format/width.ts';

export interface Fact {
  name: string;
  value: string;
  tone?: Tone;
}

/** Long values continue under themselves. */
export function factLines(facts: readonly Fact[], width: number): Line[] {
  const nameWidth = Math.min(24, Math.max(...facts.map(({ name }) => cellWidth(name))) + 2);
  return facts.flatMap(({ name, value, tone }) => {
    const rows = value === '' ? ['-'] : wrap(value, Math.max(8, width - nameWidth));
    return rows.map((row, index) =>
      line(span(pad(index === 0 ? name : '', nameWidth), 'dim'), span(row, tone ?? 'text')),
    );
  });
}
