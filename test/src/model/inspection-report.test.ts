import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InspectionDay, InspectionHour } from '../../../src/contract/index.ts';
import { toCsv, toHtml, toSvg } from '../../../src/model/inspection-report.ts';
import { localDayHours } from '../../../src/model/zone.ts';

function dayOf(name = 'Gate', change: Partial<InspectionHour> = {}, day = '2026-10-25'): InspectionDay {
  const timeZone = 'Europe/Berlin';
  const hours = localDayHours(day, timeZone).map((hour, index): InspectionHour => {
    const base = { hour: hour.hour, startMs: hour.startMs, minutes: 60, missingSeconds: 0, reason: null };
    return { ...base, state: 'normal', ...(index === 3 ? change : {}) };
  });
  return {
    day,
    timeZone,
    checkedToMs: Date.UTC(2026, 9, 26),
    cameras: [{ id: 'c1', name, channel: 2, hours }],
  };
}
const bad = { state: 'exception', minutes: 58, missingSeconds: 120, reason: 'camera-unreachable' } as const;

/** Fails on anything that is not well nested. */
function checkNesting(markup: string): void {
  const open: string[] = [];
  for (const [, close, name = '', selfClosed] of markup.matchAll(/<(\/?)([a-zA-Z0-9]+)[^<>]*?(\/?)>/g)) {
    if (selfClosed || name === 'meta') continue;
    if (close) expect(open.pop()).toBe(name);
    else open.push(name);
  }
  expect(open).toEqual([]);
}

describe('the CSV report', () => {
  it('has a line for each of the 25 hours, told apart by their start', () => {
    const lines = toCsv(dayOf('Gate', bad)).split('\r\n');
    expect(lines).toHaveLength(1 + 25 + 1);
    expect(lines[0]).toBe('camera_id,camera,channel,start_utc,hour,state,minutes,missing_seconds,reason');
    expect(lines[3]).toBe('c1,Gate,2,2026-10-25T00:00:00Z,2,normal,60,0,');
    expect(lines[4]).toBe('c1,Gate,2,2026-10-25T01:00:00Z,2,exception,58,120,camera-unreachable');
  });

  it.each([
    ['a "b", c', '"a ""b"", c"'],
    ['=HYPERLINK("x")', `"'=HYPERLINK(""x"")"`],
    ['@cmd', "'@cmd"],
  ])('quotes %s', (name, field) => {
    expect(toCsv(dayOf(name)).split('\r\n')[1]).toContain(`c1,${field},2,`);
  });
});

describe('the SVG report', () => {
  it('names the repeated hour and says the state in words', () => {
    const svg = toSvg(dayOf('Gate', bad));
    expect(svg).toContain('>02*</text>');
    expect(svg).toContain('>58!</text>');
    expect(svg).toContain('video is missing; 58 of 60 minutes; 120 s missing; camera unreachable');
    expect(svg.match(/<rect /g)).toHaveLength(25 + 1);
    checkNesting(svg);
  });

  it('says so when nothing explains a loss', () => {
    expect(toSvg(dayOf('Gate', { ...bad, reason: null }))).toContain('120 s missing; not explained');
  });
});

describe('the HTML report', () => {
  it('lists the exceptions, or that there are none', () => {
    expect(toHtml(dayOf('Gate', bad))).toContain('<td>Gate</td><td>02:00</td><td>58</td><td>120</td>');
    expect(toHtml(dayOf())).toContain('No exceptions.');
  });

  it('loads nothing and runs nothing', () => {
    const html = toHtml(dayOf('Gate', bad));
    expect(html).not.toMatch(/<script|<link|<img|src=|href=|@import|url\(/i);
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:/);
  });

  it('is well nested whatever the camera is called, and shows the name as it is', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 30, unit: fc.constantFrom(...'<>&"\'/=ab-;!') }),
        (name) => {
          const html = toHtml(dayOf(name, bad));
          checkNesting(html.slice(html.indexOf('<html')));
          const shown = /<td>([^<]*)<\/td><td>02:00/.exec(html)?.[1] ?? '';
          const back = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" } as const;
          expect(shown.replace(/&[^;]+;/g, (entity) => back[entity as keyof typeof back] ?? '')).toBe(name);
        },
      ),
    );
  });

  it('reports an empty day', () => {
    const empty = { ...dayOf(), cameras: [] };
    expect(toHtml(empty)).toContain('0 cameras');
    expect(toCsv(empty).split('\r\n')).toHaveLength(2);
  });
});
