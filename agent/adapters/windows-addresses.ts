/** A virtual IP on Windows: in the active store only, so that a reboot never brings it back, and never a source address. */
import { z } from 'zod';
import type { ResourceConfig } from '../../src/contract/standby.ts';
import { AppError } from '../../src/errors.ts';
import type { CommandResult } from '../standby/resources/commands.ts';
import type { Action, Controller, ControllerDeps } from '../standby/resources/controller.ts';
import { interfaceOf } from '../standby/resources/kinds/ip.ts';
import { parseVirtualIp, sameAddress, type VirtualIp } from '../standby/resources/kinds/ip-address.ts';

const pollMs = 100;

/** The scripts never change: what differs comes through the environment, which PowerShell does not read as script. */
const scripts = {
  list: '@(Get-NetIPAddress -PolicyStore ActiveStore | Select-Object IPAddress, InterfaceAlias, PrefixLength, @{ n = "State"; e = { [int]$_.AddressState } }, SkipAsSource) | ConvertTo-Json -Compress',
  // What was known before is forgotten, and a datagram makes the system ask anew.
  neighbour: [
    'Remove-NetNeighbor -IPAddress $env:HF_ADDRESS -Confirm:$false -ErrorAction SilentlyContinue',
    '$udp = New-Object Net.Sockets.UdpClient ([Net.IPAddress]$env:HF_ADDRESS).AddressFamily',
    '[void]$udp.Send([byte[]](0), 1, $env:HF_ADDRESS, 9)',
    'Start-Sleep -Milliseconds 300',
    '@(Get-NetNeighbor -IPAddress $env:HF_ADDRESS -ErrorAction SilentlyContinue | Select-Object LinkLayerAddress, @{ n = "State"; e = { [int]$_.State } }) | ConvertTo-Json -Compress',
  ].join('; '),
  add: 'New-NetIPAddress -InterfaceAlias $env:HF_INTERFACE -IPAddress $env:HF_ADDRESS -PrefixLength $env:HF_PREFIX -SkipAsSource $true -PolicyStore ActiveStore -ErrorAction Stop | Out-Null',
  remove:
    'Remove-NetIPAddress -InterfaceAlias $env:HF_INTERFACE -IPAddress $env:HF_ADDRESS -PolicyStore ActiveStore -Confirm:$false -ErrorAction SilentlyContinue',
} as const;

/** MSFT_NetIPAddress.AddressState: 0 invalid, 1 tentative, 2 duplicate, 3 deprecated, 4 preferred. */
const tentative = 1;
const duplicate = 2;
const preferred = 4;
/** MSFT_NetNeighbor.State: 0 unreachable, 1 incomplete, 2 probe, 3 delay, 4 stale, 5 reachable, 6 permanent. */
const reachable = 5;

/** ConvertTo-Json of Windows PowerShell 5.1 writes a list of one as an object, and an empty list as nothing. */
const oneOrMany = <T extends z.ZodType>(item: T) => z.union([z.array(item), item.transform((one) => [one])]);
const addressesSchema = oneOrMany(
  z.object({ IPAddress: z.string(), InterfaceAlias: z.string(), State: z.number() }),
);
const neighboursSchema = oneOrMany(z.object({ LinkLayerAddress: z.string(), State: z.number() }));

export interface WindowsAddress {
  readonly address: string;
  readonly interfaceName: string;
  readonly state: number;
}

export function parseAddresses(output: string): WindowsAddress[] {
  const found = parseJson(addressesSchema, output);
  return found.map(({ IPAddress, InterfaceAlias, State }) => ({
    // A link-local address carries its zone: fe80::1%12.
    address: IPAddress.split('%')[0] ?? '',
    interfaceName: InterfaceAlias,
    state: State,
  }));
}

/** Hardware address of whoever answers, null for an entry that nobody answered. */
export function parseNeighbour(output: string): string | null {
  const found = parseJson(neighboursSchema, output);
  const answering = found.find(
    ({ LinkLayerAddress, State }) => State >= reachable && !/^[0-]*$/.test(LinkLayerAddress),
  );
  return answering?.LinkLayerAddress.replaceAll('-', ':').toLowerCase() ?? null;
}

