/** The rules of the house that a machine can check, each proven to bite by a sample that breaks it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

interface SourceFile {
  /** From the root, with forward slashes. */
  path: string;
  text: string;
}

interface Rule {
  name: string;
  applies(path: string): boolean;
  /** What is wrong, empty when all is well. */
  problems(file: SourceFile): string[];
  /** Each breaks the rule. */
  bad: SourceFile[];
  good: SourceFile[];
}

const linesMax = 400;
const isProgram = (path: string) => /^(src|agent|tui)\/.*\.tsx?$/.test(path);
const isTest = (path: string) => /^test\/.*\.tsx?$/.test(path);
const isCode = (path: string) =>
  isProgram(path) || isTest(path) || /^(bench|scripts)\/.*\.(ts|mjs)$/.test(path);
const isPure = (path: string) => isProgram(path) && /(^|\/)(machine|codec|plan|schema)\.ts$/.test(path);
const folderOf = (path: string) => path.split('/')[0] ?? '';

/** The text without comments, so that prose may speak of what code must not do. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}

function importsOf(text: string): string[] {
  const found = withoutComments(text).matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

function matches(text: string, patterns: readonly RegExp[]): string[] {
  return patterns.flatMap((pattern) => text.match(pattern)?.[0] ?? []);
}

/** Which folder each may import from. */
const directions: Readonly<Record<string, readonly string[]>> = {
  src: ['src'],
  agent: ['agent', 'src'],
  tui: ['tui', 'src'],
};

// Words are put together, so that this file does not break its own rules.
const anyWord = 'a'.concat('ny');
const ignoreWord = 'ignore';
const focus = '.'.concat('only');
const skip = '.'.concat('skip');

