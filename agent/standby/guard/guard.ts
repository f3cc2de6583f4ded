/** The guard as one piece: keeps the pair's machine running on the present settings, and says how it stands. */
import { randomBytes, randomInt } from 'node:crypto';
import type { Decision, OperationPlan } from '../../../src/contract/standby.ts';
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import { createHeartbeatLinks, type HeartbeatLinks } from '../heartbeat/links.ts';
import { openLeaseStore } from '../lease/open.ts';
import { initialGuard } from '../machine/initial.ts';
import type { GuardMemory } from '../machine/types.ts';
import { step } from '../machine.ts';
import { timingOf } from '../timing-plan.ts';
import type { ResourceRunner } from '../types.ts';
import { GuardDriver } from './driver.ts';
import { runFence } from './fence.ts';
import { startFuse } from './fuse.ts';
import { type HealthWatch, watchHealth } from './health-watch.ts';
import type { MemoryFile } from './memory-file.ts';
import { type NetworkProbe, watchNetwork } from './network-watch.ts';
import { operationPlan } from './operation-plan.ts';
import { pairView } from './pair-view.ts';
import {
  decisionSubject,
  type GuardConfig,
  type GuardOperation,
  type GuardPair,
  type NodeHealth,
} from './protocol/schema.ts';
import { watchSuspend } from './suspend.ts';
import { deviceTimeoutMaxMs, deviceTimeoutMs, openWatchdog, type Watchdog } from './watchdog.ts';

export interface GuardEventOut {
  level: 'info' | 'warning' | 'error';
  event: string;
  subject: string;
  text: string;
  details?: Record<string, unknown>;
}

export interface GuardOptions {
  clock: Clock;
  /** Counts while the machine sleeps. */
  uptimeMs: () => number;
  /** Of the machine: another after each of its boots; null when it cannot be told. */
  machineBoot: string | null;
  memory: MemoryFile;
  makeRunner: (onEvent: (event: GuardEventOut) => void) => ResourceRunner;
  probe: NetworkProbe;
  /** Where the runner remembers the processes that it started. */
  runDir: string;
  tell: (event: GuardEventOut) => void;
  onChange: () => void;
}

/** Events of an operation's end are awaited this long before the guard goes anyway. */
const shutdownPollMs = 20;
/** Kept in memory to explain with; the journal keeps them all. */
const decisionsMax = 50;

interface Running {
  config: GuardConfig;
  driver: GuardDriver;
  links: HeartbeatLinks;
  runner: ResourceRunner;
  health: HealthWatch;
  fuse: Watchdog | null;
}

