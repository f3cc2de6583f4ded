/** Where a program or worker of the agent lies: its source under type stripping, the JavaScript of it in `dist`. */

/** `source` names the `.ts` file, as in `new URL('./worker.ts', import.meta.url)`. */
export function entryUrl(source: URL): URL {
  const runsFromSource = import.meta.url.endsWith('.ts');
  return runsFromSource ? source : new URL(source.href.replace(/\.ts$/, '.js'));
}
