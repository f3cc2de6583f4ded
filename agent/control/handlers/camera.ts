/** Handlers of `camera`: credentials are split off the address and sealed before anything is kept. */
import type { z } from 'zod';
import type { Camera, cameraAddSchema } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { type CameraAddress, splitCameraAddress } from '../../../src/model/camera-address.ts';
import { printable } from '../../../src/model/printable.ts';
import { type CameraSettings, camerasMax, type Settings } from '../../../src/settings/schema.ts';
import { parseRtspUrl } from '../../media/rtsp/url.ts';
import { type Sealer, sealContext } from '../../settings/seal.ts';
import { note } from '../api/context.ts';
import { api } from '../api/implementer.ts';
import { findById, findByIdOrName } from '../find.ts';
import { requireNoLocks } from '../locks.ts';
import type { Services } from '../services.ts';

/** Characters of an address in an error. */
const addressShownMax = 80;

export function cameraHandlers({ settings, recorder, sealer, board, clock }: Services) {
  const shown = (id: string): Camera => findById(board.cameras(), id, 'camera');
  const audited = ({ sealedCredentials, ...camera }: CameraSettings) => ({
    ...camera,
    hasPassword: sealedCredentials !== null,
  });
  /** The settings are what counts: a recorder that is away gets them when it is back. */
  const tellRecorder = () => recorder.configure().catch(() => {});

  return {
    list: api.camera.list.handler(() => board.cameras()),
    show: api.camera.show.handler(({ input }) => findByIdOrName(board.cameras(), input.id, 'camera')),
    probe: api.camera.probe.handler(async ({ input }) => {
      const { dialUrl, user, password } = readAddress(input.url);
      const { transport, allowBasicAuth } = input;
      const { probe } = await recorder.request({
        method: 'probe',
        camera: { url: dialUrl, user, password, transport, allowBasicAuth },
      });
      if (probe) return probe;
      throw new AppError('protocol', 'the recorder answered the probe without a result');
    }),
    add: api.camera.add.handler(async ({ input, context }) => {
      const added = await settings.update((draft) => addCamera(draft, input, sealer, clock.nowMs()));
      note(context, {
        subject: added.id,
        text: `camera ${added.id} (${added.name}) added`,
        after: audited(added),
      });
      await tellRecorder();
      return shown(added.id);
    }),
    edit: api.camera.edit.handler(async ({ input, context }) => {
      const before = findById(settings.current().cameras, input.id, 'camera');
      const after = await settings.update((draft) => editCamera(draft, input, sealer));
      note(context, { before: audited(before), after: audited(after), text: `camera ${after.id} changed` });
      await tellRecorder();
      return shown(after.id);
    }),
    remove: api.camera.remove.handler(async ({ input, context }) => {
      const before = findById(settings.current().cameras, input.id, 'camera');
      await settings.update((draft) => {
        requireNoLocks(draft, input.id, clock.nowMs());
        draft.cameras = draft.cameras.filter((camera) => camera.id !== input.id);
      });
      note(context, { before: audited(before), text: `camera ${before.id} (${before.name}) removed` });
      await tellRecorder();
      return { ok: true as const };
    }),
  };
}

function addCamera(
  draft: Settings,
  input: z.output<typeof cameraAddSchema>,
  sealer: Sealer,
  nowMs: number,
): CameraSettings {
  if (draft.cameras.length >= camerasMax) {
    throw new AppError('conflict', `a node holds at most ${camerasMax} cameras`, {
      hint: 'Remove one first.',
    });
  }
  const pool = findByIdOrName(draft.pools, input.pool, 'pool');
  const id = input.id ?? nextCameraId(draft);
  if (draft.cameras.some((camera) => camera.id === id)) {
    throw new AppError('conflict', `there is a camera ${id} already`, {
      hint: 'Choose another id, or leave it out.',
    });
  }
  requireFreeName(draft, input.name, null);
  const camera: CameraSettings = {
    id,
    name: input.name,
    channel: input.channel,
    ...sealAddress(input.url, id, sealer),
    transport: input.transport,
    allowBasicAuth: input.allowBasicAuth,
    poolId: pool.id,
    plan: input.plan,
    enabled: true,
    createdAtMs: nowMs,
  };
  draft.counters.camera = Math.max(draft.counters.camera, numberOf(id));
  draft.cameras.push(camera);
  return camera;
}

