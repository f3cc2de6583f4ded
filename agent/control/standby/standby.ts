/** Hot standby on this node: pairs it, keeps guard and peer link, and keeps the pair's settings equal on both nodes. */
import type { Decision, PairRole, PairStatus } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import type { Settings } from '../../../src/settings/schema.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Sealer } from '../../settings/seal.ts';
import type { SettingsStore } from '../../settings/store.ts';
import type { GuardConfig, GuardPair } from '../../standby/guard/protocol/schema.ts';
import type { PeerMethods } from '../../standby/link/methods.ts';
import type { PairedPeer } from '../../standby/link/pairing.ts';
import { PeerLink, peerPortDefault } from '../../standby/link/peer-link.ts';
import type { Certificate } from '../certificate.ts';
import { type ListenAddress, parsePeerAddress } from '../listen-address.ts';
import type { EventMessage } from '../supervision/protocol.ts';
import type { ProcessPorts } from '../supervision/supervisor.ts';
import { createGuardSupervisor, type GuardSupervisor } from './guard-supervisor.ts';
import { type RecorderView, tellHealth } from './node-health.ts';
import { keyContext, openPairConfig } from './share.ts';
import { pairStatus } from './status.ts';
import { PairSync } from './sync.ts';

export interface StandbyPorts {
  guard: ProcessPorts;
  /** Where the peer link listens, once it is needed. */
  peerListen: ListenAddress;
  /** The certificate by which the other node knows this one; made when it is first needed. */
  peerCertificate: () => Promise<Certificate>;
  /** Addresses of this machine that another can reach, best first. */
  ownAddresses: () => string[];
  recorderSocketPath: string;
}

export interface StandbyOptions extends StandbyPorts {
  settings: SettingsStore;
  sealer: Sealer;
  journal: Journal;
  clock: Clock;
  /** The settings of the recorder have changed. */
  configureRecorder: () => Promise<void>;
  recorderView: RecorderView;
  /** Registers what this node answers its peer. */
  served: (methods: PeerMethods) => void;
  onChange: () => void;
  onUnexpected: (thrown: unknown, where: string) => void;
}

export class Standby {
  readonly sync: PairSync;
  readonly #options: StandbyOptions;
  #supervisor: GuardSupervisor;
  #link: Promise<PeerLink> | null = null;
  #opened: PeerLink | null = null;
  #fingerprint: string | null = null;
  #guardWanted = false;
  #endHealth: Cancel = () => {};

  constructor(options: StandbyOptions) {
    this.#options = options;
    this.#supervisor = this.#newSupervisor();
    this.sync = new PairSync({
      ...options,
      ask: (method, input) => this.peer().ask(method, input),
      connected: () => this.#opened?.connected ?? false,
      highestEpoch: () => this.guardPair()?.highestEpoch ?? 0,
      adopted: () => this.settingsChanged(),
      raised: () => this.#configureGuard(),
      tell: (level, event, text) => this.#tell(level, event, text),
    });
    options.settings.onChange((settings) => this.sync.noticeEdit(settings));
  }

  /** Of the guard of the present pair. */
  get supervisor(): GuardSupervisor {
    return this.#supervisor;
  }

