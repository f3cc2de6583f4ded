/** What the recorder says of the time in which none ran. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, it } from 'vitest';
import { createChunkPool } from '../../../agent/media/mp4/chunk-pool.ts';
import { createRtspReader } from '../../../agent/media/rtsp/session.ts';
import { createRecorder } from '../../../agent/recorder/recorder.ts';
import { Rig, startMs } from '../../support/storage/rig.ts';

const dayMs = 86_400_000;
let r: Rig;
afterEach(() => r.end());

function gaps(cameraId: string) {
  const catalog = new DatabaseSync(join(r.dataDir, 'catalog.db'), { readOnly: true });
  try {
    return catalog
      .prepare('SELECT from_ms AS fromMs, to_ms AS toMs, reason FROM gap WHERE camera_id = ? ORDER BY id')
      .all(cameraId);
  } finally {
    catalog.close();
  }
}

/** The first gap of a camera that has video up to `lastMs`, of a recorder that died at `aliveMs` and begins again at `nowMs`. */
async function openGapAfter(times: { lastMs: number; aliveMs: number; nowMs: number }) {
  r = await new Rig().ready();
  r.engine.gaps.open({
    cameraId: 'gone',
    fromMs: times.lastMs,
    reason: 'stream-ended',
    detail: 'a camera that was removed',
  });
  r.append(r.open('c1'), times.lastMs - 1_000);
  await r.synced();
  const clock = { monotonicMs: () => 0, utcMs: () => times.nowMs, discipline: () => 0 };
  const recorder = createRecorder({
    storage: r.engine,
    media: { reader: createRtspReader(), chunks: createChunkPool({ bytesMax: 1 << 20 }), clock },
    aliveMs: times.aliveMs,
    random: () => 0,
    tell: () => {},
    changed: () => {},
  });
  await recorder.configure({
    nodeId: 'node-a',
    epoch: 1,
    timeZone: 'UTC',
    dataDir: r.dataDir,
    startReason: 'agent-down',
    spaces: r.spaceConfigs,
    pools: r.pools,
    followsPair: true,
    cameras: [
      {
        id: 'c1',
        name: 'c1',
        url: 'rtsp://127.0.0.1:1/',
        user: null,
        password: null,
        transport: 'tcp',
        allowBasicAuth: false,
        poolId: 'p1',
        enabled: true,
        plan: 'always',
      },
    ],
  });
  await r.until(() => gaps('c1').length > 0, 'the gap is in the ledger');
  return gaps('c1');
}

it('the gap begins with the last video where that is as old as the last sign of life', async () => {
  const found = await openGapAfter({ lastMs: startMs, aliveMs: startMs + 800, nowMs: startMs + 60_000 });
  expect(found[0]).toMatchObject({ fromMs: startMs, reason: 'agent-down' });
});

it('and with the sign of life where the video is of a clock that was a day ahead', async () => {
  const found = await openGapAfter({ lastMs: startMs + dayMs, aliveMs: startMs, nowMs: startMs + 60_000 });
  expect(found[0]).toMatchObject({ fromMs: startMs, reason: 'agent-down' });
});

it('ends what is missing of a camera that was removed meanwhile', async () => {
  await openGapAfter({ lastMs: startMs, aliveMs: startMs + 800, nowMs: startMs + 60_000 });
  await r.until(() => gaps('gone')[0]?.toMs === startMs + 60_000, 'the gap is closed');
  expect(r.engine.gaps.openGap('gone')).toBeNull();
});