/** People and commands call a camera by its name. @throws AppError `conflict` when another one has it. */
function requireFreeName(draft: Settings, name: string, ownId: string | null): void {
  const same = draft.cameras.find((camera) => camera.name === name && camera.id !== ownId);
  if (!same) return;
  throw new AppError('conflict', `there is a camera called ${name} already: ${same.id}`, {
    hint: `Choose another name, or change that one: holdfast camera edit ${same.id}.`,
    details: { id: same.id },
  });
}

interface CameraEdit {
  id: string;
  name?: string | undefined;
  channel?: number | undefined;
  url?: string | undefined;
  transport?: CameraSettings['transport'] | undefined;
  pool?: string | undefined;
  plan?: CameraSettings['plan'] | undefined;
  enabled?: boolean | undefined;
  allowBasicAuth?: boolean | undefined;
}

function editCamera(draft: Settings, input: CameraEdit, sealer: Sealer): CameraSettings {
  const camera = findById(draft.cameras, input.id, 'camera');
  if (input.pool !== undefined) camera.poolId = findByIdOrName(draft.pools, input.pool, 'pool').id;
  if (input.name !== undefined && input.name !== camera.name) requireFreeName(draft, input.name, camera.id);
  if (input.url !== undefined) Object.assign(camera, changeAddress(camera, input.url, sealer));
  camera.name = input.name ?? camera.name;
  camera.channel = input.channel ?? camera.channel;
  camera.transport = input.transport ?? camera.transport;
  camera.plan = input.plan ?? camera.plan;
  camera.enabled = input.enabled ?? camera.enabled;
  camera.allowBasicAuth = input.allowBasicAuth ?? camera.allowBasicAuth;
  return camera;
}

/** @throws AppError `invalid_input` for an address that no camera can have. */
function readAddress(url: string): CameraAddress {
  const address = splitCameraAddress(url);
  try {
    parseRtspUrl(address.dialUrl);
    return address;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, hint } = error;
    const shown = printable(address.shownUrl).slice(0, addressShownMax);
    throw new AppError(code, `url: ${message} It is ${shown}`, {
      ...(hint === undefined ? {} : { hint }),
      details: { field: 'url' },
    });
  }
}

type Address = Pick<CameraSettings, 'url' | 'sealedCredentials'>;

function sealAddress(url: string, cameraId: string, sealer: Sealer): Address {
  const { shownUrl, dialUrl, user, password } = readAddress(url);
  const secretUrl = dialUrl === shownUrl ? {} : { url: dialUrl };
  const isOpen = user === null && password === null && dialUrl === shownUrl;
  const sealed = isOpen ? null : sealer.seal({ user, password, ...secretUrl }, sealContext(cameraId));
  return { url: shownUrl, sealedCredentials: sealed };
}

/** A new address without credentials keeps the old ones only while it leads to the same host: they go nowhere else. */
function changeAddress(camera: CameraSettings, url: string, sealer: Sealer): Address {
  const next = sealAddress(url, camera.id, sealer);
  if (next.sealedCredentials !== null || camera.sealedCredentials === null) return next;
  if (hostOf(url) !== hostOf(camera.url)) return next;
  const { user, password } = sealer.open(camera.sealedCredentials, sealContext(camera.id));
  return { ...next, sealedCredentials: sealer.seal({ user, password }, sealContext(camera.id)) };
}

function hostOf(url: string): string {
  return /^[a-z]+:\/\/([^/?#]*)/i.exec(url)?.[1]?.toLowerCase() ?? '';
}

/** Of an id as this node gives them; 0 for any other. */
function numberOf(id: string): number {
  return Number(/^c(\d{1,9})$/.exec(id)?.[1] ?? 0);
}

/** Numbers go up for ever, from the highest that was ever typed, so that recordings of a removed camera never become another's. */
function nextCameraId(draft: Settings): string {
  do draft.counters.camera += 1;
  while (draft.cameras.some((camera) => camera.id === `c${draft.counters.camera}`));
  return `c${draft.counters.camera}`;
}
