/** What `/` does everywhere: text that must occur, or with `!` in front must not; letter case does not matter. */

/** True when a row of these texts is to be shown. Several words must all occur. */
export function passesFilter(filter: string, texts: readonly (string | null)[]): boolean {
  const inverted = filter.startsWith('!');
  const words = (inverted ? filter.slice(1) : filter)
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return true;
  const haystack = texts
    .filter((text) => text !== null)
    .join('\n')
    .toLowerCase();
  return words.every((word) => haystack.includes(word)) !== inverted;
}
