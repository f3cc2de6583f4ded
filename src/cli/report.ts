/** The inspection of a day as a page (HTML) and as a picture (SVG), each one file without anything from outside. */
import type { InspectionDay, InspectionHour } from '../contract/index.ts';

/** Minutes held with a mark for what they mean, or only the mark where nothing is held. */
export function hourSign(hour: InspectionHour): string {
  if (hour.state === 'no-plan') return '.';
  if (hour.state === 'unchecked') return hour.minutes === 0 ? '?' : `${hour.minutes}?`;
  return hour.state === 'exception' ? `${hour.minutes}!` : String(hour.minutes);
}

const fills: Readonly<Record<InspectionHour['state'], string>> = {
  normal: '#9ec5e8',
  exception: '#f2a65a',
  'event-plan': '#d6c9ef',
  'no-plan': '#eeeeee',
  unchecked: '#ffffff',
};

const legend =
  'Number: minutes with video; orange with ! is an exception. A dot: no plan. A question mark: not over yet.';

/** A complete HTML document. */
export function inspectionHtml(day: InspectionDay): string {
  const rows = day.cameras.map((camera) => {
    const cells = camera.hours.map((hour) => {
      return `<td style="background:${fills[hour.state]}" title="${escapeMarkup(hourTitle(hour))}">${hourSign(hour)}</td>`;
    });
    return `<tr><th scope="row">${escapeMarkup(camera.name)} <small>${escapeMarkup(camera.id)} ch ${camera.channel}</small></th>${cells.join('')}</tr>`;
  });
  const hours = hourHeaders(day).map((hour) => `<th scope="col">${hour}</th>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Inspection ${day.day}</title>
<style>body{font:14px sans-serif;margin:2em}table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:2px 5px;text-align:center}th[scope=row]{text-align:left}small{color:#555}</style>
</head><body><h1>Inspection ${day.day}</h1><p>Time zone ${escapeMarkup(day.timeZone)}. ${legend}</p>
<table><thead><tr><th scope="col">camera</th>${hours.join('')}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table></body></html>
`;
}

const labelWidth = 180;
const cellWidth = 30;
const cellHeight = 22;

/** A complete SVG document. */
export function inspectionSvg(day: InspectionDay): string {
  const headers = hourHeaders(day);
  const width = labelWidth + headers.length * cellWidth + 10;
  const height = 70 + day.cameras.length * cellHeight;
  const titles = headers.map((hour, at) =>
    text(labelWidth + at * cellWidth + cellWidth / 2, 46, hour, 'middle'),
  );
  const rows = day.cameras.flatMap((camera, row) => {
    const top = 54 + row * cellHeight;
    const cells = camera.hours.map((hour, at) => {
      const left = labelWidth + at * cellWidth;
      const box = `<rect x="${left}" y="${top}" width="${cellWidth}" height="${cellHeight}" fill="${fills[hour.state]}" stroke="#bbb"><title>${escapeMarkup(hourTitle(hour))}</title></rect>`;
      return box + text(left + cellWidth / 2, top + 15, hourSign(hour), 'middle');
    });
    return [text(8, top + 15, camera.name.slice(0, 26), 'start'), ...cells];
  });
  const title = text(8, 20, `Inspection ${day.day}, ${day.timeZone}`, 'start');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>${title}
${[...titles, ...rows].join('\n')}
</svg>
`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${escapeMarkup(content)}</text>`;
}

/** Hours of the day as the node counts them: 23, 24 or 25. */
export function hourHeaders(day: InspectionDay): string[] {
  const hours =
    day.cameras[0]?.hours.map(({ hour }) => hour) ?? Array.from({ length: 24 }, (_, hour) => hour);
  return hours.map((hour) => String(hour).padStart(2, '0'));
}

function hourTitle(hour: InspectionHour): string {
  const missing = hour.missingSeconds === 0 ? '' : `, ${hour.missingSeconds} s missing`;
  return `${hour.state}, ${hour.minutes} min${missing}${hour.reason === null ? '' : `, ${hour.reason}`}`;
}

function escapeMarkup(raw: string): string {
  return raw
    .replace(/\p{Cc}+/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
