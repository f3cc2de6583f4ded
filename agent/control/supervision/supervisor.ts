/** Drives the supervision of a process: keeps one running and configured, and holds its last status. */
import type { Duplex } from 'node:stream';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import { gone, ProcessLink } from './link.ts';
import {
  initialSupervision,
  type Phase,
  type SupervisionAction,
  type SupervisionEvent,
  step,
} from './machine.ts';
import type { AnyReply, AnyRequest, CallOf, EventMessage, Protocol } from './protocol.ts';

/** A process that this control started. */
export interface ServiceProcess {
  readonly pid: number | null;
  /** Resolves with words about how it ended. */
  readonly exited: Promise<string>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** How a process of a kind is started and found. */
export interface ProcessPorts {
  spawn: () => ServiceProcess;
  /** Connects to its socket; rejects when nobody listens. */
  connect: () => Promise<Duplex>;
  /** Ends a process by id, for one that was attached to. */
  killPid: (pid: number, signal: 'SIGTERM' | 'SIGKILL') => void;
  isAlive: (pid: number) => boolean;
}

/** The same, and who wants to hear of it. */
export interface WatchedPorts extends ProcessPorts {
  clock: Clock;
  onEvent: (event: Omit<EventMessage, 'kind'>) => void;
  /** Something that the status shows has changed. */
  onChange: () => void;
}

export interface SupervisorOptions<Request extends AnyRequest, Reply extends AnyReply, Status>
  extends WatchedPorts {
  protocol: Protocol<Request, Reply, Status>;
  /** The request that gives the process its settings; `restarted`: one ran under this control before. */
  configuration: (restarted: boolean) => CallOf<Request>;
  stopCall: CallOf<Request>;
  /** How long it may say nothing before it is ended, by its last status. */
  hungAfterMs?: (status: Status | null) => number;
  /** The part of a status whose change a watcher wants to see at once. */
  stateOf: (status: Status) => string;
}

const connectRetryMs = 50;
/** How long a request waits for a process to connect. */
const connectWaitMs = 8_000;
/** A process that does not listen by then has failed to start. */
const spawnTimeoutMs = 20_000;
/** A process that says nothing for so long hangs, and is ended. */
const hungAfterDefaultMs = 20_000;
/** After a standstill of our own its words may lie unread: they are read before it is judged. */
const hungGraceMs = 100;
/** One that only closed its connection lives and works on meanwhile: waiting for its death costs nothing. */
const exitNewsMs = 1_000;
const stopTimeoutMs = 10_000;
const termTimeoutMs = 3_000;

export class Supervisor<
  Request extends AnyRequest,
  Reply extends AnyReply,
  Status extends { readonly pid: number },
> {
  readonly #options: SupervisorOptions<Request, Reply, Status>;
  #state = initialSupervision;
  #process: ServiceProcess | null = null;
  #link: ProcessLink<Request, Reply, Status> | null = null;
  #cancelWait: Cancel | null = null;
  #cancelHung: Cancel | null = null;
  #status: Status | null = null;
  #heardMs = 0;
  #restarted = false;
  #configuring: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions<Request, Reply, Status>) {
    this.#options = options;
  }

  get phase(): Phase {
    return this.#state.phase;
  }

  get restarts(): number {
    return this.#state.restarts;
  }

