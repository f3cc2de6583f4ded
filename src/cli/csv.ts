/** Comma-separated values that a spreadsheet opens as text: quoted where needed, no cell can start a formula. */

export function csvLine(cells: readonly (string | number)[]): string {
  return cells.map(cell).join(',');
}

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
