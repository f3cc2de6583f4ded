/** Names the programs that hold files, folders or mapped libraries below a mount point (Linux), for whoever must end them. */
import { readdir, readFile, readlink } from 'node:fs/promises';

const namedMax = 5;

/** `nginx (pid 123)`, at most five and then how many more. */
export async function holdersOfMount(mountPoint: string): Promise<string[]> {
  const names = await readdir('/proc').catch(() => []);
  const holders: string[] = [];
  for (const pid of names.filter((name) => /^\d+$/.test(name))) {
    if (!(await holds(pid, mountPoint))) continue;
    const comm = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '?');
    holders.push(`${comm.trim()} (pid ${pid})`);
  }
  if (holders.length <= namedMax) return holders;
  return [...holders.slice(0, namedMax), `${holders.length - namedMax} more`];
}

async function holds(pid: string, mountPoint: string): Promise<boolean> {
  const below = (path: string) => path === mountPoint || path.startsWith(`${mountPoint}/`);
  for (const link of ['cwd', 'root', 'exe']) {
    if (below(await readlink(`/proc/${pid}/${link}`).catch(() => ''))) return true;
  }
  for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    if (below(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))) return true;
  }
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8').catch(() => '');
  return maps.includes(` ${mountPoint}/`);
}
