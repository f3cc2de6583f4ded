/** Keeps what a pair shares equal on both nodes: compares heads every second, and the node that is behind fetches. */
import { z } from 'zod';
import { AppError } from '../../../src/errors.ts';
import type { Settings } from '../../../src/settings/schema.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import type { Sealer } from '../../settings/seal.ts';
import type { SettingsStore } from '../../settings/store.ts';
import { type PeerMethod, type PeerMethods, peerMethod } from '../../standby/link/methods.ts';
import {
  adoptShare,
  buildShare,
  isNewer,
  isRival,
  type ShareHead,
  shareHeadSchema,
  shareSchema,
} from './share.ts';

const headMethod = peerMethod({
  name: 'standby.head',
  input: shareHeadSchema.nullable(),
  output: shareHeadSchema.nullable(),
  timeoutMs: 3_000,
});
const shareMethod = peerMethod({
  name: 'standby.share',
  input: z.object({}),
  output: shareSchema.nullable(),
  timeoutMs: 10_000,
});
const intervalMs = 1_000;

export interface PairSyncOptions {
  settings: SettingsStore;
  sealer: Sealer;
  clock: Clock;
  ask: <I, O>(method: PeerMethod<I, O>, input: I) => Promise<O>;
  connected: () => boolean;
  highestEpoch: () => number;
  /** The peer's newer settings are on disk. */
  adopted: () => Promise<void>;
  /** An edit here made a new version: the guard tells the peer's by heartbeat which one it works with. */
  raised: () => Promise<void>;
  tell: (level: 'info' | 'warning', event: string, text: string) => void;
  onUnexpected: (thrown: unknown, where: string) => void;
}

export class PairSync {
  readonly #options: PairSyncOptions;
  #cancel: Cancel = () => {};
  #running = false;
  #busy = false;
  /** The peer's, as far as this connection has told; null: it has none. */
  #peerHead: ShareHead | null | undefined;
  #toldDisagreement: string | null = null;
  #poolsTried = '';
  #adopting = false;

  constructor(options: PairSyncOptions) {
    this.#options = options;
  }

