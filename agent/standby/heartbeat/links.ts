/**
 * The heartbeat links of a guard: a UDP socket each, a packet every interval, and the peer's packets judged and handed on.
 * Informs and never grants authority; a socket that fails is opened again, and the other links go on.
 */
import { createHash, createHmac } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { SocketAsPromised } from 'dgram-as-promised';
import { DgramAsPromised } from 'dgram-as-promised';
import type { LinkConfig } from '../../../src/contract/standby.ts';
import {
  type Authenticate,
  decodeHeartbeat,
  encodeHeartbeat,
  type HeartbeatPacket,
  type HeartbeatRefusal,
} from '../../../src/peer/heartbeat/codec.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import { initialLink, type LinkRefusal, linkHealth, nextPacket, receive } from './machine.ts';

/** What the guard has to say; the link adds who, when and the echo. */
export type HeartbeatContent = Pick<
  HeartbeatPacket,
  | 'sentAtMs'
  | 'role'
  | 'epoch'
  | 'leaseValidForMs'
  | 'configVersion'
  | 'promiseEchoOfMs'
  | 'promiseForMs'
  | 'resourcesFailed'
  | 'yieldRequest'
  | 'offer'
  | 'maintenance'
>;

export interface LinkStatus {
  id: string;
  state: 'up' | 'down' | 'unknown';
  roundTripMs: number | null;
  lossPercent: number;
  /** UTC ms. */
  lastReceivedMs: number | null;
  refused: number;
}

/** Something worth telling once: why packets of a link are refused, or why it cannot be opened. */
export interface LinkProblem {
  linkId: string;
  kind: LinkRefusal | HeartbeatRefusal | 'socket';
  text: string;
}

export interface HeartbeatLinksOptions {
  clock: Clock;
  /** 16 random bytes as hex, of this run of the guard. */
  bootId: string;
  content: () => HeartbeatContent;
  /** A believed packet that is newer than all before it on its link. */
  onPacket: (packet: HeartbeatPacket) => void;
  onProblem: (problem: LinkProblem) => void;
}

export interface HeartbeatIdentity {
  pairId: string;
  /** Key of the pair, 32 bytes. */
  key: Buffer;
  selfId: string;
  peerId: string;
}

export interface HeartbeatLinks {
  /** Opens, changes or closes links; an unchanged one is left alone. Null closes all. */
  configure(identity: HeartbeatIdentity | null, links: readonly LinkConfig[]): void;
  /** Sends on every link now, besides the regular packets. */
  sendNow(): void;
  status(): LinkStatus[];
  close(): Promise<void>;
}

/** A socket that could not be opened is tried again after so long. */
const reopenMs = 1_000;

export function createHeartbeatLinks(options: HeartbeatLinksOptions): HeartbeatLinks {
  const open = new Map<string, { key: string; link: Link }>();
  return {
    configure(identity, links) {
      const wanted = new Map(identity ? links.map((link) => [link.id, link]) : []);
      for (const [id, { key, link }] of open) {
        const next = wanted.get(id);
        if (identity && next && key === keyOf(identity, next)) continue;
        open.delete(id);
        void link.close();
      }
      if (!identity) return;
      for (const config of wanted.values()) {
        if (open.has(config.id)) continue;
        const link = new Link(config, identity, options);
        open.set(config.id, { key: keyOf(identity, config), link });
        void link.open();
      }
    },
    sendNow: () => {
      for (const { link } of open.values()) link.send();
    },
    status: () => [...open.values()].map(({ link }) => link.status()),
    close: async () => {
      const links = [...open.values()];
      open.clear();
      await Promise.all(links.map(({ link }) => link.close()));
    },
  };
}

function keyOf(identity: HeartbeatIdentity, config: LinkConfig): string {
  return JSON.stringify([
    identity.pairId,
    identity.key.toString('hex'),
    identity.selfId,
    identity.peerId,
    config,
  ]);
}

class Link {
  readonly #config: LinkConfig;
  readonly #identity: HeartbeatIdentity;
  readonly #options: HeartbeatLinksOptions;
  readonly #authenticate: Authenticate;
  readonly #pairHash: string;
  readonly #told = new Set<LinkProblem['kind']>();
  #state: ReturnType<typeof initialLink>;
  #socket: SocketAsPromised | null = null;
  #cancel: Cancel = () => {};
  #closed = false;
  #refused = 0;
  #lastReceivedMs: number | null = null;

