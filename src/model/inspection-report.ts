/** An inspected day as a file: CSV for spreadsheets, one self-contained HTML page, an SVG heat map. Pure, all text escaped. */
import type { GapReason, HourState, InspectionDay, InspectionHour } from '../contract/index.ts';

interface Look {
  readonly word: string;
  readonly fill: string;
  readonly ink: string;
}

/** Blue and orange can be told apart by nearly everybody; the text in a cell says the same without colour. */
const looks: Readonly<Record<HourState, Look>> = {
  normal: { word: 'recorded', fill: '#2b6cb0', ink: '#ffffff' },
  exception: { word: 'video is missing', fill: '#dd6b20', ink: '#000000' },
  'no-plan': { word: 'nothing planned', fill: '#edf2f7', ink: '#4a5568' },
  'event-plan': { word: 'on events only', fill: '#90cdf4', ink: '#000000' },
  unchecked: { word: 'not checked', fill: '#ffffff', ink: '#4a5568' },
};

const cellWidth = 30;
const cellHeight = 20;
const nameWidth = 220;
const nameCharsMax = 30;
const headHeight = 44;

/** Minutes held, with a sign for what is wrong: `60`, `58!`, `-`, `?`. */
function cellText(cell: InspectionHour): string {
  if (cell.state === 'exception') return `${cell.minutes}!`;
  if (cell.state === 'unchecked') return cell.minutes > 0 ? `${cell.minutes}?` : '?';
  if (cell.state === 'no-plan' && cell.minutes === 0) return '-';
  return String(cell.minutes);
}

function reasonText(reason: GapReason | null): string {
  return reason === null ? 'not explained' : reason.replaceAll('-', ' ');
}

function cellTitle(name: string, cell: InspectionHour): string {
  const parts = [`${name}, ${clock(cell)}`, looks[cell.state].word, `${cell.minutes} of 60 minutes`];
  if (cell.missingSeconds > 0) parts.push(`${cell.missingSeconds} s missing`, reasonText(cell.reason));
  return parts.join('; ');
}

function clock(cell: InspectionHour): string {
  return `${String(cell.hour).padStart(2, '0')}:00`;
}

/** Column heads of a day; an hour that the clock repeats has a star the second time. */
function hourHeads(day: InspectionDay): string[] {
  const hours = day.cameras[0]?.hours ?? [];
  return hours.map((cell, index) => {
    const isRepeated = hours.findIndex((other) => other.hour === cell.hour) < index;
    return `${String(cell.hour).padStart(2, '0')}${isRepeated ? '*' : ''}`;
  });
}

function escapeMarkup(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (sign) => entities[sign] ?? sign).replaceAll("'", '&#39;');
}

/** RFC 4180. A name that a spreadsheet would take for a formula is made text by a leading apostrophe. */
function csvField(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

const csvHead = [
  'camera_id',
  'camera',
  'channel',
  'start_utc',
  'hour',
  'state',
  'minutes',
  'missing_seconds',
  'reason',
];

/** One line per camera and hour, with a head line; lines end with CR LF. */
export function toCsv(day: InspectionDay): string {
  const lines = day.cameras.flatMap((camera) =>
    camera.hours.map((cell) => [
      camera.id,
      camera.name,
      camera.channel,
      isoOf(cell.startMs),
      cell.hour,
      cell.state,
      cell.minutes,
      cell.missingSeconds,
      cell.reason ?? '',
    ]),
  );
  return [csvHead, ...lines].map((line) => `${line.map(csvField).join(',')}\r\n`).join('');
}

function svgCell(name: string, cell: InspectionHour, x: number, y: number): string {
  const { fill, ink } = looks[cell.state];
  const title = `<title>${escapeMarkup(cellTitle(name, cell))}</title>`;
  const box = `<rect x="${x}" y="${y}" width="${cellWidth - 1}" height="${cellHeight - 1}" fill="${fill}" stroke="#cbd5e0"/>`;
  const text = `<text x="${x + cellWidth / 2}" y="${y + 14}" fill="${ink}" text-anchor="middle">${cellText(cell)}</text>`;
  return `<g>${title}${box}${text}</g>`;
}

function svgRow(camera: InspectionDay['cameras'][number], y: number): string {
  const short =
    camera.name.length > nameCharsMax ? `${camera.name.slice(0, nameCharsMax - 1)}…` : camera.name;
  const name = `<text x="4" y="${y + 14}">${escapeMarkup(short)}</text>`;
  const cells = camera.hours.map((cell, index) =>
    svgCell(camera.name, cell, nameWidth + index * cellWidth, y),
  );
  return name + cells.join('');
}

/** A heat map, a row per camera and a column per hour; every cell has its numbers as text and as tooltip. */
export function toSvg(day: InspectionDay): string {
  const heads = hourHeads(day);
  const width = nameWidth + Math.max(heads.length, 24) * cellWidth + 4;
  const height = headHeight + day.cameras.length * cellHeight + 4;
  const title = `Inspection of ${day.day}, ${day.timeZone}`;
  const columns = heads.map(
    (head, index) =>
      `<text x="${nameWidth + (index + 0.5) * cellWidth}" y="38" text-anchor="middle">${head}</text>`,
  );
  const rows = day.cameras.map((camera, row) => svgRow(camera, headHeight + row * cellHeight));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    ` role="img" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="4" y="16" font-size="14">${escapeMarkup(title)}</text>`,
    ...columns,
    ...rows,
    '</svg>\n',
  ].join('');
}

function legend(): string {
  const entries = Object.entries(looks).map(
    ([state, { word, fill, ink }]) =>
      `<li><b style="background:${fill};color:${ink}">${state}</b> ${word}</li>`,
  );
  return `<ul>${entries.join('')}</ul>`;
}

function exceptionRows(day: InspectionDay): string[] {
  return day.cameras.flatMap((camera) =>
    camera.hours
      .filter((cell) => cell.state === 'exception')
      .map((cell) => {
        const numbers = `<td>${cell.minutes}</td><td>${cell.missingSeconds}</td>`;
        const name = `<td>${escapeMarkup(camera.name)}</td>`;
        return `<tr>${name}<td>${clock(cell)}</td>${numbers}<td>${reasonText(cell.reason)}</td></tr>`;
      }),
  );
}

function exceptionTable(day: InspectionDay): string {
  const rows = exceptionRows(day);
  if (rows.length === 0) return '<p>No exceptions.</p>';
  const heads = ['Camera', 'Hour', 'Minutes held', 'Seconds missing', 'Reason'];
  const head = heads.map((text) => `<th scope="col">${text}</th>`).join('');
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
}

const style = [
  'body{font:14px sans-serif;margin:1.5em;color:#1a202c}',
  'table{border-collapse:collapse}',
  'td,th{border:1px solid #cbd5e0;padding:.2em .6em;text-align:left}',
  'ul{list-style:none;padding:0}',
  'li{display:inline-block;margin-right:1.5em}',
  'li b{border:1px solid #cbd5e0;padding:.1em .4em}',
].join('');

/** One page without scripts and without anything to load: heat map, legend, and the list of exceptions. */
export function toHtml(day: InspectionDay): string {
  const title = `Inspection of ${escapeMarkup(day.day)}`;
  const facts = `Time zone ${escapeMarkup(day.timeZone)}, ${day.cameras.length} cameras, checked to ${isoOf(day.checkedToMs)}.`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${title}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    `<h1>${title}</h1>`,
    `<p>${facts}</p>`,
    toSvg(day),
    legend(),
    '<h2>Exceptions</h2>',
    exceptionTable(day),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
