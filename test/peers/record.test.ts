/**
 * The proof of the media path: a minute and more from GStreamer's RTSP server and from VLC, recorded by a real node. Every
 * frame sent after the first key frame is in the export, by count and by decoded checksum, and any player reads the blocks.
 */
import { chmodSync, createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeBlockHead } from '../../agent/storage/block/codec.ts';
import type { Camera } from '../../src/contract/index.ts';
import { addCamera, addStorage, startNode, statusUntil, type TestNode } from '../support/node.ts';
import {
  audioBytes,
  audioPacketChecksums,
  complaints,
  indexOfRun,
  makeH264Clip,
  makeH265Clip,
  pictureChecksums,
  tool,
} from './media.ts';
import { haveGstreamer, haveProgram, type PeerServer, startGstreamer, startVlc } from './servers.ts';

const clipSeconds = 64;
const frames = clipSeconds * 25;
const unsentReordered = 3;
const ready = haveGstreamer() && haveProgram('ffmpeg') && haveProgram('cvlc');
if (!ready) {
  console.warn(
    'SKIPPED test/peers: apt-get install ffmpeg gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-good gstreamer1.0-plugins-bad vlc-bin vlc-plugin-base',
  );
}

/** VLC stamps the first and the last pictures of H.264 alike: a player's word on that is about the sender, not the file. */
function sayAboutFile(name: string, text: string): string {
  if (!name.startsWith('vlc-h264')) return text;
  return text.replace(/^.*non monotonically increasing dts to muxer.*\n/gm, '');
}

