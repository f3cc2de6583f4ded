/** The installers: what they would do, what they refuse, that they keep data, and that each is valid for its shells. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

function install(...args: string[]) {
  const { status, stdout, stderr } = spawnSync('sh', ['install.sh', '--dry-run', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined;
}

describe.skipIf(process.platform === 'win32')('install.sh', () => {
  it('says step by step what it would do, and does nothing', () => {
    const { code, stdout, stderr } = install();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const step of [
      'would run: useradd --system',
      'would run: chown holdfast:holdfast /var/lib/holdfast',
      'would run: ln -sfn /opt/holdfast/bin/holdfast /usr/local/bin/holdfast',
      'would write: /etc/systemd/system/holdfast.service',
      'would run: systemctl enable holdfast.service',
      'ufw allow 6060/tcp',
    ]) {
      expect(stdout).toContain(step);
    }
  });

  it('writes a unit that restarts at once, is hardened, and runs the agent of the chosen folders', () => {
    const { stdout } = install(
      '--prefix',
      '/srv/hf',
      '--data',
      '/srv/data',
      '--user',
      'video',
      '--listen',
      '10.0.0.1:7000',
    );
    for (const line of [
      'User=video',
      'Restart=always',
      'RestartSec=250ms',
      'NoNewPrivileges=yes',
      'ProtectSystem=full',
      `ExecStart=/srv/hf/node_modules/node/bin/node --disable-warning=ExperimentalWarning /srv/hf/dist/agent/main.js --data /srv/data --listen \${HOLDFAST_LISTEN}`,
      'HOLDFAST_LISTEN=10.0.0.1:7000',
    ]) {
      expect(stdout.split('\n').map((text) => text.trim())).toContain(line);
    }
  });

  it('confines the service, and not that of a pair, which sets addresses, mounts volumes and starts services', () => {
    const unitOf = (...args: string[]) =>
      install(...args)
        .stdout.split('\n')
        .map((text) => text.trim());
    expect(unitOf()).toEqual(expect.arrayContaining(['User=holdfast', 'CapabilityBoundingSet=']));
    const pair = unitOf('--pair');
    expect(pair).toContain('User=root');
    const confined = /^(Protect|Private|Restrict|NoNewPrivileges|CapabilityBoundingSet)/;
    expect(pair.filter((text) => confined.test(text))).toEqual([]);
    expect(pair).toContain('WantedBy=multi-user.target');
  });

  it('lets the recorder and the guard outlive an agent that dies', () => {
    expect(install().stdout).toMatch(/^\s*KillMode=process$/m);
  });

  it.each([
    ['installing', []],
    ['uninstalling', ['--uninstall']],
  ])('%s never takes a folder of other programs that holds its link for its own', (_, args) => {
    const prefix = mkdtempSync(join(tmpdir(), 'hf-prefix-'));
    try {
      mkdirSync(join(prefix, 'bin'));
      writeFileSync(join(prefix, 'bin/other'), '');
      symlinkSync(join(root, 'bin/holdfast'), join(prefix, 'bin/holdfast'));
      const { code, stdout, stderr } = install(...args, '--prefix', prefix);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('holds no Holdfast');
    } finally {
      rmSync(prefix, { recursive: true });
    }
  });

  it('uninstalling removes program and service and touches no data', () => {
    const { code, stdout } = install('--uninstall');
    expect(code).toBe(0);
    const removed = stdout.split('\n').filter((line) => /would run: (rm|userdel)/.test(line));
    expect(removed).toEqual([
      'would run: rm -f /etc/systemd/system/holdfast.service',
      'would run: rm -f /usr/local/bin/holdfast',
      'would run: rm -rf /opt/holdfast',
    ]);
    expect(stdout).toContain('Kept: /var/lib/holdfast');
  });

  it.each([
    [['--prefix', '/']],
    [['--prefix', 'opt/holdfast']],
    [['--prefix', '/usr']],
    [['--data', '/opt/holdfast/data']],
    [['--data', '/srv/a b']],
    [['--data', '/srv/../etc']],
    [['--user', 'root;x']],
    [['--listen', '$(id)']],
    [['--listen']],
    [['--nonsense']],
  ])('refuses %j with a hint', (args) => {
    const { code, stderr } = install(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .+\nhint: .+/);
  });

  const shellcheck = isInstalled('shellcheck');
  if (!shellcheck) console.warn('SKIPPED: shellcheck; install it with: apt-get install shellcheck');

  it.skipIf(!shellcheck)('passes shellcheck, as do the other shell scripts', () => {
    const { stdout, status } = spawnSync('shellcheck', ['install.sh', 'bin/holdfast', '.ci/run'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});

/** What Windows PowerShell 5.1 cannot read although PowerShell 7 can; here-strings hold C# and are left out. */
function onlyInPowerShell7(script: string): string[] {
  const code = script
    .replace(/@'\r?\n[\s\S]*?\r?\n'@/g, "''")
    .replace(/<#[\s\S]*?#>/g, '')
    .replace(/'[^'\n]*'/g, "''")
    .replace(/"(?:`.|[^"`\n])*"/g, '""')
    .replace(/#.*$/gm, '');
  const patterns: Readonly<Record<string, RegExp>> = {
    'pipeline chain': /&&|\|\|/,
    'null coalescing': /\?\?/,
    'null conditional': /\$\{?\w+\}?\?[.[]/,
    ternary: /\s\?\s[^{].*\s:\s/,
    'parallel loop': /ForEach-Object\s+-Parallel/i,
    'clean block': /\bclean\s*\{/i,
  };
  return Object.entries(patterns).flatMap(([name, pattern]) => (pattern.test(code) ? [name] : []));
}

describe('install.ps1', () => {
  const script = readFileSync(`${root}install.ps1`, 'utf8');

  it('is readable for Windows PowerShell 5.1', () => {
    expect(onlyInPowerShell7(script)).toEqual([]);
    expect(script).not.toMatch(/\P{ASCII}/u);
  });

  it.each([
    ['a && b', 'pipeline chain'],
    ['a || b', 'pipeline chain'],
    ['$x = $y ?? 1', 'null coalescing'],
    [`\${y}?.Name`, 'null conditional'],
    ['$x = $y ? 1 : 2', 'ternary'],
    ['1..3 | ForEach-Object -Parallel { $_ }', 'parallel loop'],
  ])('the check finds %s', (line, found) => {
    expect(onlyInPowerShell7(line)).toEqual([found]);
  });

  it('has a dry run for every step, and its uninstalling keeps the data folder', () => {
    const changing =
      /^\s*(New-Service|Remove-Item|New-NetFirewallRule|Start-Service|Stop-Service|Copy-Item|Move-Item)\b/;
    let depth = 0;
    for (const line of script.split('\n')) {
      if (/Invoke-Step|function Build-ServiceHost/.test(line)) depth += 1;
      if (changing.test(line)) expect(depth, line).toBeGreaterThan(0);
      if (/^ {0,2}\}\s*$/.test(line)) depth = Math.max(0, depth - 1);
    }
    expect(script).not.toMatch(/Remove-Item[^\n]*\$Data/);
  });

  it('takes paths as they are written: a bracket is no wildcard, and no backslash stands before a closing quote', () => {
    const lines = script.split('\n');
    const onFiles = lines.filter((line) => /\b(Test-Path|(Remove|Copy|Move)-Item|Set-Content)\b/.test(line));
    expect(onFiles.length).toBeGreaterThan(8);
    expect(onFiles.filter((line) => !line.includes('-LiteralPath'))).toEqual([]);
    for (const name of ['Prefix', 'Data'])
      expect(lines).toContain(`$${name} = Get-FolderPath '-${name}' $${name}`);
    expect(script).toContain("[IO.Path]::GetFullPath($Path).TrimEnd('\\')");
  });

  it('gives no program an empty argument, which Windows PowerShell 5.1 leaves out', () => {
    expect(script.match(/Invoke-Program [^\n]*[ (,]''[^\n]*/g)).toBeNull();
  });

  it('sets the account of a service that it finds as well as of one that it makes', () => {
    expect(script).toMatch(/^ {2}Invoke-Step "let it run as \$account"/m);
  });

  it('ends what outlives the service before it removes the program', () => {
    const stop = script.slice(script.indexOf('function Stop-OldService'));
    expect(stop.slice(0, stop.indexOf('\n}'))).toMatch(/^ {2}Stop-Leftovers$/m);
  });

  const pwsh = isInstalled('pwsh');
  if (!pwsh)
    console.warn('SKIPPED: install.ps1 in PowerShell; install it with: snap install powershell --classic');

  it.skipIf(!pwsh)('parses without an error in PowerShell', () => {
    const parse = `$e = $null; [void][Management.Automation.Language.Parser]::ParseFile('${root}install.ps1', [ref]$null, [ref]$e); $e.Count`;
    expect(spawnSync('pwsh', ['-NoProfile', '-Command', parse], { encoding: 'utf8' }).stdout.trim()).toBe(
      '0',
    );
  });
});
