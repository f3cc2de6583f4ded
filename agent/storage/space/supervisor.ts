/** Watches the spaces: a lost one is left at once, one that is back is recovered and used again, without a person (I2, I3). */
import { type Disk, DiskError, faultOf } from '../disk.ts';
import type { BlockRow, IndexClient } from '../index/rows.ts';
import type { StorageEvent } from '../types.ts';
import { claimSpace } from './claim.ts';
import { inspectSpace, type Trouble, troubleOf } from './health.ts';
import type { SpaceMarker } from './marker.ts';
import { type Owner, ownershipOf } from './ownership.ts';
import { recoverSpace } from './recover.ts';
import type { SpaceStore } from './space-store.ts';

const retryMsMin = 4_000;
const retryMsMax = 300_000;
const calmMs = 600_000;
/** So many failing blocks within a minute are not bad blocks but a bad disk. */
const blockFailuresMax = 3;
/** A space that is being added is unmarked for a moment, until its initialising begins. */
const newSpaceMs = 5_000;
/** Twice the interval of the checks. */
const oversleptMs = 4_000;
const failureWindowMs = 60_000;

export interface SupervisorDeps {
  readonly disk: Disk;
  readonly index: IndexClient;
  readonly clock: { monotonicMs(): number; utcMs(): number };
  readonly node: () => Owner;
  readonly onEvent: (event: StorageEvent) => void;
  /** The space can be used again: pools look at their shares. */
  readonly onReady: (space: SpaceStore) => void;
  /** Its marker says that initialising was interrupted by a crash. */
  readonly onHalfInitialized: (space: SpaceStore) => void;
  /** It was another node's in an earlier epoch: its index is to be built here. */
  readonly onTakenOver: (space: SpaceStore) => void;
}

export class SpaceSupervisor {
  readonly #space: SpaceStore;
  readonly #deps: SupervisorDeps;
  #checking: Promise<void> | null = null;
  #retryAtMs = 0;
  #retryMs = retryMsMin;
  #failures: number[] = [];
  #checkedMs = 0;
  /** Which initialisation the index belongs to. */
  #createdMs = 0;
  /** A job (initialise, restore) owns the space, or one that failed or was cancelled left it unfinished. */
  suspended = false;
  #ended = false;
  readonly #addedMs: number;

  constructor(space: SpaceStore, deps: SupervisorDeps) {
    this.#space = space;
    this.#deps = deps;
    this.#addedMs = deps.clock.monotonicMs();
  }

  /** The block table, also of a space that cannot be reached now. */
  async loadIndex(): Promise<void> {
    const loaded = await this.#deps.index.openSpace(this.#space.id);
    if (loaded === null) return;
    this.#createdMs = loaded.createdMs;
    this.#space.setRows(loaded.blocks);
  }

