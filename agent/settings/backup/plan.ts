/** Which backups of the settings to keep: the last of each of 48 hours, and of each of 30 days. Pure. */

export const hourlyMax = 48;
export const dailyMax = 30;

const pattern = /^settings-(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})Z\.json$/;

/** `settings-2026-11-20T10-15-00Z.json`: sorts by time, and is a file name on every system. */
export function backupName(nowMs: number): string {
  return `settings-${new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '-')}Z.json`;
}

/** `settings-of-version-1-2026-11-20T10-15-00Z.json`: no surplus ever, see below. */
export function migrationBackupName(version: unknown, nowMs: number): string {
  return backupName(nowMs).replace('settings-', `settings-of-version-${String(version).replace(/\W/g, '')}-`);
}

/** The names to remove; what is no backup is left alone. */
export function surplusBackups(names: readonly string[]): string[] {
  const backups = names
    .filter((name) => pattern.test(name))
    .sort()
    .reverse();
  const kept = new Set([
    ...newestOfEach(backups, (match) => `${match[1]} ${match[2]}`, hourlyMax),
    ...newestOfEach(backups, (match) => match[1] ?? '', dailyMax),
  ]);
  return backups.filter((name) => !kept.has(name));
}

function newestOfEach(
  newestFirst: readonly string[],
  key: (match: RegExpExecArray) => string,
  max: number,
): string[] {
  const seen = new Map<string, string>();
  for (const name of newestFirst) {
    const match = pattern.exec(name);
    if (match && !seen.has(key(match))) seen.set(key(match), name);
  }
  return [...seen.values()].slice(0, max);
}
