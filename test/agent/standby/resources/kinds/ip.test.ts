import { describe, expect, it } from 'vitest';
import { parseVirtualIp, sameAddress } from '../../../../../agent/standby/resources/kinds/ip-address.ts';
import { parseLinks } from '../../../../../agent/standby/resources/kinds/ip-links.ts';
import { fakeRunner, settled } from '../fakes.ts';

function rig() {
  const vip = { kind: 'ip', id: 'vip', address: '192.0.2.50/24', interfaces: { '*': 'eth0' } };
  const kernel = { held: false };
  const links = () =>
    JSON.stringify([
      { ifname: 'eth0', flags: ['UP', 'LOWER_UP'], addr_info: kernel.held ? [{ local: '192.0.2.50' }] : [] },
    ]);
  return { ...fakeRunner('linux', vip), kernel, links };
}

describe('dropping an address', () => {
  it('wins over an addition that the kernel carries out after the removal', async () => {
    const { clock, commands, runner, kernel, links } = rig();
    let adding = false;
    commands.answer = (line) => {
      if (line.includes('address show')) return { output: links() };
      if (line.includes('address replace')) {
        adding = true;
        return 'hang';
      }
      if (line.includes('address delete')) {
        // The killed `ip` had sent its request: it is carried out behind the first removal.
        kernel.held = adding;
        adding = false;
      }
      return {};
    };
    const starting = expect(runner.start(1)).rejects.toMatchObject({ code: 'conflict' });
    await clock.advance(200);
    expect(adding).toBe(true);
    await runner.dropAddresses();
    await starting;
    expect(kernel.held).toBe(false);
  });

  it('is over after half a second, and says so when the address may still be there', async () => {
    const { clock, commands, runner } = rig();
    commands.answer = () => 'hang';
    const dropping = expect(runner.dropAddresses()).rejects.toMatchObject({ code: 'timeout' });
    await clock.advance(501);
    await dropping;
  });

  it('says so when the system refuses', async () => {
    const { commands, runner, kernel, links } = rig();
    kernel.held = true;
    commands.answer = (line) => (line.includes('delete') ? { code: 2 } : { output: links() });
    await expect(runner.dropAddresses()).rejects.toThrow('192.0.2.50 could not be dropped from eth0');
  });
});

it('an address is announced at once, after five seconds and every minute, until it is stopped', async () => {
  const { clock, commands, runner, links } = rig();
  commands.answer = (line) => (line.includes('address show') ? { output: links() } : {});
  const announced = () => commands.lines.filter((line) => line.startsWith('arping -q')).length / 2;
  const started = runner.start(1);
  await clock.advance(200);
  await started;
  // Watching it is another test's business, and would find the address gone.
  commands.answer = (line) => (line.includes('address show') ? 'hang' : {});
  expect(announced()).toBe(1);
  await clock.advance(4_600);
  expect(announced()).toBe(1);
  await clock.advance(400);
  expect(announced()).toBe(2);
  await settled();
  void runner.stop().catch(() => undefined);
  await clock.advance(300_000);
  expect(announced()).toBe(2);
});

describe('addresses', () => {
  it.each([
    ['fd00::1/64', 'fd00:0:0:0:0:0:0:1', true],
    ['fd00::1/64', 'FD00::1', true],
    ['192.0.2.1/24', '192.0.2.1', true],
    ['192.0.2.1/24', '192.0.2.10', false],
    ['192.0.2.1/24', '::ffff:192.0.2.1', false],
    ['fd00::1/64', 'nonsense', false],
  ])('%s and %s: %s', (cidr, other, same) => {
    expect(sameAddress(parseVirtualIp(cidr), other)).toBe(same);
  });

  it.each(['not json', '{}', '[{"ifname":7}]'])('in an answer like %s are an error, not none', (text) => {
    expect(() => parseLinks(text)).toThrow(expect.objectContaining({ code: 'protocol' }));
  });
});