export class WindowsAddressController implements Controller {
  readonly #deps: ControllerDeps;
  readonly #ip: VirtualIp;
  readonly #interface: string;

  constructor(config: Extract<ResourceConfig, { kind: 'ip' }>, deps: ControllerDeps) {
    if (config.virtualMac !== null)
      throw new AppError('unsupported', `${config.name}: a virtual hardware address works on Linux only`);
    this.#deps = deps;
    this.#ip = parseVirtualIp(config.address);
    this.#interface = interfaceOf(config, deps.nodeId);
  }

  async start({ signal }: Action): Promise<void> {
    if ((await this.#held(signal)) === null) {
      await this.#refuseDuplicate(signal);
      const result = await this.#powershell('add', signal);
      if (result.code !== 0)
        throw new AppError('unavailable', `${this.#ip.cidr} could not be added: ${result.lastLines}`);
    }
    await this.#settled(signal);
  }

  async stop({ signal }: Action): Promise<void> {
    await this.#powershell('remove', signal);
    if ((await this.#held(signal)) !== null)
      throw new AppError('internal', `${this.#ip.host} could not be removed from ${this.#interface}`);
  }

  async monitor({ signal }: Action): Promise<void> {
    const held = await this.#held(signal);
    if (held === null)
      throw new AppError('unavailable', `${this.#ip.host} is not on ${this.#interface} any more`);
    if (held.state === duplicate) throw this.#inUse();
  }

  async drop(signal: AbortSignal): Promise<void> {
    await this.#powershell('remove', signal);
  }

  /** Windows looks for duplicates itself, and announces the address when there is none. */
  async #settled(signal: AbortSignal): Promise<void> {
    for (;;) {
      const held = await this.#held(signal);
      if (held?.state === preferred) return;
      if (held?.state !== tentative) {
        await this.#powershell('remove', signal);
        throw held?.state === duplicate
          ? this.#inUse()
          : new AppError('unavailable', `${this.#ip.host} did not come up`);
      }
      await new Promise<void>((resolve) => this.#deps.clock.after(pollMs, resolve));
    }
  }

  async #refuseDuplicate(signal: AbortSignal): Promise<void> {
    const { output } = await this.#powershell('neighbour', signal);
    const holder = parseNeighbour(output);
    if (holder !== null) throw this.#inUse(holder);
  }

  async #held(signal: AbortSignal): Promise<WindowsAddress | null> {
    const result = await this.#powershell('list', signal);
    if (result.code !== 0) throw new AppError('internal', `cannot list the addresses: ${result.lastLines}`);
    const found = parseAddresses(result.output).find(({ address }) => sameAddress(this.#ip, address));
    if (found === undefined || found.interfaceName === this.#interface) return found ?? null;
    throw new AppError('conflict', `${this.#ip.host} is configured on ${found.interfaceName} already`, {
      hint: 'A virtual IP must not be set in the network settings of a node: the pair sets it.',
    });
  }

  #inUse(mac?: string): AppError {
    const who = mac === undefined ? '' : `: ${mac} answers for it`;
    return new AppError('conflict', `${this.#ip.host} is already in use on the network${who}`, {
      hint: 'Take the address from that machine, or choose another virtual IP.',
      ...(mac === undefined ? {} : { details: { mac } }),
    });
  }

  #powershell(script: keyof typeof scripts, signal: AbortSignal): Promise<CommandResult> {
    return this.#deps.commands.run({
      command: ['powershell.exe', '-NoProfile', '-NonInteractive', '-Command', scripts[script]],
      env: {
        HF_INTERFACE: this.#interface,
        HF_ADDRESS: this.#ip.host,
        HF_PREFIX: String(this.#ip.prefix),
      },
      signal,
    });
  }
}

function parseJson<T>(schema: z.ZodType<T[]>, output: string): T[] {
  const text = output.replace(/^\uFEFF/, '').trim();
  if (text === '') return [];
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('protocol', 'the answer of PowerShell has another form', { cause });
  }
}