  serve(methods: PeerMethods): void {
    methods.serve(headMethod, (theirs) => {
      this.#peerHead = theirs;
      const own = this.head();
      if (theirs && this.#prevails(theirs, own)) this.poke();
      return own;
    });
    methods.serve(shareMethod, () => {
      const { settings, sealer } = this.#options;
      return buildShare(settings.current(), sealer);
    });
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#schedule(0);
  }

  stop(): void {
    this.#running = false;
    this.#cancel();
    this.#peerHead = undefined;
  }

  /** Compares soon instead of at the next second. */
  poke(): void {
    if (this.#running) this.#schedule(0);
  }

  /** Where this node's own settings stand; null before the first apply. */
  head(): ShareHead | null {
    const { pair } = this.#options.settings.current();
    if (!pair?.config || pair.sharedHash === null) return null;
    return { epoch: pair.configEpoch, version: pair.config.version, hash: pair.sharedHash };
  }

  /** Null while it is not known. */
  agrees(): boolean | null {
    const own = this.head();
    if (!this.#options.connected() || this.#peerHead === undefined || own === null) return null;
    const { pair } = this.#options.settings.current();
    return (
      this.#peerHead?.hash === own.hash &&
      this.#peerHead.version === own.version &&
      pair?.localHash === own.hash
    );
  }

  peerVersion(): number | null {
    return this.#options.connected() ? (this.#peerHead?.version ?? null) : null;
  }

  /** A camera was edited here: what the pair shares is of a new version. */
  noticeEdit(settings: Settings): void {
    const { pair } = settings;
    if (!pair?.config || this.#adopting) return;
    const hash = buildShare(settings, this.#options.sealer)?.head.hash ?? null;
    if (hash === pair.localHash) return;
    void this.#options.settings
      .update((draft) => this.raise(draft))
      .then(() => {
        this.poke();
        return this.#options.raised();
      })
      .catch((error: unknown) => this.#options.onUnexpected(error, 'version of the pair'));
  }

  /** Gives a draft whose shared part was edited its new version. */
  raise(draft: Settings): void {
    if (!draft.pair?.config) return;
    const hash = buildShare(draft, this.#options.sealer)?.head.hash ?? null;
    if (hash === draft.pair.localHash) return;
    draft.pair.config.version += 1;
    draft.pair.configEpoch = Math.max(draft.pair.configEpoch, this.#options.highestEpoch());
    draft.pair.sharedHash = hash;
    draft.pair.localHash = hash;
  }

  #schedule(delayMs: number): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(delayMs, () => void this.#round());
  }

  async #round(): Promise<void> {
    if (!this.#running || this.#busy) return;
    this.#busy = true;
    try {
      if (this.#options.connected()) await this.#compare();
      else this.#peerHead = undefined;
    } catch (error) {
      if (!(error instanceof AppError)) this.#options.onUnexpected(error, 'settings of the pair');
    } finally {
      this.#busy = false;
      if (this.#running) this.#schedule(intervalMs);
    }
  }

  async #compare(): Promise<void> {
    const own = this.head();
    const theirs = await this.#options.ask(headMethod, own);
    this.#peerHead = theirs;
    if (theirs === null) return;
    if (this.#prevails(theirs, own) || this.#lacksPools(theirs)) await this.#fetch();
    else if (isRival(theirs, own)) this.#tellRivals(theirs.version, null);
  }

  /** Of two changes made at once, in one epoch and with one version, that of the higher node id stays: both decide alike. */
  #prevails(theirs: ShareHead, own: ShareHead | null): boolean {
    if (isNewer(theirs, own)) return true;
    const { pair, node } = this.#options.settings.current();
    return isRival(theirs, own) && pair !== null && pair.peer.nodeId > node.id;
  }

  /** Pools that were missing may have been made meanwhile. */
  #lacksPools(theirs: ShareHead): boolean {
    const { pair, pools } = this.#options.settings.current();
    const names = pools.map(({ name }) => name).join('\n');
    if (!pair || pair.sharedHash !== theirs.hash || pair.localHash === pair.sharedHash) return false;
    return names !== this.#poolsTried;
  }

  async #fetch(): Promise<void> {
    const { settings, sealer, tell } = this.#options;
    const share = await this.#options.ask(shareMethod, {});
    const { pair, pools } = settings.current();
    if (!share || !pair) return;
    const own = this.head();
    if (!(this.#prevails(share.head, own) || share.head.hash === own?.hash)) return;
    if (isRival(share.head, own)) this.#tellRivals(share.head.version, pair.peer.name);
    if (share.config.pairId !== pair.pairId) {
      this.#tellOnce(share.config.pairId, `the peer has settings of another pair, ${share.config.pairId}`);
      return;
    }
    this.#poolsTried = pools.map(({ name }) => name).join('\n');
    this.#adopting = true;
    try {
      const missing = await settings.update((draft) => adoptShare(draft, share, sealer));
      if (missing.length > 0) {
        this.#tellOnce(
          missing.join(),
          `cameras of the pair want pools that this node lacks: ${missing.join(', ')}`,
        );
      }
    } finally {
      this.#adopting = false;
    }
    tell(
      'info',
      'standby.settings-taken',
      `took version ${share.head.version} of the pair's settings from the peer`,
    );
    await this.#options.adopted();
  }

  /** `winner`: the peer's name; null is this node. */
  #tellRivals(version: number, winner: string | null): void {
    const lost = winner === null ? 'those of this node stay' : `those of ${winner} stay`;
    this.#tellOnce(
      `${version} ${winner}`,
      `both nodes made a version ${version} of the pair's settings at the same time; ${lost}, as its id is the higher one: ` +
        'make the other change again',
    );
  }

  #tellOnce(key: string, text: string): void {
    if (this.#toldDisagreement === key) return;
    this.#toldDisagreement = key;
    this.#options.tell('warning', 'standby.settings-differ', text);
  }
}
