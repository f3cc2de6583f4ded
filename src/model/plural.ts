/** Counts in words: `1 device`, `2 devices`. Pure. */

/** For nouns that take an s. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
