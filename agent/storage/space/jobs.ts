/** The long jobs on spaces, one a space at a time: begun, cancelled, and ended in a state that says what happened. */
import { AppError } from '../../../src/errors.ts';
import type { Disk } from '../disk.ts';
import type { IndexClient } from '../index/rows.ts';
import type { StorageEvent } from '../types.ts';
import { type Trouble, troubleOf } from './health.ts';
import { checkInitializable, initializeSpace } from './initialize.ts';
import { forgetIndex, Job } from './job.ts';
import { readMarker, type SpaceMarker } from './marker.ts';
import { heldByAnother, type Owner, ownershipOf } from './ownership.ts';
import { restoreSpace } from './restore.ts';
import type { SpaceStore } from './space-store.ts';
import type { SpaceSupervisor } from './supervisor.ts';

export interface JobsDeps {
  readonly disk: Disk;
  readonly index: IndexClient;
  readonly clock: { monotonicMs(): number; utcMs(): number };
  readonly node: () => Owner;
  readonly onEvent: (event: StorageEvent) => void;
}

interface Running {
  readonly job: Job;
  readonly done: Promise<void>;
}

type JobName = 'initializing' | 'restoring';

export class SpaceJobs {
  readonly #deps: JobsDeps;
  readonly #running = new Map<string, Running>();

  constructor(deps: JobsDeps) {
    this.#deps = deps;
  }

  /** `refuse` throws what forbids it: asked last, when nothing more is waited for. */
  async initialize(
    space: SpaceStore,
    supervisor: SpaceSupervisor,
    refuse: () => void = () => undefined,
  ): Promise<void> {
    this.#refuseSecond(space.id);
    const deps = { ...this.#deps, ...this.#deps.node() };
    const found = await space.gate.run('job', () => checkInitializable(space, deps));
    if (found !== null) this.#refuseHeld(space, found);
    refuse();
    this.#run('initializing', space, supervisor, space.config.quotaBytes, (job) =>
      initializeSpace(space, deps, job, found),
    );
  }

  async restore(space: SpaceStore, supervisor: SpaceSupervisor): Promise<void> {
    this.#refuseSecond(space.id);
    const marker = await space.gate.run('job', () => readMarker(this.#deps.disk, space.path));
    if (typeof marker === 'string' || marker.spaceId !== space.id || marker.state !== 'ready') {
      throw new AppError('not_found', `${space.path} carries no readable marker of space ${space.id}`, {
        hint: 'Mount the disk that holds the space at this path.',
      });
    }
    this.#refuseHeld(space, marker);
    const deps = { ...this.#deps, ...this.#deps.node() };
    this.#run('restoring', space, supervisor, marker.quotaBytes, (job) =>
      restoreSpace(space, deps, job, marker),
    );
  }

  async cancel(spaceId: string): Promise<void> {
    const running = this.#running.get(spaceId);
    if (running === undefined) return;
    running.job.cancelled = true;
    await running.done;
  }

  async cancelAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.cancel(id)));
  }

  /** The space leaves the node: what its index claims leaves the catalog. */
  forget(space: SpaceStore): Promise<void> {
    return forgetIndex(space.id, this.#deps.index);
  }

  #run(
    name: JobName,
    space: SpaceStore,
    supervisor: SpaceSupervisor,
    totalBytes: number,
    work: (job: Job) => Promise<void>,
  ): void {
    this.#refuseSecond(space.id);
    supervisor.suspend(name);
    const job = new Job(space, totalBytes, this.#deps.clock);
    this.#tell(space, 'info', `space.${name}`, `${space.config.name}: ${name} begins`);
    const done = this.#finish(name, space, job, work).then(async (trouble) => {
      this.#running.delete(space.id);
      await supervisor.takeBack(trouble);
    });
    this.#running.set(space.id, { job, done });
  }

  async #finish(
    name: JobName,
    space: SpaceStore,
    job: Job,
    work: (job: Job) => Promise<void>,
  ): Promise<Trouble | null> {
    try {
      await work(job);
    } catch (thrown) {
      if (!job.cancelled) return troubleOf(thrown);
    }
    if (!job.cancelled) {
      this.#tell(space, 'info', `space.${name}-done`, `${space.config.name}: ${name} is done`);
      return null;
    }
    return name === 'initializing' ? cancelledInitializing : null;
  }

  #refuseHeld(space: SpaceStore, marker: SpaceMarker): void {
    const self = this.#deps.node();
    if (ownershipOf(marker, self) !== 'held') return;
    const { problem, hint } = heldByAnother(space.path, marker, self);
    throw new AppError('conflict', problem, { hint });
  }

  #refuseSecond(spaceId: string): void {
    if (!this.#running.has(spaceId)) return;
    throw new AppError('conflict', `a job is under way on space ${spaceId}`, {
      hint: 'Wait for its end, or cancel it.',
    });
  }

  #tell(space: SpaceStore, level: StorageEvent['level'], event: string, text: string): void {
    this.#deps.onEvent({ level, event, subject: space.id, text });
  }
}

const cancelledInitializing: Trouble = {
  state: 'error',
  problem: 'initialising was cancelled',
  hint: 'Initialise the space again, which goes on where it stopped, or delete the space.',
};
