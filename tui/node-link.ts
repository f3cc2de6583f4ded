/** The console's side of the connection: who we are, the way in, and the status as it arrives. */
import type { NodeStatus } from '../src/contract/index.ts';
import { toAppError } from '../src/errors.ts';
import type { Console } from './console.ts';
import { loginOverlay, passwordOverlay } from './gate.ts';
import { stateDigest, watchStatus } from './watcher.ts';

export interface NodeLinkOptions {
  now: () => number;
  intervalMs: number;
  /** A session was opened or ended by this console. */
  onSession: ((session: { user: string; token: string } | undefined) => void) | undefined;
  /** The node's fingerprint when it was met for the first time. */
  firstContact: () => string | null;
}

export class NodeLink {
  readonly #console: Console;
  readonly #options: NodeLinkOptions;
  #stopWatching: (() => void) | undefined;
  #stopListening: (() => void) | undefined;
  #pending: { status: NodeStatus; atMs: number } | undefined;
  #digest = '';
  #wizardOffered = false;

  constructor(console: Console, options: NodeLinkOptions) {
    this.#console = console;
    this.#options = options;
  }

  start(): void {
    const { connection } = this.#console;
    this.#stopListening = connection.onState((next) => {
      const was = this.#console.state().connection.phase;
      this.#console.set({ connection: next });
      if (next.error) this.#console.keyboard.dropEarly();
      if (next.phase === 'connected' && was !== 'connected') void this.#enter();
      if (next.error?.code === 'unauthorized') this.askLogin({ forgetToken: true });
    });
    const { phase, error } = connection.state();
    if (phase === 'connected') void this.#enter();
    else if (error?.code === 'unauthorized') this.askLogin({ forgetToken: true });
  }

  stop(): void {
    this.#stopListening?.();
    this.#stopWatching?.();
  }

  /** Follows the status anew. */
  watch(): void {
    this.#stopWatching?.();
    this.#stopWatching = watchStatus({
      client: this.#console.client,
      intervalMs: this.#options.intervalMs,
      onStatus: (status) => this.#receive(status),
      onUnauthorized: () => this.askLogin({ forgetToken: true }),
    });
  }

  /** What arrived since the last refresh goes onto the screen. */
  takePending(): void {
    if (!this.#pending) return;
    const { status, atMs } = this.#pending;
    this.#pending = undefined;
    this.#console.set({ status, statusAtMs: atMs, nowMs: this.#options.now() });
  }

  /** The log-in dialog; the stored token goes when the node no longer takes it. */
  askLogin({ forgetToken, byChoice = false }: { forgetToken: boolean; byChoice?: boolean }): void {
    this.#stopWatching?.();
    const { connection } = this.#console;
    const { gate } = this.#console.state();
    if (gate === 'login') return;
    this.#console.keyboard.dropEarly();
    this.#console.set({ gate: 'login', whoami: null, overlays: [], prompt: null });
    if (forgetToken) {
      this.#options.onSession?.(undefined);
      connection.setToken(undefined);
    }
    this.#console.open(
      loginOverlay(this.#console, {
        fingerprint: this.#options.firstContact(),
        ended: !byChoice && gate !== 'connecting',
        entered: (session) => {
          this.#options.onSession?.(session);
          this.#console.set({ gate: 'connecting' });
          connection.setToken(session.token);
        },
      }),
    );
  }

  /** Asks who we are, and lets in, or asks for what is missing. */
  async #enter(): Promise<void> {
    try {
      const whoami = await this.#console.client.session.whoami();
      this.#console.set({ whoami });
      if (whoami.mustChangePassword && whoami.via === 'network') this.#askPassword(whoami.user);
      else this.#letIn();
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.code === 'unauthorized') this.askLogin({ forgetToken: false });
      else if (this.#console.state().gate === 'open') this.watch();
      else this.#console.notify(error.message, 'alarm');
    }
  }

  #letIn(): void {
    const { page } = this.#console;
    const wasOpen = this.#console.state().gate === 'open';
    this.#console.set({ gate: 'open' });
    this.watch();
    if (wasOpen) page.refresh?.();
    else page.enter?.();
    if (this.#console.state().status !== null) this.#console.keyboard.takeEarly();
  }

  #receive(status: NodeStatus): void {
    const digest = stateDigest(status);
    this.#pending = { status, atMs: this.#options.now() };
    if (digest === this.#digest) return;
    this.#digest = digest;
    this.takePending();
    this.#offerWizard(status);
    this.#console.keyboard.takeEarly();
  }

  /** A node that has nothing to do yet begins with the first steps, once; one that receives alarms, or is of a pair, has. */
  #offerWizard({ node, setup, alarms }: NodeStatus): void {
    if (this.#wizardOffered) return;
    this.#wizardOffered = true;
    const records = setup.hasSpace && setup.hasPool && setup.hasCamera;
    const ready = records || alarms !== undefined || node.role !== 'single';
    const { readOnly } = this.#console;
    if (!ready && !readOnly && this.#console.state().whoami?.role === 'admin') this.#console.go('setup');
  }

  #askPassword(user: string): void {
    if (this.#console.state().gate === 'password') return;
    this.#console.keyboard.dropEarly();
    this.#console.set({ gate: 'password', overlays: [] });
    const done = (): void => void this.#enter();
    this.#console.open(passwordOverlay(this.#console, { user, askCurrent: true, forced: true, done }));
  }
}