export class Guard {
  readonly #options: GuardOptions;
  readonly #bootId = randomBytes(16).toString('hex');
  readonly #network;
  readonly #decisions: Decision[] = [];
  #running: Running | null = null;
  #watchdog: Watchdog | null = null;
  #watchdogPath: string | null = null;
  #watchdogMaxMs = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#network = watchNetwork({
      clock: options.clock,
      probe: options.probe,
      onTrouble: (problem) => this.#running?.driver.feed({ type: 'trouble', cause: 'network', problem }),
    });
  }

  /** Takes settings while it runs; another pair, or none, only while this node is out. @throws AppError `conflict` otherwise. */
  configure(config: GuardConfig | null): Promise<void> {
    const done = this.#turn.then(() => this.#configure(config));
    this.#turn = done.catch(() => {});
    return done;
  }

  operate(operation: GuardOperation, confirm: string | undefined, dryRun: boolean): OperationPlan {
    const running = this.#running;
    if (!running) {
      throw new AppError('conflict', 'no pair is configured on this node', {
        hint: 'Pair two nodes and apply their settings: holdfast standby pairing-code, join, apply.',
      });
    }
    const { driver } = running;
    const plan = operationPlan(driver.state, operation, confirm, driver.now());
    if (dryRun || !plan.possible) return plan;
    driver.feed({ type: 'operator', operation, ...(confirm === undefined ? {} : { confirm }) });
    return plan;
  }

  /** What the agent says of this node. */
  health(health: NodeHealth): void {
    this.#running?.health.report(health);
  }

  get configured(): boolean {
    return this.#running !== null;
  }

  view(): GuardPair | null {
    const running = this.#running;
    if (!running) return null;
    const { driver, links, runner } = running;
    return pairView({
      state: driver.state,
      now: driver.now(),
      links: links.status(),
      states: runner.states(),
      decisions: this.#decisions,
    });
  }

  watchdogState(): string {
    const device =
      this.#watchdog?.state() ?? (this.#watchdogPath === null ? 'none configured' : 'not usable');
    return `${device}, fuse ${this.#running?.fuse?.state() ?? 'none'}`;
  }

  /** Hands over, stops everything, and resolves; what cannot be stopped within `limitMs` is left to the watchdog. */
  async shutDown(limitMs: number): Promise<void> {
    await this.#turn;
    const { clock } = this.#options;
    const running = this.#running;
    if (running) {
      running.driver.feed({ type: 'shutdown' });
      const deadlineMs = clock.monotonicMs() + limitMs;
      const ended = () => {
        const { role, request, releaseDue } = running.driver.state;
        return (
          ['out', 'standby', 'fault'].includes(role) && !(releaseDue || request?.write?.kind === 'release')
        );
      };
      while (!ended() && clock.monotonicMs() < deadlineMs) {
        await new Promise<void>((resolve) => clock.after(shutdownPollMs, resolve));
      }
      await this.#end(running);
    }
    this.#network.close();
    await this.#watchdog?.close();
    await this.#options.memory.close();
  }

  async #configure(config: GuardConfig | null): Promise<void> {
    const running = this.#running;
    if (running && (config === null || config.pair.pairId !== running.config.pair.pairId)) {
      refuseUnlessOut(running, 'the pair cannot be removed while this node is brought in');
      await this.#end(running);
      this.#running = null;
      this.#network.configure(null, '');
    }
    if (config === null) return;
    await this.#openWatchdogAt(config.watchdogDevice, config.pair);
    if (this.#running) this.#change(this.#running, config);
    else await this.#begin(config);
    this.#network.configure(config.pair, config.nodeId);
  }

  #change(running: Running, config: GuardConfig): void {
    const changed = (part: (of: GuardConfig) => unknown) =>
      JSON.stringify(part(config)) !== JSON.stringify(part(running.config));
    const otherStore = changed((of) => of.pair.arbiter);
    if (otherStore) refuseUnlessOut(running, 'the arbiter cannot be changed while this node is brought in');
    running.runner.configure(config.pair, config.nodeId);
    if (changed((of) => of.pair.resources)) {
      void running.fuse?.close();
      running.fuse = this.#startFuse(config);
    }
    running.config = config;
    running.links.configure(identityOf(config), config.pair.links);
    running.driver.feed({ type: 'configChanged', config: config.pair });
    if (otherStore) running.driver.reopenStore();
  }

  async #begin(config: GuardConfig): Promise<void> {
    const { clock, memory, machineBoot, uptimeMs, tell, onChange } = this.#options;
    const { pairId } = config.pair;
    const remembered = await memory.read(pairId);
    const sameBoot = machineBoot === null || remembered.machineBoot === machineBoot;
    const state = initialGuard(config.pair, {
      nodeId: config.nodeId,
      memory: remembered.memory,
      resourcesMayRun: sameBoot,
      firstSeq: randomInt(2 ** 40),
    });
    const write = (kept: GuardMemory) => memory.write({ pairId, machineBoot, memory: kept });
    write(remembered.memory);
    const runner = this.#options.makeRunner(tell);
    runner.configure(config.pair, config.nodeId);
    const links: HeartbeatLinks = createHeartbeatLinks({
      clock,
      bootId: this.#bootId,
      content: () => driver.content(),
      onPacket: (packet) => driver.hear(packet.linkId, packet, this.#bootId),
      onProblem: ({ linkId, kind, text }) =>
        tell({ level: 'warning', event: `standby.heartbeat-${kind}`, subject: linkId, text }),
    });
    const driver: GuardDriver = new GuardDriver(
      {
        clock,
        step,
        openStore: () => openLeaseStore(this.#arbiter(config), pairId, { clock }),
        links,
        runner,
        watchdogs: () => ({ device: this.#watchdog, fuse: this.#running?.fuse ?? null }),
        suspend: watchSuspend({ monotonicMs: clock.monotonicMs, uptimeMs }),
        fence: runFence,
        persist: write,
        record: (decision) => {
          this.#decisions.push({ id: 0, ...decision });
          if (this.#decisions.length > decisionsMax) this.#decisions.shift();
          tell({
            level: 'info',
            event: `standby.${decision.rule}`.slice(0, 64),
            subject: decisionSubject,
            text: decision.outcome,
            details: { ...decision },
          });
        },
        tell: (event) => tell({ ...event, subject: 'standby' }),
        onChange,
      },
      state,
    );
    const health = watchHealth({
      clock,
      onTrouble: (cause, problem) => driver.feed({ type: 'trouble', cause, problem }),
    });
    this.#running = { config, driver, links, runner, health, fuse: this.#startFuse(config) };
    links.configure(identityOf(config), config.pair.links);
    driver.start();
  }

  /** The present one, as the store may be opened again after a change. */
  #arbiter(first: GuardConfig) {
    return (this.#running?.config ?? first).pair.arbiter;
  }

  #startFuse(config: GuardConfig): Watchdog | null {
    const { clock, runDir, tell } = this.#options;
    const say = (level: 'warning' | 'error', event: string, text: string) =>
      tell({ level, event, subject: 'standby', text });
    return startFuse({
      target: { config: config.pair, nodeId: config.nodeId, runDir },
      clock,
      onActed: () => say('error', 'standby.fuse', 'the fuse ended the application: its deadline had passed'),
      onProblem: (text) => say('warning', 'standby.fuse-failed', text),
    });
  }

  async #end(running: Running): Promise<void> {
    running.health.close();
    await running.links.close();
    await running.driver.close();
    await running.fuse?.close();
  }

  async #openWatchdogAt(path: string | null, pair: GuardConfig['pair']): Promise<void> {
    const maxMs = deviceTimeoutMaxMs(timingOf(pair.profile, pair.arbiter.kind, pair.timing));
    if (path === this.#watchdogPath && maxMs === this.#watchdogMaxMs) return;
    await this.#watchdog?.close();
    this.#watchdogPath = path;
    this.#watchdogMaxMs = maxMs;
    this.#watchdog = path === null ? null : await this.#openWatchdog(path, maxMs);
  }

  /** One that waits for too long cannot be in time; it is fed to the deadline, and resets what still hangs after it. */
  async #openWatchdog(path: string, maxMs: number): Promise<Watchdog | null> {
    const onProblem = (text: string) =>
      this.#options.tell({ level: 'error', event: 'standby.watchdog', subject: 'standby', text });
    const timeoutMs = await deviceTimeoutMs(path);
    const fits = timeoutMs !== null && timeoutMs <= maxMs;
    if (!fits) {
      const is = timeoutMs === null ? 'tells no time-out' : `resets after ${timeoutMs / 1_000} s`;
      const wanted = Math.max(1, Math.floor(maxMs / 1_000));
      onProblem(
        `the watchdog ${path} ${is}: too late for the peer to wait for; set its time-out to ${wanted} s`,
      );
    }
    return openWatchdog({ path, clock: this.#options.clock, timeoutMs: fits ? timeoutMs : 0, onProblem });
  }
}

function identityOf(config: GuardConfig) {
  const { pair, nodeId, key } = config;
  const peerId = pair.nodes.find((node) => node.id !== nodeId)?.id ?? '';
  return { pairId: pair.pairId, key: Buffer.from(key, 'base64'), selfId: nodeId, peerId };
}

function refuseUnlessOut(running: Running, text: string): void {
  if (running.driver.state.role === 'out') return;
  throw new AppError('conflict', text, { hint: 'Bring it out first: holdfast standby bring-out.' });
}
