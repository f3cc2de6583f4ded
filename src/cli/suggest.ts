/** The known word that a mistyped one was most likely meant to be. */

const distanceMax = 2;

/** Null when none is near. */
export function closest(word: string, known: readonly string[]): string | null {
  let best: { name: string; distance: number } | null = null;
  for (const name of known) {
    const distance = name.startsWith(word) && word.length > 1 ? 1 : editDistance(word, name);
    // Half of a short word is no likeness.
    if (distance > distanceMax || distance * 2 > name.length) continue;
    if (best === null || distance < best.distance) best = { name, distance };
  }
  return best?.name ?? null;
}

/** Letters to insert, drop, change or swap with their neighbour. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > distanceMax) return distanceMax + 1;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(get(row, j) + 1, get(next, j - 1) + 1, get(row, j - 1) + change);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, get(before, j - 2) + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return get(row, b.length);
}

function get(row: readonly number[], at: number): number {
  return row[at] ?? Number.POSITIVE_INFINITY;
}
