/** The virtual IP on Linux: never taken while somebody else answers for it, announced while held, gone at once when dropped. */
import type { ResourceConfig } from '../../../../src/contract/standby.ts';
import { AppError } from '../../../../src/errors.ts';
import type { Commands } from '../commands.ts';
import type { Action, Controller, ControllerDeps } from '../controller.ts';
import { Announcer } from './announce.ts';
import { whoHas } from './duplicate.ts';
import { parseVirtualIp, sameAddress, type VirtualIp } from './ip-address.ts';
import { canSolicit, holdersOf, type Link, readLinks } from './ip-links.ts';
import { announceByKernel, macvlanName, makeMacvlan, must } from './virtual-mac.ts';

type IpConfig = Extract<ResourceConfig, { kind: 'ip' }>;

const dadPollMs = 50;
const takeBackMs = 10_000;

/** `invalid_input` when the config names no interface for this node. */
export function interfaceOf(config: IpConfig, nodeId: string): string {
  const name = config.interfaces[nodeId] ?? config.interfaces['*'];
  if (name !== undefined && /^[^-\p{Cc}][^\p{Cc}]*$/u.test(name)) return name;
  throw new AppError('invalid_input', `${config.name} names no network interface for node ${nodeId}`, {
    hint: 'Choose the interface that carries the service network on this node.',
  });
}

export class IpController implements Controller {
  readonly #deps: ControllerDeps;
  readonly #commands: Commands;
  readonly #id: string;
  readonly #ip: VirtualIp;
  /** The one that the config names. */
  readonly #parent: string;
  /** The one that holds the address: the parent, or a macvlan on it. */
  readonly #carrier: string;
  readonly #virtualMac: string | null;
  readonly #announcer: Announcer;
  /** Counts drops: a start that is under way when one comes takes its address back. */
  #drops = 0;
  #starting: Promise<void> | null = null;

