import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAddresses, parseNeighbour } from '../../../agent/adapters/windows-addresses.ts';
import { fakeRunner, nodeId, pairOf, resource } from '../standby/resources/fakes.ts';

const output = (name: string) =>
  readFileSync(new URL(`../../../fixtures/windows/${name}.txt`, import.meta.url), 'utf8');

function rig(name = 'Ethernet 2') {
  const vip = { kind: 'ip', id: 'vip', address: '192.0.2.50/24', interfaces: { [nodeId]: name } };
  const { clock, commands, runner } = fakeRunner('win32', vip);
  /** Answers by what the script does; `lists` one after the other, the last one stays. */
  const answer = (lists: string[], neighbour: string) => {
    commands.answer = (line) => {
      if (line.includes('Get-NetIPAddress'))
        return { output: output((lists.length > 1 ? lists.shift() : lists[0]) ?? '') };
      return line.includes('Get-NetNeighbor') ? { output: output(neighbour) } : {};
    };
  };
  return { clock, commands, runner, answer };
}

describe('what PowerShell says', () => {
  it('of addresses is read as a list, as a single one, and as nothing', () => {
    expect(parseAddresses(output('addresses'))).toContainEqual({
      address: 'fe80::c4f1:73ab:9d12:44e0',
      interfaceName: 'Ethernet 2',
      state: 4,
    });
    expect(parseAddresses(output('addresses-vip-elsewhere'))).toEqual([
      { address: '192.0.2.50', interfaceName: 'Ethernet 3', state: 4 },
    ]);
    expect(parseAddresses('\r\n')).toEqual([]);
    expect(() => parseAddresses('Get-NetIPAddress : Access denied')).toThrow('has another form');
  });

  it('of a neighbour names who answers, and nobody for one that does not', () => {
    expect(parseNeighbour(output('neighbour-answers'))).toBe('02:00:5e:00:01:50');
    expect(parseNeighbour(output('neighbour-silent'))).toBeNull();
    expect(parseNeighbour(output('neighbour-none'))).toBeNull();
  });
});

describe('a virtual IP on Windows', () => {
  it('is added to the active store, skipped as source, and waited for; no name becomes script', async () => {
    const { clock, commands, runner, answer } = rig("Ethernet'; Stop-Computer; '");
    const name = "Ethernet'; Stop-Computer; '";
    const held = (state: number) => ({
      output: JSON.stringify([{ IPAddress: '192.0.2.50', InterfaceAlias: name, State: state }]),
    });
    answer(['addresses'], 'neighbour-silent');
    const plain = commands.answer;
    let lists = 0;
    commands.answer = (line, request) => {
      if (!line.includes('Get-NetIPAddress')) return plain(line, request);
      lists += 1;
      return lists === 1 ? plain(line, request) : held(lists === 2 ? 1 : 4);
    };
    const started = runner.start(1);
    await clock.advance(500);
    await started;
    const add = commands.calls.find(({ command }) => command.join(' ').includes('New-NetIPAddress'));
    expect(add?.command.join(' ')).toContain('-SkipAsSource $true -PolicyStore ActiveStore');
    expect(add?.env).toEqual({ HF_INTERFACE: name, HF_ADDRESS: '192.0.2.50', HF_PREFIX: '24' });
    for (const line of commands.lines) expect(line).not.toContain('Stop-Computer');
  });

  it('in use on the network is refused, with who answers', async () => {
    const { runner, commands, answer } = rig();
    answer(['addresses'], 'neighbour-answers');
    await expect(runner.start(1)).rejects.toThrow(
      'vip could not be started: 192.0.2.50 is already in use on the network: 02:00:5e:00:01:50 answers for it',
    );
    expect(commands.lines.some((line) => line.includes('New-NetIPAddress'))).toBe(false);
  });

  it('that Windows itself finds in use is taken back', async () => {
    const { clock, runner, commands, answer } = rig();
    answer(
      ['addresses', 'addresses-vip-tentative', 'addresses-vip-duplicate', 'addresses'],
      'neighbour-none',
    );
    const started = expect(runner.start(1)).rejects.toMatchObject({ code: 'conflict' });
    await clock.advance(1_000);
    await started;
    expect(commands.lines.some((line) => line.includes('Remove-NetIPAddress'))).toBe(true);
  });

  it('on another interface is refused', async () => {
    const { runner, answer } = rig();
    answer(['addresses-vip-elsewhere'], 'neighbour-none');
    await expect(runner.start(1)).rejects.toThrow('192.0.2.50 is configured on Ethernet 3 already');
  });

  it('is monitored, and stays an error when it cannot be removed', async () => {
    const { runner, answer } = rig();
    answer(['addresses-vip'], 'neighbour-none');
    await runner.start(1);
    await expect(runner.stop()).rejects.toThrow('192.0.2.50 could not be removed from Ethernet 2');
    answer(['addresses'], 'neighbour-none');
    await runner.stop();
    expect(runner.states()[0]?.state).toBe('stopped');
  });

  it('with a virtual hardware address, an OCF agent or a volume is refused', () => {
    const { runner } = rig();
    const more = [
      {
        kind: 'ip',
        id: 'x',
        address: '192.0.2.51/24',
        interfaces: { '*': 'e' },
        virtualMac: '02:00:00:00:00:01',
      },
      { kind: 'ocf', id: 'x', agent: 'heartbeat:Dummy' },
      { kind: 'volume', id: 'x', device: '//nas/v', mountPoint: '/v', fileSystem: 'cifs' },
    ];
    for (const wanted of more)
      expect(() => runner.configure(pairOf([resource(wanted)]), nodeId)).toThrow(
        expect.objectContaining({ code: 'unsupported' }),
      );
  });
});