  /** Called every few seconds, and to bring a space up for the first time. */
  check(): Promise<void> {
    if (this.suspended || this.#ended) return Promise.resolve();
    const overslept = this.#overslept();
    if (this.#space.gate.isHung() && !overslept)
      this.#lose(troubleOf(new DiskError('hung', `${this.#space.path} does not answer`)));
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  /** This process itself stood still: answers that came meanwhile have not been heard yet, and the disk is not to blame. */
  #overslept(): boolean {
    const nowMs = this.#deps.clock.monotonicMs();
    const late = nowMs - this.#checkedMs > oversleptMs;
    this.#checkedMs = nowMs;
    return late;
  }

  /** A block's file failed: the whole disk's trouble, or this block's alone. */
  async blockFailed(row: BlockRow, thrown: unknown): Promise<void> {
    const space = this.#space;
    if (!space.usable) return;
    const nowMs = this.#deps.clock.monotonicMs();
    this.#failures = [...this.#failures.filter((atMs) => nowMs - atMs < failureWindowMs), nowMs];
    const fault = faultOf(thrown);
    const wholeDisk = fault === 'full' || fault === 'read-only' || fault === 'hung' || fault === 'denied';
    if (wholeDisk || this.#failures.length >= blockFailuresMax) return this.#backOff(troubleOf(thrown));
    // Nobody shall go on in the block before it is known what it is worth.
    space.taking.add(row.number);
    try {
      // A check that began before the failure may have seen the disk well.
      await this.#checking;
      await this.check();
      if (space.usable && row.state === 'open') await this.#markBad(row, troubleOf(thrown));
    } finally {
      space.taking.delete(row.number);
    }
  }

  /** A job takes the space over; recording goes elsewhere. */
  suspend(state: 'initializing' | 'restoring'): void {
    this.suspended = true;
    this.#leave(new DiskError('left', `space ${this.#space.id} is ${state}`));
    this.#space.state = state;
    this.#space.trouble = null;
  }

  /** The job is over: with a trouble the space waits for a person, without one it is checked and used. */
  async takeBack(trouble: Trouble | null): Promise<void> {
    this.#space.progress = null;
    this.#space.indexed = false;
    this.suspended = trouble !== null;
    if (trouble !== null) return this.#lose(trouble);
    this.#retryAtMs = 0;
    await this.check();
  }

  /** The space leaves the configuration, or the engine closes. */
  end(): void {
    this.#ended = true;
    this.#leave(new DiskError('left', `space ${this.#space.id} was closed`));
  }

  async #check(): Promise<void> {
    const space = this.#space;
    if (!space.usable && this.#deps.clock.monotonicMs() < this.#retryAtMs) return;
    const verdict = await space.gate
      .run('check', () => inspectSpace(this.#deps.disk, space, this.#deps.clock, this.#deps.node()))
      // Only an abandoned gate rejects; whoever abandoned it has said why.
      .catch(() => null);
    if (verdict === null || this.#ended || this.suspended) return;
    space.checkedAtMs = Math.round(this.#deps.clock.utcMs());
    if (!verdict.ok) return this.#isJustAdded() ? undefined : this.#lose(verdict.trouble);
    space.latencyMs = Math.round(verdict.latencyMs * 10) / 10;
    try {
      if (space.usable && space.sameDevice(verdict.deviceId)) {
        if (this.#isOlder(verdict.marker)) await this.#claim(verdict.marker);
        return this.#calm();
      }
      if (space.usable) this.#lose(remounted(space.path));
      space.accept(verdict.marker, verdict.deviceId);
      await this.#bringBack();
    } catch (thrown) {
      // Whoever left the space has said why.
      if (faultOf(thrown) !== 'left') this.#backOff(troubleOf(thrown));
    }
  }

  /** Never seen here and without an index: nothing was lost yet. */
  #isJustAdded(): boolean {
    const { marker, indexed } = this.#space;
    const ageMs = this.#deps.clock.monotonicMs() - this.#addedMs;
    return marker === null && !indexed && ageMs < newSpaceMs;
  }

  async #bringBack(): Promise<void> {
    const space = this.#space;
    space.deviceType = await space.gate.run('check', () => this.#deps.disk.deviceType(space.path));
    const { marker } = space;
    if (marker === null) return;
    if (marker.state === 'initializing') return this.#deps.onHalfInitialized(space);
    if (marker.blockBytes !== space.blockBytes) return this.#lose(wrongBlockSize(space, marker.blockBytes));
    const ours = marker.ownerNode === this.#deps.node().nodeId;
    // Before anything else is written: whoever held the space in an earlier epoch must find it taken.
    const claimed = this.#isOlder(marker);
    if (claimed) await this.#claim(marker);
    if (claimed && !ours) return this.#deps.onTakenOver(space);
    if (!space.indexed) await this.loadIndex();
    const known = space.indexed && this.#createdMs === marker.createdMs && ours;
    if (!known) return this.#awaitRecovery();
    await recoverSpace(space, this.#deps);
    if (this.#ended || this.suspended) return;
    const wasLost = space.trouble !== null;
    space.state = 'normal';
    space.trouble = null;
    space.cutFromMs.clear();
    if (wasLost)
      this.#tell('info', 'space.back', `space ${space.config.name} is back: recording uses it again`);
    this.#deps.onReady(space);
  }

  #isOlder(marker: SpaceMarker): boolean {
    return ownershipOf(marker, this.#deps.node()) === 'older';
  }

  async #claim(marker: SpaceMarker): Promise<void> {
    const space = this.#space;
    const self = this.#deps.node();
    space.marker = await space.gate.run('check', () => claimSpace(this.#deps.disk, space.path, marker, self));
    if (marker.ownerNode === self.nodeId) return;
    const from = `from node ${marker.ownerNode} (epoch ${marker.ownerEpoch})`;
    this.#tell('warning', 'space.taken-over', `${space.path} is taken over ${from} in epoch ${self.epoch}`);
  }

  #awaitRecovery(): void {
    const space = this.#space;
    if (space.state === 'waiting-for-recovery') return;
    space.state = 'waiting-for-recovery';
    space.trouble = {
      state: 'lost',
      problem: `${space.path} holds video that this node's index does not know`,
      hint: 'Restore the space to use it with its video, or initialise it to begin empty.',
    };
    this.#tell('warning', 'space.waiting', `${space.trouble.problem}. ${space.trouble.hint}`);
  }

  async #markBad(row: BlockRow, trouble: Trouble): Promise<void> {
    row.state = 'bad';
    const name = this.#space.config.name;
    this.#tell(
      'error',
      'block.bad',
      `block ${row.number} of ${name} is taken out of use: ${trouble.problem}. ${trouble.hint}`,
    );
    await this.#space.commit({ blocks: [{ ...row }] }).catch(() => undefined);
  }

  #calm(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs > this.#retryAtMs + calmMs) this.#retryMs = retryMsMin;
  }

  /** Small writes may succeed where video fails: wait longer each time before trying again. */
  #backOff(trouble: Trouble): void {
    this.#retryAtMs = this.#deps.clock.monotonicMs() + this.#retryMs;
    this.#retryMs = Math.min(retryMsMax, this.#retryMs * 2);
    this.#failures = [];
    this.#lose(trouble);
  }

  #lose(trouble: Trouble): void {
    const space = this.#space;
    const news = space.trouble?.problem !== trouble.problem;
    space.state = trouble.state;
    space.trouble = trouble;
    space.latencyMs = null;
    if (news)
      this.#tell(
        'error',
        `space.${trouble.state}`,
        `space ${space.config.name}: ${trouble.problem}. ${trouble.hint}`,
      );
    this.#leave(new DiskError('left', `space ${space.id} is ${trouble.state}: ${trouble.problem}`));
  }

  /** Whoever waits for this disk goes elsewhere now. */
  #leave(error: DiskError): void {
    const space = this.#space;
    if (space.state === 'normal') space.state = 'lost';
    const blocks = [...space.active.values()];
    space.active.clear();
    for (const block of blocks) {
      const lost = block.abandon();
      if (lost !== null) block.onLost(lost);
    }
    space.gate.abandon(error);
    for (const block of blocks) space.closeFile(block.file);
  }

  #tell(level: StorageEvent['level'], event: string, text: string): void {
    this.#deps.onEvent({ level, event, subject: this.#space.id, text });
  }
}

function remounted(path: string): Trouble {
  return {
    state: 'lost',
    problem: `another device is mounted at ${path}`,
    hint: 'It is checked and taken up by itself.',
  };
}

function wrongBlockSize(space: SpaceStore, bytes: number): Trouble {
  return {
    state: 'error',
    problem: `${space.path} was initialised with blocks of ${bytes} bytes, not ${space.blockBytes}`,
    hint: 'Restore the settings that belong to this disk, or initialise the space again.',
  };
}