  constructor(config: IpConfig, deps: ControllerDeps) {
    this.#deps = deps;
    this.#commands = deps.commands;
    this.#id = config.id;
    this.#ip = parseVirtualIp(config.address);
    this.#parent = interfaceOf(config, deps.nodeId);
    this.#virtualMac = config.virtualMac;
    this.#carrier = config.virtualMac === null ? this.#parent : macvlanName(`${deps.pairId}/${config.id}`);
    this.#announcer = new Announcer({
      commands: deps.commands,
      clock: deps.clock,
      ip: this.#ip,
      onTrouble: (problem) =>
        deps.onEvent({
          level: 'warning',
          event: 'resource.not-announced',
          subject: config.id,
          text: `${config.name}: ${this.#ip.host} is up and cannot be announced again: ${problem}. Neighbours may need up to a minute to find it.`,
        }),
    });
  }

  start(action: Action): Promise<void> {
    const starting = this.#start(action);
    const ended = starting.then(
      () => undefined,
      () => undefined,
    );
    this.#starting = ended.finally(() => {
      this.#starting = null;
    });
    return starting;
  }

  async #start({ signal }: Action): Promise<void> {
    const drops = this.#drops;
    try {
      await this.#takeUnlessHeld(signal);
    } finally {
      if (drops !== this.#drops) await this.#remove(AbortSignal.timeout(takeBackMs));
    }
    if (drops !== this.#drops)
      throw new AppError('conflict', `${this.#ip.host} was dropped while it started`);
    this.#announcer.start(this.#carrier);
  }

  async stop({ signal }: Action): Promise<void> {
    this.#announcer.stop();
    if (await this.#remove(signal)) return;
    const holders = holdersOf(await readLinks(this.#commands, signal), this.#ip);
    if (holders.some(({ name }) => name === this.#carrier))
      throw new AppError('internal', `${this.#ip.host} could not be removed from ${this.#carrier}`);
  }

  async monitor({ signal }: Action): Promise<void> {
    const links = await readLinks(this.#commands, signal);
    this.#requireCarrier(links);
    const link = links.find(({ name }) => name === this.#carrier);
    const held = link?.addresses.find(({ local }) => sameAddress(this.#ip, local));
    if (held === undefined)
      throw new AppError('unavailable', `${this.#ip.host} is not on ${this.#carrier} any more`);
    if (held.duplicate) throw new AppError('conflict', `${this.#ip.host} is in use by another machine`);
  }

  async drop(signal: AbortSignal): Promise<void> {
    this.#drops += 1;
    this.#announcer.stop();
    const starting = this.#starting;
    const [removed] = await Promise.all([this.#remove(signal), starting]);
    if (removed && starting === null) return;
    const holders = holdersOf(await readLinks(this.#commands, signal), this.#ip);
    if (holders.some(({ name }) => name === this.#carrier))
      throw new AppError('internal', `${this.#ip.host} could not be dropped from ${this.#carrier}`);
  }

  async #takeUnlessHeld(signal: AbortSignal): Promise<void> {
    const links = await readLinks(this.#commands, signal);
    const parent = this.#requireCarrier(links);
    const holders = holdersOf(links, this.#ip);
    const other = holders.find(({ name }) => name !== this.#carrier);
    if (other !== undefined) {
      throw new AppError('conflict', `${this.#ip.host} is configured on ${other.name} of this node already`, {
        hint: 'A virtual IP must not be set in the network settings of a node: the pair sets it.',
      });
    }
    if (holders.length === 0) await this.#take(parent, signal);
    else await this.#add([], signal);
  }

  #requireCarrier(links: readonly Link[]): Link {
    const parent = links.find(({ name }) => name === this.#parent);
    if (parent === undefined) {
      throw new AppError('not_found', `this node has no interface ${this.#parent}`, {
        hint: 'Choose the interface that carries the service network on this node.',
      });
    }
    if (parent.hasCarrier) return parent;
    throw new AppError('unavailable', `${this.#parent} has no link`, {
      hint: 'Check the cable and the switch of the service network.',
    });
  }

  /**
   * Our own question takes a sixth of a second, the kernel's for IPv6 up to two: that one is left out where ours can be
   * asked.
   */
  async #take(parent: Link, signal: AbortSignal): Promise<void> {
    const asked = this.#ip.family === 4 || canSolicit(parent);
    if (asked) await this.#refuseDuplicate(signal);
    if (this.#virtualMac !== null) {
      // Left over from an earlier life, without its address.
      await this.#commands.run({ command: ['ip', 'link', 'delete', 'dev', this.#carrier], signal });
      const macvlan = { name: this.#carrier, parent: this.#parent, mac: this.#virtualMac };
      await makeMacvlan(this.#commands, macvlan, signal);
    } else if (this.#ip.family === 6) {
      await announceByKernel(this.#commands, this.#carrier, signal);
    }
    const flags = this.#ip.family === 6 && asked ? ['nodad'] : [];
    await this.#add(flags, signal);
    if (this.#virtualMac !== null)
      await must(this.#commands, ['ip', 'link', 'set', 'dev', this.#carrier, 'up'], signal);
    if (!asked) await this.#kernelAsked(signal);
  }

  /** Where a lease governs, only for as long as it lasts. */
  async #add(flags: readonly string[], signal: AbortSignal): Promise<void> {
    const { lifetimes } = this.#deps;
    const words = await lifetimes.words(signal);
    const address = { cidr: this.#ip.cidr, interfaceName: this.#carrier, flags };
    await must(
      this.#commands,
      ['ip', 'address', 'replace', address.cidr, 'dev', address.interfaceName, ...words, ...flags],
      signal,
    );
    lifetimes.hold(this.#id, address);
  }

  async #refuseDuplicate(signal: AbortSignal): Promise<void> {
    const { commands, clock } = this.#deps;
    const holder = await whoHas({
      commands,
      clock,
      ip: this.#ip,
      interfaceName: this.#parent,
      isHandedOver: this.#deps.isHandedOver(),
      signal,
    });
    if (holder !== null) throw this.#inUse(holder);
  }

  /** The kernel's duplicate address detection (RFC 4862 5.4) has come to its end. */
  async #kernelAsked(signal: AbortSignal): Promise<void> {
    for (;;) {
      const links = await readLinks(this.#commands, signal);
      const address = links
        .find(({ name }) => name === this.#carrier)
        ?.addresses.find(({ local }) => sameAddress(this.#ip, local));
      if (address?.duplicate === true) {
        await this.#remove(signal);
        throw this.#inUse(null);
      }
      if (address?.tentative !== true) return;
      await new Promise<void>((resolve) => this.#deps.clock.after(dadPollMs, resolve));
    }
  }

  #inUse(mac: string | null): AppError {
    const who = mac === null ? '' : `: ${mac} answers for it`;
    return new AppError(
      'conflict',
      `${this.#ip.host} is already in use on the network of ${this.#parent}${who}`,
      {
        hint: 'Take the address from that machine, or choose another virtual IP.',
        details: { address: this.#ip.host, mac },
      },
    );
  }

  /** False when the system says no: it may be gone already. */
  async #remove(signal: AbortSignal): Promise<boolean> {
    await this.#deps.lifetimes.letGo(this.#id);
    const command =
      this.#virtualMac === null
        ? ['ip', 'address', 'delete', this.#ip.cidr, 'dev', this.#carrier]
        : ['ip', 'link', 'delete', 'dev', this.#carrier];
    return (await this.#commands.run({ command, signal })).code === 0;
  }
}
