/** `holdfast completion`: a script that teaches bash or zsh the commands and flags, made from the commands themselves. */
import { Argument, type Command } from 'commander';
import type { CommandHost } from '../command.ts';

const shells = ['bash', 'zsh'] as const;

export function addCompletion(program: Command, host: CommandHost): void {
  program
    .command('completion')
    .description('print a completion script for bash or zsh')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText(
      'after',
      `\nExamples:\n  $ source <(holdfast completion bash)\n  $ holdfast completion zsh > ~/.zsh/completions/_holdfast`,
    )
    .action((shell: string) => {
      host.io.stdout.write(shell === 'zsh' ? zshScript(program) : bashScript(program));
    });
}

/** Words that may follow each path of commands: `''`, `space`, `space add`. */
function completionWords(command: Command, path = ''): Map<string, string[]> {
  const flags = command.options.flatMap(({ long }) => (long ? [long] : []));
  const names = command.commands.map((child) => child.name());
  const words = new Map([[path, [...names, ...flags, '--help']]]);
  for (const child of command.commands) {
    const below = path === '' ? child.name() : `${path} ${child.name()}`;
    for (const entry of completionWords(child, below)) words.set(...entry);
  }
  return words;
}

function bashScript(program: Command): string {
  const cases = [...completionWords(program)].map(
    ([path, words]) => `    '${path}') words='${words.join(' ')}' ;;`,
  );
  return `_holdfast() {
  local word path='' at words=''
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    [[ $word == -* ]] && break
    case " $path $word" in
${[...completionWords(program).keys()]
  .filter((path) => path !== '')
  .map((path) => `      ${path.includes(' ') ? `' ${path}'` : `'  ${path}'`}) path='${path}' ;;`)
  .join('\n')}
    esac
  done
  case $path in
${cases.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
  [[ \${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -F _holdfast holdfast
`;
}

function zshScript(program: Command): string {
  return `#compdef holdfast
autoload -U +X bashcompinit && bashcompinit
${bashScript(program)}`;
}