  /** Begins where the settings left off. */
  start(): void {
    const { settings, onUnexpected } = this.#options;
    if (settings.current().pair === null) return;
    void this.link()
      .then((link) => link.listen())
      .catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        this.#tell('error', 'standby.link-failed', `the peer link does not listen: ${why}`);
        if (!(error instanceof AppError)) onUnexpected(error, 'peer link');
      });
    this.#followSettings(settings.current());
  }

  /** The guard hands over what it holds and ends. */
  async stop(): Promise<void> {
    this.sync.stop();
    this.#endHealth();
    if (this.#guardWanted) await this.supervisor.stop();
    await this.#opened?.close();
  }

  /** The peer link, opened when it is first needed. */
  link(): Promise<PeerLink> {
    this.#link ??= this.#openLink().catch((error: unknown) => {
      this.#link = null;
      throw error;
    });
    return this.#link;
  }

  /** @throws AppError `unavailable` while there is no connection. */
  peer(): PeerLink {
    if (this.#opened) return this.#opened;
    throw new AppError('unavailable', 'this node has no peer yet', {
      hint: 'Pair it: holdfast standby pairing-code on one node, join on the other.',
    });
  }

  get peerConnected(): boolean {
    return this.#opened?.connected ?? false;
  }

  /** Of the certificate of the peer link, null before it was needed. */
  get fingerprint(): string | null {
    return this.#fingerprint;
  }

  /** What the guard last said, while that is recent. */
  guardPair(): GuardPair | null {
    return this.supervisor.status()?.status.pair ?? null;
  }

  /** The pair as it is shown, with its last decisions. */
  shown(decisions: Decision[]): PairStatus {
    const guard = this.supervisor.status();
    return pairStatus({
      settings: this.#options.settings.current(),
      guard: guard && { pair: guard.status.pair, ageMs: guard.ageMs },
      agrees: this.sync.agrees(),
      peerVersion: this.sync.peerVersion(),
      decisions,
    });
  }

  /** Role of this node as the guard last said; `out` when no guard has ever run here. */
  ownRole(): PairRole | null {
    return this.guardPair()?.role ?? (this.#guardWanted ? null : 'out');
  }

  async showCode(): Promise<{ code: string; expiresAtMs: number; address: string }> {
    this.#refuseSecondPair();
    const link = await this.link();
    const shown = await link.showCode();
    return { ...shown, address: this.#reachableAddress(link) };
  }

  async join(address: string, code: string) {
    this.#refuseSecondPair();
    const link = await this.link();
    const peer = await link.join(parsePeerAddress(address, peerPortDefault), code);
    await this.#admit(peer);
    return { nodeId: peer.node.nodeId, name: peer.node.name, fingerprint: peer.fingerprint };
  }

  /** Where the peer reaches this node. */
  #reachableAddress(link: PeerLink): string {
    const { peerListen, ownAddresses } = this.#options;
    const port = link.listens?.split(':').at(-1) ?? String(peerListen.port);
    const isAny = peerListen.host === '0.0.0.0' || peerListen.host === '::';
    const host = isAny ? (ownAddresses()[0] ?? 'localhost') : peerListen.host;
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  }

  /** Null before the peer link was needed. */
  async ownAddress(): Promise<string> {
    return this.#reachableAddress(await this.link());
  }

  /** After the pair's settings have changed on disk: guard, recorder and peer learn of it. */
  async settingsChanged(): Promise<void> {
    const { settings, configureRecorder } = this.#options;
    this.#followSettings(settings.current());
    await Promise.all([configureRecorder().catch(() => {}), this.#configureGuard()]);
    this.sync.poke();
    this.#options.onChange();
  }

  async #configureGuard(): Promise<void> {
    if (this.#guardWanted && this.supervisor.phase === 'running') await this.supervisor.configure();
  }

  /** @throws AppError `conflict` while this node is brought in. */
  async remove(): Promise<void> {
    const { settings } = this.#options;
    if (this.#guardWanted) {
      await this.supervisor.request({ method: 'configure', config: null });
      this.#guardWanted = false;
      this.#endHealth();
      await this.supervisor.stop();
      // One that was stopped starts nothing again, and this node may be paired anew.
      this.#supervisor = this.#newSupervisor();
    }
    await settings.update((draft) => {
      draft.pair = null;
    });
    await this.settingsChanged();
  }

  #newSupervisor(): GuardSupervisor {
    const { guard, clock, onChange } = this.#options;
    return createGuardSupervisor({
      ...guard,
      clock,
      config: () => this.#guardConfig(),
      onEvent: (event) => this.#journal(event),
      onChange,
    });
  }

  async #openLink(): Promise<PeerLink> {
    const { clock, settings, peerListen, peerCertificate, onChange } = this.#options;
    const certificate = await peerCertificate();
    this.#fingerprint = certificate.fingerprint;
    const link = new PeerLink({
      clock,
      listen: peerListen,
      certificate,
      self: () => {
        const { id: nodeId, name } = settings.current().node;
        return { nodeId, name };
      },
      admit: (peer) => this.#admit(peer),
      onChange: () => {
        this.sync.poke();
        onChange();
      },
      onEvent: ({ level, event, text }) => this.#tell(level, event, text),
    });
    this.#opened = link;
    this.sync.serve(link.methods);
    this.#options.served(link.methods);
    return link;
  }

  async #admit(peer: PairedPeer): Promise<void> {
    this.#refuseSecondPair();
    const { settings, sealer } = this.#options;
    const { node, fingerprint, host, pairId, pairKey } = peer;
    if (node.nodeId === settings.current().node.id) {
      throw new AppError('conflict', 'a node cannot be paired with itself', {
        hint: 'Type the code on the other node. If its data folder was copied from this one, start it with an empty one.',
      });
    }
    await settings.update((draft) => {
      draft.pair = {
        pairId,
        peer: { nodeId: node.nodeId, name: node.name, host, port: node.port, fingerprint },
        sealedKey: sealer.sealText(pairKey.toString('base64'), keyContext(pairId)),
        config: null,
        sealedSecrets: null,
        configEpoch: 0,
        sharedHash: null,
        localHash: null,
      };
    });
    this.#tell('info', 'standby.paired', `paired with ${node.name} (${node.nodeId}) at ${host}:${node.port}`);
    this.#followSettings(settings.current());
  }

  #refuseSecondPair(): void {
    const { pair } = this.#options.settings.current();
    if (!pair?.config) return;
    throw new AppError('conflict', `this node belongs to a pair with ${pair.peer.name}`, {
      hint: 'Bring it out and remove it first: holdfast standby remove.',
    });
  }

  #followSettings({ pair }: Settings): void {
    const peer = pair && { host: pair.peer.host, port: pair.peer.port, fingerprint: pair.peer.fingerprint };
    if (peer || this.#opened) {
      void this.link().then(
        (link) => link.connectTo(peer),
        (error: unknown) => this.#options.onUnexpected(error, 'peer link'),
      );
    }
    if (peer) this.sync.start();
    else this.sync.stop();
    if (!pair?.config || this.#guardWanted) return;
    this.#guardWanted = true;
    this.supervisor.start();
    this.#endHealth = tellHealth({
      clock: this.#options.clock,
      settings: () => this.#options.settings.current(),
      recorder: this.#options.recorderView,
      role: () => this.ownRole(),
      send: async (health) => {
        if (this.supervisor.phase === 'running') await this.supervisor.request({ method: 'health', health });
      },
    });
  }

  #guardConfig(): GuardConfig | null {
    const { settings, sealer, recorderSocketPath } = this.#options;
    const { pair, node, standby } = settings.current();
    const config = openPairConfig(pair, sealer);
    if (!pair || !config) return null;
    return {
      nodeId: node.id,
      pair: config,
      key: sealer.openText(pair.sealedKey, keyContext(pair.pairId)),
      recorderSocketPath,
      watchdogDevice: standby.watchdogDevice,
    };
  }

  #tell(level: 'info' | 'warning' | 'error', event: string, text: string): void {
    this.#journal({
      timeMs: Math.round(this.#options.clock.nowMs()),
      level,
      event,
      subject: 'standby',
      text,
    });
  }

  #journal({ timeMs, level, event, subject, text, details }: Omit<EventMessage, 'kind'>): void {
    this.#options.journal.append({
      type: 'event',
      timeMs,
      level,
      event: event.slice(0, 64),
      subject,
      text,
      ...(details === undefined ? {} : { details }),
    });
    this.#options.onChange();
  }
}
