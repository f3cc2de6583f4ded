import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReader } from '../../../agent/inspection/reader.ts';
import type { Reader, ReaderConfig } from '../../../agent/inspection/types.ts';
import { WorkerHost } from '../../../agent/inspection/worker-host.ts';
import { CatalogFixture } from './catalog-fixture.ts';

const nowMs = Date.UTC(2026, 10, 19, 12);
const config: ReaderConfig = {
  timeZone: 'Europe/Berlin',
  cameras: [{ id: 'c1', name: 'Gate', channel: 3, plan: 'always' }],
  spaces: [{ id: 's1', path: '/nowhere' }],
};

describe('the reader', () => {
  let fixture: CatalogFixture;
  let reader: Reader;
  let present: ReaderConfig;
  beforeEach(() => {
    fixture = new CatalogFixture();
    present = config;
    reader = createReader({ dataDir: fixture.dataDir, config: () => present, clock: { utcMs: () => nowMs } });
  });
  afterEach(async () => {
    await reader.close();
    fixture.remove();
  });

  it('answers day, month, hour and gaps from its worker', async () => {
    const startMs = Date.UTC(2026, 10, 19, 9);
    fixture.hour('c1', startMs);
    fixture.gap({
      cameraId: 'c1',
      fromMs: startMs + 3_600_000,
      toMs: null,
      reason: 'auth-failed',
      detail: '401',
    });
    const day = await reader.day({ detail: 'minutes' });
    expect(day).toMatchObject({ day: '2026-11-19', timeZone: 'Europe/Berlin', checkedToMs: nowMs });
    expect(day.cameras[0]).toMatchObject({ id: 'c1', name: 'Gate', channel: 3 });
    expect(day.cameras[0]?.hours[10]).toMatchObject({ hour: 10, startMs, minutes: 60, state: 'normal' });
    expect(day.cameras[0]?.hours[10]?.seconds).toHaveLength(60);
    expect(day.cameras[0]?.hours[11]).toMatchObject({ state: 'exception', reason: 'auth-failed' });
    expect((await reader.month({ month: '2026-11' })).cameras[0]?.days[18]).toMatchObject({ minutes: 60 });
    expect((await reader.hour({ cameraId: 'c1', startMs })).minutes).toHaveLength(60);
    expect(await reader.gaps({})).toMatchObject([{ cameraId: 'c1', toMs: null, detail: '401' }]);
  });

  it('takes settings over as soon as they change', async () => {
    expect((await reader.day({})).cameras.map((row) => row.name)).toEqual(['Gate']);
    present = {
      ...config,
      timeZone: 'UTC',
      cameras: [{ id: 'c2', name: 'Yard', channel: 1, plan: 'never' }],
    };
    const day = await reader.day({});
    expect(day.timeZone).toBe('UTC');
    expect(day.cameras.map((row) => row.name)).toEqual(['Yard']);
  });

  it('passes errors through with code and hint', async () => {
    const refused = reader.day({ day: '2026-02-31' });
    await expect(refused).rejects.toMatchObject({
      code: 'invalid_input',
      hint: expect.stringMatching(/YYYY-MM-DD/),
    });
    await expect(reader.hour({ cameraId: 'c9', startMs: 0 })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('refuses more questions at once than its maximum, and answers again afterwards', async () => {
    const all = await Promise.allSettled(Array.from({ length: 80 }, () => reader.gaps({})));
    const refused = all.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(16);
    expect(refused[0]?.reason).toMatchObject({ code: 'unavailable' });
    expect(await reader.gaps({})).toEqual([]);
  });

  it('answers nothing more once closed', async () => {
    const pending = expect(reader.gaps({})).rejects.toMatchObject({ code: 'unavailable' });
    await reader.close();
    await pending;
    await expect(reader.day({})).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('the worker host', () => {
  /** A worker that plays dead, dies, or answers, as its input's `camera` asks. */
  const source = `
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ id, input }) => {
      if (input.camera === 'die') throw new Error('struck by lightning');
      if (input.camera === 'hang') return;
      if (input.camera === 'slow') {
        let left = 5;
        const timer = setInterval(() => {
          parentPort.postMessage(left-- > 0 ? { id, kind: 'progress' } : { id, kind: 'done', value: [] });
          if (left < 0) clearInterval(timer);
        }, 300);
        return;
      }
      parentPort.postMessage({ id, kind: 'done', value: [] });
    });`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const context = { config, nowMs };
  let host: WorkerHost;
  beforeEach(() => {
    host = new WorkerHost({ url, workerData: {}, callsMax: 4, deadlineMs: 1_000 });
  });
  afterEach(() => host.close());

  it('fails what a dead worker owed and starts another one', async () => {
    const owed = host.call('gaps', { camera: 'hang' }, context);
    const killer = host.call('gaps', { camera: 'die' }, context);
    await expect(killer).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/lightning/),
    });
    await expect(owed).rejects.toMatchObject({ code: 'unavailable' });
    expect(await host.call('gaps', {}, context)).toEqual([]);
  });

  it('gives a call up that makes no progress, and starts another worker', async () => {
    const hung = host.call('gaps', { camera: 'hang' }, context);
    await expect(hung).rejects.toMatchObject({ code: 'timeout' });
    expect(await host.call('gaps', {}, context)).toEqual([]);
  });

  it('waits longer than the deadline for a call that does', async () => {
    expect(await host.call('gaps', { camera: 'slow' }, context)).toEqual([]);
  });
});
