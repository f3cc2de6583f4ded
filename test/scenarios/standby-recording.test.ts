import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCameras } from '../../agent/test-camera/cameras.ts';
import { addCamera, addStorage, statusUntil, type TestNode } from '../support/node.ts';
import { roleOf, startPair, type TestPair } from '../support/pair.ts';

let pair: TestPair;
let cameras: Awaited<ReturnType<typeof startTestCameras>>;

beforeAll(async () => {
  [pair, cameras] = await Promise.all([startPair(), startTestCameras({ port: 0, count: 2, mbps: 1 })]);
}, 60_000);
afterAll(async () => {
  await pair?.remove();
  await cameras?.close();
}, 60_000);

const recording = (node: TestNode, count: number) =>
  statusUntil(
    node.client,
    (status) => status.cameras.filter((camera) => camera.recording === 'normal').length === count,
  );
const gapsOf = (node: TestNode, cameraId: string) =>
  node.client.inspection.gaps({ camera: cameraId, fromMs: Date.now() - 600_000, toMs: Date.now() + 60_000 });

describe('the recording of a pair', { timeout: 60_000 }, () => {
  it('has the cameras of the one node on both', async () => {
    for (const node of [pair.a, pair.b]) {
      const path = join(node.dataDir, 'video');
      mkdirSync(path);
      await addStorage(node, path);
    }
    for (const [at, url] of cameras.urls.entries()) await addCamera(pair.a, `camera ${at + 1}`, url);
    await recording(pair.a, 2);
    await pair.join();
    const config = await pair.config({
      resources: [
        {
          id: 'cameras',
          name: 'cameras',
          kind: 'recording',
          after: [],
          startTimeoutSeconds: 10,
          stopTimeoutSeconds: 10,
          monitorIntervalSeconds: 1,
          monitorTimeoutSeconds: 5,
          restartTriesMax: 1,
        },
      ],
    });
    expect(await pair.a.client.standby.apply({ config })).toMatchObject({ applied: true, problems: [] });
    await pair.statusUntil(pair.b, 'agreement', (status) => status.settingsAgree === true);
    expect((await pair.b.client.camera.list()).map(({ name }) => name)).toEqual(['camera 1', 'camera 2']);
    // Brought out, nobody records: a pair records where it is active.
    await recording(pair.a, 0);
  });

  it('takes place where the pair is active, and moves with a switch', async () => {
    expect(await pair.a.client.standby.bringIn({})).toMatchObject({ done: true });
    await recording(pair.a, 2);
    await pair.statusUntil(pair.b, 'b standby', (status) => roleOf(status) === 'standby');
    await recording(pair.b, 0);
    expect(await pair.a.client.standby.switch({})).toMatchObject({ done: true });
    await recording(pair.b, 2);
    await recording(pair.a, 0);
  });

  it('tells on both nodes why a second is not there', async () => {
    const [camera] = await pair.a.client.camera.list();
    const id = camera?.id ?? '';
    const deadlineMs = Date.now() + 10_000;
    for (;;) {
      const [here, there] = await Promise.all([gapsOf(pair.a, id), gapsOf(pair.b, id)]);
      const open = (gaps: typeof here) =>
        gaps.filter(({ toMs }) => toMs === null).map(({ reason }) => reason);
      // What is in memory at a switch reaches the ledger a moment later.
      const settled = open(here).includes('node-standby') && open(there).length === 0;
      if (!settled && Date.now() < deadlineMs) continue;
      expect(open(here)).toEqual(['node-standby']);
      expect(open(there)).toEqual([]);
      expect(there.map(({ reason }) => reason)).toContain('node-standby');
      break;
    }
  });

  it('shares a camera that is edited on either node', async () => {
    const [camera] = await pair.b.client.camera.list();
    await pair.b.client.camera.edit({ id: camera?.id ?? '', name: 'front door' });
    await pair.statusUntil(pair.a, 'agreement on version 2', (status) => {
      const own = status.nodes.find(({ self }) => self);
      return status.settingsAgree === true && (own?.configVersion ?? 0) >= 2;
    });
    expect((await pair.a.client.camera.list()).map(({ name }) => name)).toContain('front door');
    // Both guards work with it: they would not switch to a peer with other settings.
    await pair.statusUntil(pair.a, 'the version that b works with', (status) => {
      const [one, other] = status.nodes.map(({ configVersion }) => configVersion);
      return one === other && one !== null;
    });
    expect(await pair.b.client.standby.switch({ dryRun: true })).toMatchObject({ possible: true });
  });

  it('leaves a node whose storage is lost to one that is well, and explains it', async () => {
    const path = join(pair.b.dataDir, 'video');
    renameSync(path, `${path}.away`);
    try {
      await recording(pair.a, 2);
      const { lines } = await pair.b.client.standby.explain();
      expect(lines.join('\n')).toMatch(/storage is lost: pool video has no space left .*storage-lost/);
    } finally {
      renameSync(`${path}.away`, path);
    }
    await pair.a.client.standby.bringOut({});
  });
});