const rules: Rule[] = [
  {
    name: 'tui and agent import src and themselves, src imports neither',
    applies: isProgram,
    problems: ({ path, text }) =>
      importsOf(text)
        .filter((target) => target.startsWith('.'))
        .map((target) => posix.join(posix.dirname(path), target))
        .filter((target) => !(directions[folderOf(path)] ?? []).includes(folderOf(target))),
    bad: [
      { path: 'src/a/b.ts', text: "import { x } from '../../agent/x.ts';" },
      { path: 'src/a.ts', text: "const x = await import('../tui/x.ts');" },
      { path: 'agent/a.ts', text: "import '../tui/x.ts';" },
      { path: 'tui/a.ts', text: "export { x } from '../agent/x.ts';" },
      { path: 'tui/a.ts', text: "import {\n  type x,\n} from '../test/x.ts';" },
    ],
    good: [
      { path: 'agent/a/b.ts', text: "import { x } from '../../src/x.ts';\nimport y from './c.ts';" },
      { path: 'src/a.ts', text: "// import { x } from '../agent/x.ts';" },
    ],
  },
  {
    name: 'pure files import no node: module and read neither clock nor chance',
    applies: isPure,
    problems: ({ text }) => [
      ...importsOf(text).filter((target) => target.startsWith('node:')),
      ...matches(withoutComments(text), [
        /\bDate\.now\b/,
        /\bnew Date\(\)/,
        /\bperformance\.now\b/,
        /\bMath\.random\b/,
        /\bcrypto\.(randomUUID|getRandomValues)\b/,
        /\bset(Timeout|Interval|Immediate)\(/,
        /\bprocess\./,
      ]),
    ],
    bad: [
      "import { join } from 'node:path';",
      'const t = Date.now();',
      'const t = new Date();',
      'const t = performance.now();',
      'const r = Math.random();',
      'setTimeout(f, 1);',
      'process.env.X;',
    ].map((text) => ({ path: 'agent/x/machine.ts', text })),
    good: [
      { path: 'agent/x/codec.ts', text: 'const d = new Date(utcMs); /* not Date.now() */' },
      { path: 'src/x/plan.ts', text: "import { z } from 'zod';" },
    ],
  },
  {
    name: `program files have at most ${linesMax} lines`,
    applies: isProgram,
    problems: ({ text }) => {
      const lines = text.trimEnd().split('\n').length;
      return lines > linesMax ? [`${lines} lines`] : [];
    },
    bad: [{ path: 'src/a.ts', text: 'x;\n'.repeat(linesMax + 1) }],
    good: [{ path: 'src/a.ts', text: 'x;\n'.repeat(linesMax) }],
  },
  {
    name: 'each file opens with a sentence on what it is',
    applies: (path) => isCode(path) && !path.includes('.test.'),
    problems: ({ text }) =>
      /^(#!.*\n)?\/\*\*[\s\S]*?[.!?:]\s*\*\//.test(text) ? [] : ['no opening comment'],
    bad: [
      { path: 'src/a.ts', text: "import x from 'x';\n/** Late. */" },
      { path: 'src/a.ts', text: '// A line comment.\n' },
      { path: 'src/a.ts', text: '/** no full stop */\n' },
    ],
    good: [
      { path: 'src/a.ts', text: '/** What it is. */\n' },
      { path: 'scripts/a.mjs', text: '#!/usr/bin/env node\n/**\n * What it is.\n */\n' },
    ],
  },
  {
    name: 'no type is given up and no check is silenced',
    applies: isCode,
    problems: ({ text }) => [
      ...matches(withoutComments(text), [
        new RegExp(`(:|\\bas|<|,|\\|)\\s*${anyWord}\\b(?=[\\s;,)>\\]|=[]|$)`, 'm'),
        new RegExp(`\\b${anyWord}\\[\\]`),
      ]),
      ...matches(text, [
        new RegExp(`@ts-(${ignoreWord}|expect-error|nocheck)`),
        new RegExp(`biome-${ignoreWord}|eslint-dis${'able'}|prettier-${ignoreWord}|v8 ${ignoreWord}`),
      ]),
    ],
    bad: [
      `const x: ${anyWord} = 1;`,
      `f(x as ${anyWord});`,
      `type A = Map<string, ${anyWord}>;`,
      `function f(x: ${anyWord}[]) {}`,
      `// @ts-${ignoreWord}`,
      `// biome-${ignoreWord} lint: why`,
    ].map((text) => ({ path: 'test/a.ts', text })),
    good: [
      { path: 'src/a.ts', text: `/** Whatever ${anyWord} caller wants: ${anyWord}. */ const many = 1;` },
    ],
  },
  {
    name: 'no test is left out or singled out, except for want of a program',
    applies: isTest,
    problems: ({ text }) =>
      matches(withoutComments(text), [
        new RegExp(`\\b(it|test|describe)(\\.\\w+)*\\${focus}\\b`),
        new RegExp(`\\b(it|test|describe)(\\.\\w+)*\\${skip}\\b`),
        /\b(it|test|describe)\.(todo|fails)\b/,
        /\b(xit|xdescribe|fit|fdescribe)\(/,
      ]),
    bad: [`it${focus}('x')`, `describe${skip}('x')`, `it.concurrent${skip}('x')`, 'it'.concat('.todo(1)')]
      .concat(['x'.concat("it('x')")])
      .map((text) => ({ path: 'test/a.test.ts', text })),
    good: [{ path: 'test/a.test.ts', text: `it${skip}If(!ffmpeg)('x', () => {})` }],
  },
  {
    name: 'imports name the file with its ending',
    applies: (path) => isProgram(path) || isTest(path),
    problems: ({ text }) =>
      importsOf(text).filter((target) => target.startsWith('.') && !/\.(tsx?|mjs|json)$/.test(target)),
    bad: [{ path: 'src/a.ts', text: "import { b } from './b';" }],
    good: [{ path: 'src/a.ts', text: "import { b } from './b.ts';" }],
  },
  {
    name: 'JSX is for the tui, names are kebab-case, and no file is a drawer for everything',
    applies: isProgram,
    problems: ({ path }) => [
      ...(path.endsWith('.tsx') && !path.startsWith('tui/') ? ['JSX outside of tui'] : []),
      ...(/(^|\/)(utils?|helpers?|misc|common-utils)\.tsx?$/.test(path) ? ['a name that says nothing'] : []),
      ...(/(^|\/)([A-Z][A-Za-z]*|[a-z0-9-]+)\.tsx?$/.test(path) ? [] : ['not kebab-case']),
    ],
    bad: ['src/utils.ts', 'agent/x/helper.ts', 'src/a.tsx', 'src/someThing.ts'].map((path) => ({
      path,
      text: '',
    })),
    good: ['src/some-thing.ts', 'tui/App.tsx'].map((path) => ({ path, text: '' })),
  },
  {
    name: 'nothing is exported by default',
    applies: isProgram,
    problems: ({ text }) => matches(withoutComments(text), [/^export default\b/m, /\bas default\b/]),
    bad: [{ path: 'src/a.ts', text: 'export default function f() {}' }],
    good: [{ path: 'src/a.ts', text: 'export function f() {}' }],
  },
];

/** Paths that exist on nobody else's machine, in any text of the repository. */
const foreignPaths = [
  new RegExp('/'.concat('work/')),
  new RegExp('/'.concat('home/(?!anna|user)[a-z]+/')),
  new RegExp('/'.concat('Users/[A-Za-z]+/')),
  new RegExp('/'.concat('root/[a-z.]')),
  new RegExp('registry\\.'.concat('npmjs|registry\\.', 'yarnpkg')),
];

const ignoredFolders = new Set(['node_modules', '.git', 'dist', '.holdfast', 'coverage']);

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!ignoredFolders.has(entry.name)) yield* filesBelow(path);
    } else if (entry.isFile()) {
      yield relative(root, path).replaceAll('\\', '/');
    }
  }
}

