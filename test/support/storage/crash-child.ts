/** A recorder without cameras, to be killed: writes parts as fast as the disk takes them, and says what it knows to be safe. */
import { realDisk } from '../../../agent/adapters/disk.ts';
import { createStorageEngine } from '../../../agent/storage/engine.ts';
import { makeInit, makePart } from './parts.ts';

const [root = '', seed = '1'] = process.argv.slice(2);
const cameras = ['c1', 'c2', 'c3'];
const blockBytes = 256 * 1024;
const blocks = 12;
const quotaBytes = blocks * blockBytes;

const engine = await createStorageEngine({
  disk: realDisk(),
  clock: { monotonicMs: () => performance.now(), utcMs: () => Date.now() },
  dataDir: `${root}/data`,
  onEvent: () => {},
});
await engine.apply({
  spaces: [{ id: 's1', name: 's1', path: `${root}/space1`, quotaBytes, blockBytes }],
  pools: [
    {
      id: 'p1',
      name: 'p1',
      strategy: 'capacity',
      cycleDays: null,
      maxLockedPercent: 0,
      syncIntervalMs: 100,
      shares: [{ spaceId: 's1', bytes: quotaBytes }],
    },
  ],
  nodeId: 'node-a',
  epoch: 1,
});
if (engine.spaces()[0]?.state !== 'normal') await engine.initializeSpace('s1');

const states = cameras.map((id) => ({
  id,
  nextMs: engine.lastRecordedMs(id) ?? 1_700_000_000_000,
  writtenMs: 0,
  waiting: 0,
  writer: engine.openStream({ cameraId: id, stream: 'main', poolId: 'p1', onLost: () => {} }),
}));
let count = Number(seed);
setInterval(() => {
  for (const state of states) {
    if (state.waiting > 8) continue;
    const startMs = state.nextMs;
    count = (count * 1_103_515_245 + 12_345) % 2_147_483_648;
    const part = makePart({
      startMs,
      seed: count,
      payloadBytes: 500 + (count % 9_000),
      onRelease: () => {
        state.waiting -= 1;
        state.writtenMs = Math.max(state.writtenMs, startMs + 1_000);
      },
    });
    state.waiting += 1;
    if (state.writer.append(makeInit(), part) === null) state.nextMs += 1_000;
  }
  const safe = states.map((state) => [state.id, state.writtenMs, engine.lastRecordedMs(state.id) ?? 0]);
  process.stdout.write(`${JSON.stringify(safe)}\n`);
}, 4);
