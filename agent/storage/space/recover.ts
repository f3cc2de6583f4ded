/** Brings a space's open blocks back to a known end after a stop or a loss: nothing that was written is forgotten (I2). */
import { type Recovery, recoverBlock } from '../block/recover.ts';
import { type Disk, faultOf } from '../disk.ts';
import type { BlockDrop, BlockRow, IndexClient, MinuteRow } from '../index/rows.ts';
import type { StorageEvent } from '../types.ts';
import { inspectSpace, troubleOf } from './health.ts';
import type { Owner } from './ownership.ts';
import { emptyBlock, type SpaceStore } from './space-store.ts';

const recoveriesAtOnce = 3;

/** The block's file does not read now: what is committed stays claimed, and nothing is written there again. */
interface Unreadable {
  readonly kind: 'unreadable';
}

export interface RecoverDeps {
  readonly disk: Disk;
  readonly index: IndexClient;
  readonly clock: { monotonicMs(): number };
  readonly node: () => Owner;
  readonly onEvent: (event: StorageEvent) => void;
}

/** Every block that was being written: what was written behind the committed parts is found and committed. */
export async function recoverSpace(space: SpaceStore, deps: RecoverDeps): Promise<void> {
  const open = space.rows.filter((row) => row.state === 'open');
  const queue = [...open];
  const results: { row: BlockRow; recovery: Recovery | Unreadable }[] = [];
  const work = async () => {
    for (let row = queue.shift(); row !== undefined; row = queue.shift()) {
      results.push({ row, recovery: await recoverOne(space, deps, row) });
    }
  };
  await Promise.all(Array.from({ length: recoveriesAtOnce }, work));
  if (results.length > 0) await commitRecovered(space, deps, results);
}

async function recoverOne(
  space: SpaceStore,
  deps: RecoverDeps,
  row: BlockRow,
): Promise<Recovery | Unreadable> {
  const fromMinute = Math.floor((row.lastMs ?? 0) / 60_000) - 1;
  const known = await deps.index.minutesOf(space.id, row.number, fromMinute);
  try {
    const { file } = await space.openBlockFile(row.number, async () => undefined);
    try {
      return await space.gate.run('sync', () =>
        recoverBlock(file, row, {
          spaceId: space.id,
          blockBytes: space.blockBytes,
          known,
          cutFromMs: space.cutFromMs.get(row.number) ?? Number.POSITIVE_INFINITY,
        }),
      );
    } finally {
      space.closeFile(file);
    }
  } catch (thrown) {
    // One block's missing or unreadable file must not keep the whole space away; a vanished mount must.
    if (faultOf(thrown) !== 'gone' && faultOf(thrown) !== 'io') throw thrown;
    const verdict = await space.gate.run('check', () =>
      inspectSpace(deps.disk, space, deps.clock, deps.node()),
    );
    if (!verdict.ok || !space.sameDevice(verdict.deviceId)) throw thrown;
    tell(space, deps, 'error', 'block.unreadable', troubleOf(thrown).problem);
    return { kind: faultOf(thrown) === 'gone' ? 'damaged' : 'unreadable' };
  }
}

async function commitRecovered(
  space: SpaceStore,
  deps: RecoverDeps,
  results: readonly { row: BlockRow; recovery: Recovery | Unreadable }[],
): Promise<void> {
  const { name } = space.config;
  const drops: BlockDrop[] = [];
  const minutes: MinuteRow[] = [];
  let parts = 0;
  for (const { row, recovery } of results) {
    const { cameraId, stream } = row;
    if (recovery.kind === 'recovered' && cameraId !== null && stream !== null) {
      Object.assign(row, recovery.row);
      parts += recovery.parts;
      for (const span of recovery.minutes) {
        minutes.push({ ...span, cameraId, stream, block: row.number, generation: row.generation });
      }
    } else if (recovery.kind === 'unreadable') {
      row.state = 'bad';
    } else {
      const damaged = recovery.kind === 'damaged';
      drops.push({ block: row.number, overwrittenAtMs: null });
      Object.assign(row, { state: damaged ? 'bad' : 'free', cameraId: null, stream: null, ...emptyBlock });
      if (damaged)
        tell(space, deps, 'error', 'block.damaged', `block ${row.number} of ${name} lost its head`);
    }
  }
  await space.commit({ drops, blocks: results.map(({ row }) => ({ ...row })), minutes });
  if (parts > 0)
    tell(
      space,
      deps,
      'info',
      'space.recovered',
      `${parts} parts written before the stop were found in ${name}`,
    );
}

function tell(
  space: SpaceStore,
  deps: RecoverDeps,
  level: StorageEvent['level'],
  event: string,
  text: string,
): void {
  deps.onEvent({ level, event, subject: space.id, text });
}