describe.skipIf(!ready)('a minute from servers that nobody here wrote', () => {
  const work = mkdtempSync(join(tmpdir(), 'hf-peers-'));
  const clips = { h264: join(work, 'h264.mp4'), h265: join(work, 'h265.mkv') };
  const exports = new Map<string, string>();
  const servers: PeerServer[] = [];
  const cameras = new Map<string, Camera>();
  let node: TestNode;

  beforeAll(async () => {
    chmodSync(work, 0o755);
    await makeH264Clip(clips.h264, clipSeconds);
    await makeH265Clip(clips.h265, clipSeconds);
    node = await startNode();
    await addStorage(node, join(node.dataDir, 'space'));
    const gstreamer = await startGstreamer({
      h264: `( filesrc location=${clips.h264} ! qtdemux name=d d. ! queue ! h264parse ! rtph264pay name=pay0 pt=96 d. ! queue ! aacparse ! rtpmp4gpay name=pay1 pt=97 )`,
      h265: `( filesrc location=${clips.h265} ! matroskademux name=d d. ! queue ! h265parse ! rtph265pay name=pay0 pt=96 d. ! queue ! rtppcmapay name=pay1 pt=8 )`,
    });
    const vlc = { h264: await startVlc(clips.h264), h265: await startVlc(clips.h265) };
    servers.push(gstreamer, vlc.h264, vlc.h265);
    const fromMs = Date.now();
    const add = async (name: string, url: string, transport: 'tcp' | 'udp') =>
      cameras.set(name, await addCamera(node, name, url, { transport }));
    await add('gst-h264', `rtsp://127.0.0.1:${gstreamer.port}/h264`, 'tcp');
    await add('gst-h265', `rtsp://127.0.0.1:${gstreamer.port}/h265`, 'tcp');
    await add('vlc-h264', `rtsp://127.0.0.1:${vlc.h264.port}/live`, 'udp');
    await add('vlc-h265', `rtsp://127.0.0.1:${vlc.h265.port}/live`, 'udp');
    await statusUntil(node.client, (status) => status.counts.recording === 4, 30_000);
    const ended = new Set<string>();
    await statusUntil(
      node.client,
      (status) => {
        for (const camera of status.cameras)
          if (camera.recording !== 'normal' || camera.reconnects > 0) ended.add(camera.name);
        return ended.size === 4;
      },
      (clipSeconds + 40) * 1_000,
    );
    for (const camera of cameras.values()) await node.client.camera.edit({ id: camera.id, enabled: false });
    const { timeMs } = await statusUntil(node.client, (status) => status.counts.recording === 0);
    // What was recorded last is in the index once it is synced.
    await statusUntil(node.client, (status) => status.timeMs > timeMs + 3_000);
    for (const [name, camera] of cameras) {
      const path = join(work, `${name}.mp4`);
      const plan = await node.client.export.plan({ camera: camera.id, fromMs, toMs: Date.now() });
      const { stream } = await node.connection.download(plan.downloadPath);
      await pipeline(stream, createWriteStream(path));
      exports.set(name, path);
    }
  }, 240_000);

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await node?.remove();
    rmSync(work, { recursive: true, force: true });
  });

  /** The camera that a block says it holds. */
  const nameOfBlock = (path: string): string => {
    const head = decodeBlockHead(readFileSync(path).subarray(0, 65_536));
    return [...cameras].find(([, camera]) => camera.id === head?.header.cameraId)?.[0] ?? '';
  };
  const exported = (name: string) => exports.get(name) ?? '';

  for (const codec of ['h264', 'h265'] as const) {
    it(`GStreamer, ${codec}: all ${frames} pictures are in the export, each with its checksum`, async () => {
      const sent = await pictureChecksums(clips[codec]);
      const kept = await pictureChecksums(exported(`gst-${codec}`));
      expect(sent).toHaveLength(frames);
      expect(kept.slice(0, frames)).toEqual(sent);
    }, 120_000);

    it(`VLC, ${codec}: from the first key frame on, no picture is missing or changed`, async () => {
      const sent = await pictureChecksums(clips[codec]);
      const all = await pictureChecksums(exported(`vlc-${codec}`));
      // VLC ends without sending the last pictures of its clip: a picture shown earlier than a sent one may be among them.
      const kept = all.slice(0, -unsentReordered);
      const at = indexOfRun(sent, kept);
      expect(
        at,
        `${all.length} pictures kept, ${all.filter((sum) => sent.includes(sum)).length} known`,
      ).toBeGreaterThanOrEqual(0);
      expect(at % 50).toBe(0);
      expect(kept.length).toBeGreaterThanOrEqual(60 * 25);
    }, 120_000);
  }

  it.each(['gst', 'vlc'])(
    'AAC from %s: no access unit is missing',
    async (server) => {
      const sent = await audioPacketChecksums(clips.h264);
      const all = await audioPacketChecksums(exported(`${server}-h264`));
      const from = sent.indexOf(all[0] ?? '');
      expect(from).toBeGreaterThanOrEqual(0);
      // A server plays its clip anew for whoever comes back: the second showing is not what is asked for.
      const kept = all.slice(0, sent.length - from);
      expect(sent.slice(from, from + kept.length)).toEqual(kept);
      expect(kept.length).toBeGreaterThan((60 * 48_000) / 1024);
    },
    60_000,
  );

  it('G.711: every sample is in the export', async () => {
    const sent = await audioBytes(clips.h265);
    const kept = (await audioBytes(exported('gst-h265'))).subarray(0, sent.length - 8_000);
    expect(kept.length).toBeGreaterThan(60 * 8_000);
    expect(sent.indexOf(kept)).toBeGreaterThanOrEqual(0);
  }, 60_000);

  it('ffprobe and ffmpeg read exports and raw blocks without a complaint, and count every packet', async () => {
    for (const [name, path] of exports) expect(sayAboutFile(name, await complaints(path)), path).toBe('');
    const folder = join(node.dataDir, 'space', 'blocks', '000');
    let packets = 0;
    for (const name of (await readdir(folder)).sort()) {
      const count = [
        '-v',
        'warning',
        '-select_streams',
        'v',
        '-count_packets',
        '-show_entries',
        'stream=nb_read_packets',
      ];
      const { stdout } = await tool('ffprobe', [...count, '-of', 'csv=p=0', join(folder, name)]).catch(
        () => ({ stdout: '' }),
      );
      if (stdout.trim() === '') continue;
      packets += Number(stdout.trim());
      const said = await complaints(join(folder, name));
      expect(sayAboutFile(nameOfBlock(join(folder, name)), said), name).toBe('');
    }
    const exportedFrames = await Promise.all(
      [...exports.values()].map(async (path) => (await pictureChecksums(path)).length),
    );
    expect(packets).toBeGreaterThanOrEqual(exportedFrames.reduce((sum, count) => sum + count, 0));
  }, 240_000);
});
