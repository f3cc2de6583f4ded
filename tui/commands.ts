/** The commands of the palette that work on every page. */
import { passwordOverlay } from './gate.ts';
import type { Command, Page, Shell } from './shell.ts';
import { type Skin, skins } from './theme.ts';

const aliases: Readonly<Record<string, readonly string[]>> = {
  home: ['h'],
  storage: ['st', 'spaces', 'pools'],
  recording: ['rec', 'cameras'],
  inspection: ['ins', 'grid'],
  standby: ['stby'],
  receivers: ['alarms', 'group', 'devices', 'outputs'],
  log: ['events'],
  system: ['sys', 'about', 'users', 'sessions'],
  setup: ['wizard'],
};

export function globalCommands(
  shell: Shell,
  pages: readonly Page[],
  help: () => void,
  endsAgent: boolean,
): Command[] {
  const places = pages.map(
    (page): Command => ({
      name: page.id,
      aliases: aliases[page.id] ?? [],
      text: page.id === 'setup' ? 'first steps: password, space, pool, camera' : `page ${page.title}`,
      run: () => shell.go(page.id),
    }),
  );
  return [
    ...places,
    { name: 'help', aliases: ['?'], text: 'keys of this page', run: help },
    { name: 'refresh', aliases: ['r'], text: 'ask the node again', run: () => shell.reload() },
    { name: 'password', aliases: ['passwd'], text: 'change your password', run: () => changePassword(shell) },
    {
      name: 'skin',
      argument: skins.join('|'),
      text: 'colours of this console',
      run: (name) => chooseSkin(shell, name),
    },
    { name: 'logout', text: 'end this session', run: () => shell.logout() },
    {
      name: 'quit',
      aliases: ['q', 'exit'],
      text: endsAgent ? 'leave the console and end its agent' : 'leave the console; the agent goes on',
      run: () => shell.quit(),
    },
  ];
}

/** The dialog to change one's own password; on the local console that of the first account. */
export function changePassword(shell: Shell, done?: () => void): void {
  const { whoami } = shell.state();
  if (!whoami || !shell.mayChange()) return;
  const local = whoami.via === 'local';
  shell.open(
    passwordOverlay(shell, {
      user: local ? 'admin' : whoami.user,
      askCurrent: !local,
      forced: false,
      done: () => {
        shell.notify('The password was changed.', 'good');
        shell.reload();
        done?.();
      },
    }),
  );
}

function chooseSkin(shell: Shell, name: string) {
  const present = shell.state().skin;
  const next: Skin | undefined =
    name === '' ? skins[(skins.indexOf(present) + 1) % skins.length] : skins.find((skin) => skin === name);
  if (next === undefined)
    return shell.notify(`There is no skin "${name}". Skins: ${skins.join(', ')}`, 'warn');
  shell.setSkin(next);
}