const textEndings = /\.(tsx?|mjs|md|json|sh|ps1|cmd|yml|yaml|py|txt)$|^(bin\/holdfast|\.ci\/run|LICENSE)$/;
const files: SourceFile[] = [...filesBelow(root)]
  .filter((path) => textEndings.test(path))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

describe.each(rules)('$name', (rule) => {
  it('holds everywhere', () => {
    const found = files
      .filter(({ path }) => rule.applies(path))
      .flatMap((file) => rule.problems(file).map((problem) => `${file.path}: ${problem}`));
    expect(found).toEqual([]);
  });

  it('bites', () => {
    for (const sample of rule.bad) expect(rule.problems(sample), sample.text || sample.path).not.toEqual([]);
    for (const sample of rule.good) expect(rule.problems(sample), sample.text || sample.path).toEqual([]);
  });
});

describe('the repository', () => {
  it('was read: the rules see its files', () => {
    for (const folder of ['src', 'agent', 'tui', 'test']) {
      expect(files.filter(({ path }) => folderOf(path) === folder).length, folder).toBeGreaterThan(10);
    }
    expect(files.filter(({ path }) => isPure(path)).length).toBeGreaterThan(5);
  });

  it('names no path of one machine and no host of a package registry', () => {
    const found = files.flatMap(({ path, text }) =>
      matches(text, foreignPaths).map((match) => `${path}: ${match}`),
    );
    expect(found).toEqual([]);
    expect(foreignPaths.some((pattern) => pattern.test('see /'.concat('work/x')))).toBe(true);
  });

  it.each([
    'README.md',
    'ARCHITECTURE.md',
    'CHANGELOG.md',
    'LICENSE',
    'docs/operator-guide.md',
    'agent/storage/DESIGN.md',
    'install.sh',
    'install.ps1',
    '.ci/run',
  ])('has %s', (path) => {
    expect(existsSync(join(root, path)), path).toBe(true);
    expect(readFileSync(join(root, path), 'utf8').length).toBeGreaterThan(200);
  });

  it('has documents whose links lead somewhere', () => {
    const broken = files
      .filter(({ path }) => path.endsWith('.md'))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
          .map((match) => match[1] ?? '')
          .filter((target) => !existsSync(join(root, dirname(path), target)))
          .map((target) => `${path}: ${target}`),
      );
    expect(broken).toEqual([]);
  });

  it('keeps ARCHITECTURE.md under 200 lines and decisions to a page', () => {
    const lines = (path: string) => readFileSync(join(root, path), 'utf8').trimEnd().split('\n').length;
    expect(lines('ARCHITECTURE.md')).toBeLessThan(200);
    for (const { path } of files.filter(({ path: each }) => each.startsWith('docs/decisions/'))) {
      expect(path).toMatch(/\/\d{4}-[a-z0-9-]+\.md$/);
      expect(lines(path), path).toBeLessThan(70);
    }
  });

  it('has a test file below test for what lies below it in the same place', () => {
    const folders = new Set(files.filter(({ path }) => isProgram(path)).map(({ path }) => dirname(path)));
    const stray = files
      .filter(({ path }) => /^test\/(src|agent|tui)\/.*\.test\.tsx?$/.test(path))
      .map(({ path }) => path)
      .filter((path) => !folders.has(dirname(path).slice('test/'.length)))
      .filter(
        (path) =>
          ![...folders].some((folder) => folder.startsWith(`${dirname(path).slice('test/'.length)}/`)),
      );
    expect(stray).toEqual([]);
  });
});
