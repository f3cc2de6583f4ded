/** Help and completion: every level explains itself with examples, and completion knows what help knows. */
import { spawnSync } from 'node:child_process';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { processIo } from '../../../src/cli/io.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { cli } from './harness.ts';

function everyPath(command: Command, path: readonly string[] = []): string[][] {
  return [[...path], ...command.commands.flatMap((child) => everyPath(child, [...path, child.name()]))];
}

const program = createProgram({ io: processIo, exitWith: () => {} });
const paths = everyPath(program).filter((path) => path.at(-1) !== 'help');

describe('help', () => {
  it.each(paths)('of "%s %s" has examples', async (...path) => {
    const { code, stdout, stderr } = await cli([...path, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Usage: holdfast');
    expect(stdout).toContain('Examples:\n  $ ');
  });

  it('every example is a command that exists', () => {
    const known = paths.map((path) => path.join(' '));
    let examples = 0;
    for (const path of paths) {
      const command = path.reduce<Command>(
        (at, name) => at.commands.find((child) => child.name() === name) ?? at,
        program,
      );
      let text = '';
      command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
      for (const [, words] of text.matchAll(/\$ holdfast ((?:[a-z][a-z-]* ?)+)/g)) {
        const [first = '', second = ''] = (words ?? '').trim().split(' ');
        expect(known.includes(`${first} ${second}`) || known.includes(first), `holdfast ${words}`).toBe(true);
        examples += 1;
      }
    }
    expect(examples).toBeGreaterThan(60);
  });

  it('a noun alone shows its verbs and ends with 2', async () => {
    const { code, stderr } = await cli(['space']);
    expect(code).toBe(2);
    expect(stderr).toContain('browse');
  });
});

describe('completion', () => {
  const bash = spawnSync('bash', ['--version']).status === 0;
  if (!bash) console.warn('SKIPPED: completion in bash; install it with: apt-get install bash');

  it.skipIf(!bash).each([
    [['holdfast', 'sp'], ['space']],
    [
      ['holdfast', 'space', ''],
      ['list', 'add', 'browse', 'initialize', 'delete', 'restore', '--help'],
    ],
    [['holdfast', 'space', 'add', '--qu'], ['--quota']],
    [['holdfast', 'space', 'add', '/x', '--oth'], ['--other-disk']],
  ])('of %j offers %j', async (words, offered) => {
    const { stdout: script } = await cli(['completion', 'bash']);
    const probe = `${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync('bash', ['-c', probe], { encoding: 'utf8' });
    expect(stdout.trim().split('\n')).toEqual(offered);
  });

  it('knows zsh and no other shell', async () => {
    expect((await cli(['completion', 'zsh'])).stdout).toMatch(/^#compdef holdfast/);
    expect((await cli(['completion', 'fish'])).code).toBe(2);
  });
});
