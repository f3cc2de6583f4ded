/** Widths, cleaning, numbers and times as the screens need them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlayBox } from '../../tui/components/box.ts';
import { gauge } from '../../tui/components/gauge.ts';
import { clampList, moveList } from '../../tui/components/list.ts';
import { editText, insertText, textField, visibleText } from '../../tui/components/text-field.ts';
import { encodeLine } from '../../tui/encode.ts';
import { clean, cleanAscii } from '../../tui/format/clean.ts';
import { toCsv } from '../../tui/format/csv.ts';
import { passesFilter } from '../../tui/format/filter.ts';
import { cutLine, fitLine, line, lineWidth, sliceLine, span, spread } from '../../tui/format/line.ts';
import {
  formatBitRate,
  formatDuration,
  formatPercent,
  sizeForField,
  sizeFromField,
} from '../../tui/format/numbers.ts';
import {
  addDays,
  addMonths,
  clock,
  dayOf,
  isDay,
  recentMinute,
  weekday,
  zoneOffset,
} from '../../tui/format/time.ts';
import { cellWidth, pad, shorten, wrap } from '../../tui/format/width.ts';
import { detectTier, glyphsOf } from '../../tui/glyphs.ts';
import { safeFileName } from '../../tui/save.ts';
import { createTheme, detectColourDepth } from '../../tui/theme.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const control = /\p{Cc}|[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/u;
const esc = '\u001b';
const ourSequences = new RegExp(`${esc}\\[[\\d;]*m`, 'g');

describe('text from outside', () => {
  it('never keeps a control or an invisible character', () => {
    fc.assert(fc.property(anyText, (text) => !control.test(clean(text))));
  });

  it('cleaned twice is cleaned once', () => {
    fc.assert(fc.property(anyText, (text) => clean(clean(text)) === clean(text)));
  });

  it('becomes ASCII without UTF-8', () => {
    expect(cleanAscii('Tür Süd – 車庫…')).toBe('Tur Sud - ????~');
    fc.assert(fc.property(anyText, (text) => /^[ -~]*$/.test(cleanAscii(text))));
  });

  it('puts only colours of ours around itself on the wire', () => {
    const theme = createTheme('default', 256, glyphsOf('braille'));
    fc.assert(
      fc.property(anyText, (text) => {
        const encoded = encodeLine({ spans: [{ text, tone: 'bad' }] }, theme);
        return !control.test(encoded.replaceAll(ourSequences, ''));
      }),
    );
  });
});

describe('widths', () => {
  it('count cells, not characters', () => {
    expect(cellWidth('Kasse')).toBe(5);
    expect(cellWidth('車庫')).toBe(4);
    expect(cellWidth('e\u0301')).toBe(1);
  });

  it('are exact after padding, whatever the text', () => {
    fc.assert(
      fc.property(
        anyText,
        fc.integer({ min: 0, max: 40 }),
        (text, width) => cellWidth(pad(text, width)) === width,
      ),
    );
  });

  it('are never exceeded after shortening', () => {
    fc.assert(
      fc.property(
        anyText,
        fc.integer({ min: 1, max: 40 }),
        (text, width) => cellWidth(shorten(text, width)) <= width,
      ),
    );
    expect(shorten('Car park level 1', 10)).toBe('Car park…');
    expect(shorten('車庫車庫', 4)).toBe('車…');
  });

  it('hold for wrapped prose, and no word is lost', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,30}$/), { maxLength: 20 });
    fc.assert(
      fc.property(words, fc.integer({ min: 4, max: 40 }), (list, width) => {
        const rows = wrap(list.join(' '), width);
        expect(rows.every((row) => cellWidth(row) <= width)).toBe(true);
        expect(rows.join('').replaceAll(' ', '')).toBe(list.join(''));
      }),
    );
    expect(wrap('one two three four', 9, 2)).toEqual(['one two', 'three fo…']);
  });

  it('hold for rows of spans', () => {
    const row = line(span('abc', 'good'), span('車庫', 'bad'), 'xyz');
    expect(lineWidth(row)).toBe(10);
    expect(sliceLine(row, 2, 6).map(({ text }) => text)).toEqual(['c', '車 ']);
    expect(lineWidth(fitLine(row, 20))).toBe(20);
    expect(lineWidth(cutLine(row, 5))).toBe(5);
    expect(lineWidth(spread(row, line('right'), 12))).toBe(12);
  });
});

describe('numbers', () => {
  it('read well', () => {
    expect(formatBitRate(0)).toBe('-');
    expect(formatBitRate(4_249_000)).toBe('4.2 Mb/s');
    expect(formatBitRate(640_000)).toBe('640 kb/s');
    expect(formatDuration(59)).toBe('59 s');
    expect(formatDuration(7_800)).toBe('2 h 10 min');
    expect(formatDuration(12 * 86_400 + 4 * 3600)).toBe('12 d 4 h');
  });

  it('call nothing 0 that is something, and nothing 100 that is not all', () => {
    expect(formatPercent(0.2)).toBe('<1 %');
    expect(formatPercent(99.9)).toBe('99 %');
    expect(formatPercent(100)).toBe('100 %');
    expect(formatPercent(0)).toBe('0 %');
  });

  it('propose no more than there is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 50 }),
        (bytes) => (sizeFromField(sizeForField(bytes)) ?? Number.POSITIVE_INFINITY) <= bytes,
      ),
    );
    expect(sizeFromField('a lot')).toBeNull();
  });
});

describe('times', () => {
  it('are the node’s, whatever its zone', () => {
    const utcMs = Date.parse('2026-03-29T01:30:00Z');
    expect(clock(utcMs, 'Europe/Berlin')).toBe('03:30:00');
    expect(clock(utcMs, 'America/New_York')).toBe('21:30:00');
    expect(dayOf(utcMs, 'America/New_York')).toBe('2026-03-28');
    expect(clock(utcMs, 'No/Such_Zone')).toBe('01:30:00');
  });

  it('have the offset of their zone at that moment', () => {
    const winter = Date.parse('2026-01-15T12:00:00.700Z');
    expect(zoneOffset(winter, 'UTC')).toBe('UTC');
    expect(zoneOffset(winter, 'Europe/Berlin')).toBe('UTC+1');
    expect(zoneOffset(Date.parse('2026-07-15T12:00:00Z'), 'Europe/Berlin')).toBe('UTC+2');
    expect(zoneOffset(winter, 'Asia/Kolkata')).toBe('UTC+5:30');
    expect(zoneOffset(winter, 'America/St_Johns')).toBe('UTC-3:30');
    expect(zoneOffset(Date.parse('2026-01-15T23:30:00Z'), 'Pacific/Kiritimati')).toBe('UTC+14');
  });

  it('of what happened before today are a day and a minute, and need no more room', () => {
    const nowMs = Date.parse('2026-03-29T01:30:00Z');
    const told = (text: string) => recentMinute(Date.parse(text), nowMs, 'Europe/Berlin');
    expect(told('2026-03-29T00:10:20Z')).toBe('01:10:20');
    expect(told('2026-03-28T20:10:20Z')).toBe('03-28 21:10');
    expect(told('2025-12-31T20:10:20Z')).toBe('2025-12-31');
  });

  it('count days over months, leap years and the change of clocks', () => {
    expect(addDays('2026-03-28', 2)).toBe('2026-03-30');
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29');
    expect(addDays('2026-01-01', -1)).toBe('2025-12-31');
    expect(addMonths('2026-12', 1)).toBe('2027-01');
    expect(weekday('2026-11-20')).toBe('Fri');
    expect(isDay('2026-02-29')).toBe(false);
    expect(isDay('2026-02-28')).toBe(true);
  });
});

describe('the rest', () => {
  it('a spreadsheet runs nothing of what is exported', () => {
    expect(
      toCsv(
        ['a', 'b'],
        [
          ['=cmd()', 'x, "y"'],
          [null, -3],
        ],
      ),
    ).toBe('a,b\r\n\'=cmd(),"x, ""y"""\r\n,-3\r\n');
  });

  it('filters by all words, and inverts', () => {
    expect(passesFilter('gate nor', ['Gate north', null])).toBe(true);
    expect(passesFilter('gate south', ['Gate north', null])).toBe(false);
    expect(passesFilter('!gate', ['Gate north'])).toBe(false);
    expect(passesFilter('!', ['Gate north'])).toBe(true);
  });

  it('file names hold nothing that a shell or a disk takes amiss', () => {
    expect(safeFileName('../../etc/passwd')).toBe('etc-passwd');
    expect(safeFileName('Kasse 3 – Süd.mp4')).toBe('Kasse-3-Su-d.mp4');
    expect(safeFileName('///')).toBe('holdfast');
  });

  it('a gauge is as wide as asked, whatever the figures', () => {
    const bytes = fc.integer({ min: 0, max: 1e12 });
    fc.assert(
      fc.property(
        bytes,
        bytes,
        bytes,
        bytes,
        fc.integer({ min: 4, max: 60 }),
        fc.constantFrom('braille', 'block', 'ascii'),
        (total, used, locked, reserve, width, tier) =>
          lineWidth({ spans: gauge({ total, used, locked, reserve }, width, glyphsOf(tier)) }) === width,
      ),
    );
  });

  it('a list keeps its cursor inside, and the cursor on the screen', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.constantFrom('up', 'down', 'pageup', 'pagedown', 'g', 'G'), { maxLength: 30 }),
        (count, rows, keys) => {
          let cursor = clampList({ index: 0, top: 0 }, count, rows);
          for (const key of keys) cursor = moveList(cursor, key, count, rows) ?? cursor;
          expect(cursor.index).toBeGreaterThanOrEqual(0);
          expect(cursor.index).toBeLessThanOrEqual(Math.max(0, count - 1));
          expect(cursor.index - cursor.top).toBeLessThan(rows);
          expect(cursor.top).toBeLessThanOrEqual(cursor.index);
        },
      ),
    );
  });

  it('a text field edits by characters, not by halves of them', () => {
    const typed = insertText(textField('a'), '🚪b');
    expect(editText(typed, 'left')).toEqual({ text: 'a🚪b', at: 2 });
    expect(editText({ ...typed, at: 2 }, 'backspace')).toEqual({ text: 'ab', at: 1 });
    expect(editText(textField('one two'), 'ctrl-w')).toEqual({ text: 'one ', at: 4 });
    expect(visibleText(textField('secret'), 10, true).text).toBe('******');
    expect(visibleText(textField('0123456789'), 5, false)).toEqual({ text: '6789', column: 4 });
  });

  it('terminal and locale decide what is drawn', () => {
    expect(detectTier({ TERM: 'xterm-256color', LANG: 'de_DE.UTF-8' })).toBe('braille');
    expect(detectTier({ TERM: 'linux', LANG: 'C.UTF-8' })).toBe('block');
    expect(detectTier({ TERM: 'xterm', LANG: 'C' })).toBe('ascii');
    expect(detectTier({ TERM: 'xterm', LANG: 'de_DE.UTF-8', LC_ALL: 'C' })).toBe('ascii');
    expect(detectTier({ TERM: 'xterm', LANG: 'C.UTF-8' }, { ascii: true })).toBe('ascii');
    expect(detectTier({ WT_SESSION: 'x' }, { windows: true })).toBe('braille');
    expect(detectTier({}, { windows: true })).toBe('block');
  });

  it('terminal and NO_COLOR decide how many colours', () => {
    expect(detectColourDepth({ TERM: 'xterm-256color' })).toBe(256);
    expect(detectColourDepth({ TERM: 'linux' })).toBe(16);
    expect(detectColourDepth({ TERM: 'xterm-256color', NO_COLOR: '1' })).toBe(0);
    expect(detectColourDepth({ TERM: 'xterm-256color', NO_COLOR: '' })).toBe(256);
    expect(detectColourDepth({ TERM: 'dumb' })).toBe(0);
  });
});

describe('a box over the page', () => {
  it('keeps its frame where a row of the page is longer than the screen', () => {
    const size = { columns: 20, rows: 3 };
    const base = Array.from({ length: 3 }, () => line('a row that is much longer than the screen'));
    const box = { title: 'Box', lines: [line('inside')], width: 16 };
    const { lines } = overlayBox(base, box, size, glyphsOf('ascii'));
    for (const row of lines) expect(lineWidth(row)).toBe(20);
  });
});