  constructor(config: LinkConfig, identity: HeartbeatIdentity, options: HeartbeatLinksOptions) {
    this.#config = config;
    this.#identity = identity;
    this.#options = options;
    this.#state = initialLink(options.bootId);
    this.#authenticate = (bytes) => createHmac('sha256', identity.key).update(bytes).digest();
    this.#pairHash = createHash('sha256').update(identity.pairId).digest('hex').slice(0, 32);
  }

  async open(): Promise<void> {
    const { id, addresses, port } = this.#config;
    const address = addresses[this.#identity.selfId];
    if (address === undefined || addresses[this.#identity.peerId] === undefined) {
      this.#tell('socket', `link ${id} names no address of this node or of its peer`);
      return;
    }
    const socket = DgramAsPromised.createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' });
    this.#socket = socket;
    try {
      await socket.bind({ port, address });
      if (this.#closed) return;
      // A port that nobody listens on answers with an error on some systems: the link only goes down.
      socket.socket.on('error', (error) => void this.#reopen(socket, error.message));
      socket.socket.on('message', (bytes) => this.#receive(bytes));
      this.#told.delete('socket');
      this.#tick();
    } catch (error) {
      await this.#reopen(socket, error instanceof Error ? error.message : String(error));
    }
  }

  status(): LinkStatus {
    const health = linkHealth(this.#state, this.#config, this.#options.clock.monotonicMs());
    return {
      id: this.#config.id,
      ...health,
      roundTripMs: this.#state.roundTripMs === null ? null : Math.round(this.#state.roundTripMs * 100) / 100,
      lastReceivedMs: this.#lastReceivedMs,
      refused: this.#refused,
    };
  }

  send(): void {
    const address = this.#config.addresses[this.#identity.peerId];
    if (!this.#socket || address === undefined) return;
    const { state, fields } = nextPacket(this.#state, this.#options.clock.monotonicMs());
    this.#state = state;
    const bytes = encodeHeartbeat(
      {
        ...this.#options.content(),
        ...fields,
        pairHash: this.#pairHash,
        linkId: this.#config.id,
        nodeId: this.#identity.selfId,
      },
      this.#authenticate,
    );
    // A packet that cannot be sent is a lost packet; the next one follows.
    this.#socket.socket.send(bytes, this.#config.port, address, () => {});
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    const socket = this.#socket;
    this.#socket = null;
    await socket?.close().catch(() => {});
  }

  #tick(): void {
    this.send();
    this.#cancel = this.#options.clock.after(this.#config.intervalMs, () => this.#tick());
  }

  #receive(bytes: Buffer): void {
    const decoded = decodeHeartbeat(bytes, this.#authenticate);
    if ('refusal' in decoded) {
      this.#refuse(decoded.refusal);
      return;
    }
    const identity = {
      pairHash: this.#pairHash,
      linkId: this.#config.id,
      selfId: this.#identity.selfId,
      peerId: this.#identity.peerId,
    };
    const { state, verdict } = receive(
      this.#state,
      decoded.packet,
      identity,
      this.#options.clock.monotonicMs(),
    );
    this.#state = state;
    if (verdict === 'believed' || verdict === 'late') this.#lastReceivedMs = this.#options.clock.nowMs();
    if (verdict === 'believed') this.#options.onPacket(decoded.packet);
    else if (verdict !== 'late' && verdict !== 'unproven') this.#refuse(verdict);
  }

  #refuse(kind: LinkRefusal | HeartbeatRefusal): void {
    this.#refused += 1;
    this.#tell(kind, `heartbeats on link ${this.#config.id} are refused: ${refusalTexts[kind]}`);
  }

  async #reopen(socket: SocketAsPromised, problem: string): Promise<void> {
    if (this.#closed || this.#socket !== socket) return;
    this.#socket = null;
    this.#cancel();
    this.#tell(
      'socket',
      `link ${this.#config.id} cannot be used: ${problem}; it is tried again every second`,
    );
    await socket.close().catch(() => {});
    if (this.#closed) return;
    this.#cancel = this.#options.clock.after(reopenMs, () => void this.open());
  }

  #tell(kind: LinkProblem['kind'], text: string): void {
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#options.onProblem({ linkId: this.#config.id, kind, text });
  }
}

const refusalTexts: Readonly<Record<LinkRefusal | HeartbeatRefusal, string>> = {
  malformed: 'what comes is no heartbeat',
  version: 'the other node runs another version of Holdfast',
  key: 'they are not signed with the key of this pair',
  pair: 'they belong to another pair',
  'third-node': 'they come from a node that is not of this pair',
  reflected: 'they are our own, sent back',
  replayed: 'they were sent before, and someone repeats them',
  'other-link': 'they belong to another link; are cables swapped?',
};
