/** ffprobe and ffmpeg as judges of what the writers produce. */
import { spawnSync } from 'node:child_process';

export const hasFfmpeg =
  spawnSync('ffprobe', ['-version']).status === 0 && spawnSync('ffmpeg', ['-version']).status === 0;
if (!hasFfmpeg)
  console.warn('SKIPPED: ffprobe and ffmpeg are missing; install them with: apt-get install ffmpeg');

interface Packet {
  stream: number;
  pts: number;
  dts: number;
  key: boolean;
  size: number;
}

export interface Probe {
  warnings: string;
  packets: Packet[];
  codecs: string[];
}

export function probe(path: string): Probe {
  const entries = 'stream=codec_name:packet=stream_index,pts_time,dts_time,size,flags';
  const run = spawnSync('ffprobe', ['-v', 'warning', '-of', 'json', '-show_entries', entries, path], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const { packets = [], streams = [] } = JSON.parse(run.stdout);
  return {
    warnings: run.stderr.trim(),
    codecs: streams.map((stream: { codec_name: string }) => stream.codec_name),
    packets: packets.map(
      (packet: {
        stream_index: number;
        pts_time: string;
        dts_time: string;
        size: string;
        flags: string;
      }) => ({
        stream: Number(packet.stream_index),
        pts: Number(packet.pts_time),
        dts: Number(packet.dts_time),
        size: Number(packet.size),
        key: packet.flags.startsWith('K'),
      }),
    ),
  };
}

/** MD5 of every decoded frame of one stream. */
export function frameHashes(path: string, stream: 'v' | 'a'): string[] {
  const map = ['-map', `0:${stream}:0`, '-fps_mode', 'passthrough'];
  const run = spawnSync('ffmpeg', ['-v', 'quiet', '-i', path, ...map, '-f', 'framemd5', '-'], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const lines = run.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.split(',').at(-1)?.trim() ?? '');
}