  /** The last status with its age; null until one has reported. */
  status(): { status: Status; ageMs: number } | null {
    if (!this.#status) return null;
    return { status: this.#status, ageMs: this.#options.clock.monotonicMs() - this.#heardMs };
  }

  start(): void {
    this.#send({ kind: 'start' });
  }

  /**
   * Sends the present settings; changes in quick succession are sent one after the other. Fails at once while no
   * process is connected: the next one gets them when it connects.
   */
  configure(): Promise<void> {
    const run = async () => {
      if (!this.#link) throw gone(this.#options.protocol.name);
      await this.#link.request(this.#options.configuration(this.#restarted));
    };
    const done = this.#configuring.then(run, run);
    this.#configuring = done.catch(() => {});
    return done;
  }

  /** Waits a few seconds for a process that is just starting. */
  async request(call: CallOf<Request>): Promise<Reply> {
    const deadlineMs = this.#options.clock.monotonicMs() + connectWaitMs;
    while (!this.#link && this.phase !== 'stopping' && this.#options.clock.monotonicMs() < deadlineMs) {
      await this.#pause(connectRetryMs);
    }
    if (!this.#link) throw gone(this.#options.protocol.name);
    return this.#link.request(call);
  }

  /** Asks the process to end, waits, and ends it by force when it does not. */
  async stop(): Promise<void> {
    this.#send({ kind: 'stop' });
    this.#cancelWait?.();
    const link = this.#link;
    const gone = this.#process ? this.#process.exited : this.#attachedEnded();
    if (link) await link.request(this.#options.stopCall).catch(() => {});
    else this.#kill('SIGTERM');
    if (!(await this.#within(gone, stopTimeoutMs))) {
      this.#kill('SIGTERM');
      if (!(await this.#within(gone, termTimeoutMs))) this.#kill('SIGKILL');
    }
    this.#cancelHung?.();
    link?.close();
  }

  /** Lets go of it without ending it. */
  detach(): void {
    this.#send({ kind: 'stop' });
    this.#cancelWait?.();
    this.#cancelHung?.();
    this.#link?.close();
  }

  #send(event: SupervisionEvent): void {
    const before = this.#state.phase;
    const { state, actions } = step(this.#state, event, this.#options.clock.monotonicMs());
    this.#state = state;
    for (const action of actions) this.#execute(action);
    if (state.phase !== before) this.#options.onChange();
  }

  #execute(action: SupervisionAction): void {
    switch (action.kind) {
      case 'attach':
        void this.#attach();
        break;
      case 'spawn':
        void this.#spawn();
        break;
      case 'kill':
        this.#process?.kill('SIGKILL');
        this.#process = null;
        break;
      case 'wait':
        this.#cancelWait = this.#options.clock.after(action.delayMs, () => this.#send({ kind: 'waited' }));
        break;
      case 'configure':
        this.#restarted = action.restarted;
        void this.configure().catch((error: unknown) => this.#reportConfigure(error));
        break;
      case 'report':
        this.#report(action.event, action.detail);
        break;
    }
  }

  async #attach(): Promise<void> {
    const socket = await this.#options.connect().catch(() => null);
    if (socket) this.#adopt(socket);
    else this.#send({ kind: 'attach-failed' });
  }

  async #spawn(): Promise<void> {
    const child = this.#tryToSpawn();
    if (child === null) return;
    this.#process = child;
    let ended: string | null = null;
    void child.exited.then((detail) => {
      ended = detail;
      if (this.#process === child) this.#process = null;
    });
    const deadlineMs = this.#options.clock.monotonicMs() + spawnTimeoutMs;
    while (this.#state.phase === 'spawning') {
      const socket = await this.#options.connect().catch(() => null);
      if (socket) return this.#adopt(socket);
      if (ended !== null) return this.#send({ kind: 'spawn-failed', detail: ended });
      if (this.#options.clock.monotonicMs() > deadlineMs) {
        child.kill('SIGKILL');
        return this.#send({ kind: 'spawn-failed', detail: 'it did not listen in time' });
      }
      await this.#pause(connectRetryMs);
    }
  }

  /** Null when the system gives neither process nor log file now: told, and tried again like any that ends at once. */
  #tryToSpawn(): ServiceProcess | null {
    try {
      return this.#options.spawn();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#send({ kind: 'spawn-failed', detail: `it could not be started: ${why}` });
      return null;
    }
  }

  #adopt(socket: Duplex): void {
    if (this.#state.phase === 'stopping') {
      socket.destroy();
      return;
    }
    const link: ProcessLink<Request, Reply, Status> = new ProcessLink({
      protocol: this.#options.protocol,
      socket,
      clock: this.#options.clock,
      onStatus: ({ status }) => {
        const { stateOf } = this.#options;
        const changed = this.#status === null || stateOf(this.#status) !== stateOf(status);
        this.#status = status;
        this.#heard();
        if (changed) this.#options.onChange();
      },
      onEvent: ({ kind: _, ...event }) => {
        this.#heard();
        this.#options.onEvent(event);
      },
      onClosed: (detail) => this.#lost(link, detail),
    });
    this.#link = link;
    this.#heard();
    this.#send({ kind: 'connected' });
  }

  #lost(link: ProcessLink<Request, Reply, Status>, detail: string): void {
    if (this.#link !== link) return;
    this.#link = null;
    this.#cancelHung?.();
    const exited = this.#process?.exited;
    const late = this.#pause(exitNewsMs).then(() => detail);
    // How the process ended says more than that its connection did, and comes a moment later.
    void Promise.race(exited ? [exited, late] : [detail]).then((news) =>
      this.#send({ kind: 'lost', detail: news }),
    );
  }

  #heard(): void {
    const { clock, hungAfterMs } = this.#options;
    const silentMs = hungAfterMs?.(this.#status) ?? hungAfterDefaultMs;
    this.#heardMs = clock.monotonicMs();
    this.#cancelHung?.();
    this.#cancelHung = clock.after(silentMs, () => {
      this.#cancelHung = clock.after(hungGraceMs, () => this.#endHung(silentMs));
    });
  }

  #endHung(silentMs: number): void {
    this.#kill('SIGKILL');
    const link = this.#link;
    this.#report('hung', `nothing was heard from it for ${silentMs / 1000} s; it was ended`);
    link?.close();
  }

  #kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#process) this.#process.kill(signal);
    else if (this.#status && (this.#link || this.phase === 'stopping')) {
      this.#options.killPid(this.#status.pid, signal);
    }
  }

  /** The end of one that is not our child. */
  async #attachedEnded(): Promise<void> {
    const pid = this.#status?.pid ?? null;
    while (this.#link || (pid !== null && this.#options.isAlive(pid))) await this.#pause(connectRetryMs);
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(delayMs, resolve);
    });
  }

  async #within(done: Promise<unknown>, limitMs: number): Promise<boolean> {
    let cancel: Cancel = () => {};
    const late = new Promise<false>((resolve) => {
      cancel = this.#options.clock.after(limitMs, () => resolve(false));
    });
    const inTime = await Promise.race([done.then(() => true as const), late]);
    cancel();
    return inTime;
  }

  #report(event: string, detail: string): void {
    const { name } = this.#options.protocol;
    this.#options.onEvent({
      timeMs: this.#options.clock.nowMs(),
      level: 'error',
      event: `${name}.${event}`,
      subject: name,
      text: `the ${name} stopped: ${detail}; it is being restarted`,
    });
  }

  #reportConfigure(error: unknown): void {
    if (this.#state.phase !== 'running') return;
    const { name } = this.#options.protocol;
    this.#options.onEvent({
      timeMs: this.#options.clock.nowMs(),
      level: 'error',
      event: `${name}.configure-failed`,
      subject: name,
      text: `the ${name} did not take the settings: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
}
