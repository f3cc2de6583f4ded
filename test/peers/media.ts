/** Clips made by ffmpeg, and what ffmpeg and ffprobe say of files: the measure of the peer tests, written by nobody here. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const outputBytesMax = 256 * 1024 * 1024;

/** Runs a program and returns its output; what it writes to standard error must be empty when `silent`. */
export async function tool(
  program: string,
  args: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  return run(program, args, { maxBuffer: outputBytesMax });
}

/** Makes a clip of a moving picture and a tone. */
async function makeClip(path: string, seconds: number, sampleRate: number, codecs: readonly string[]) {
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25'];
  const tone = ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=${sampleRate}`];
  const length = ['-t', String(seconds)];
  await tool('ffmpeg', ['-v', 'error', '-y', ...picture, ...tone, ...length, ...codecs, path]);
}

/** H.264 High with B-frames (key frame every 2 s) and AAC. */
export async function makeH264Clip(path: string, seconds: number): Promise<void> {
  const video = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '2', '-g', '50', '-b:v', '800k'];
  const audio = ['-c:a', 'aac', '-b:a', '64k', '-movflags', '+faststart'];
  await makeClip(path, seconds, 48_000, [...video, ...audio]);
}

/** H.265 and G.711 A-law. */
export async function makeH265Clip(path: string, seconds: number): Promise<void> {
  const options = 'bframes=0:keyint=50:log-level=error';
  const video = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', options];
  await makeClip(path, seconds, 8_000, [...video, '-c:a', 'pcm_alaw']);
}

/** MD5 of each decoded picture, in display order. */
export async function pictureChecksums(path: string): Promise<string[]> {
  return checksums(path, ['-map', '0:v:0', '-vsync', 'passthrough']);
}

/** MD5 of each audio packet as stored (AAC access units). */
export async function audioPacketChecksums(path: string): Promise<string[]> {
  return checksums(path, ['-map', '0:a:0', '-c', 'copy']);
}

/** The last column of ffmpeg's `framemd5`. */
async function checksums(path: string, selection: readonly string[]): Promise<string[]> {
  const { stdout } = await tool('ffmpeg', ['-v', 'error', '-i', path, ...selection, '-f', 'framemd5', '-']);
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').at(-1)?.trim() ?? '');
}

/** The audio payload as one run of bytes (G.711, whose packets are cut differently by every sender). */
export async function audioBytes(path: string): Promise<Buffer> {
  const args = ['-v', 'error', '-i', path, '-map', '0:a:0', '-c', 'copy', '-f', 'alaw', '-'];
  const { stdout } = await promisify(execFile)('ffmpeg', args, {
    maxBuffer: outputBytesMax,
    encoding: 'buffer',
  });
  return stdout;
}

/** Everything ffprobe and ffmpeg have to say against a file; empty when they have nothing. */
export async function complaints(path: string): Promise<string> {
  const probe = await tool('ffprobe', ['-v', 'warning', '-show_streams', '-of', 'compact', path]);
  const decode = await tool('ffmpeg', ['-v', 'warning', '-nostdin', '-i', path, '-f', 'null', '-']);
  return probe.stderr + decode.stderr;
}

/** Where `run` stands within `whole` as a contiguous stretch; -1 when it does not. */
export function indexOfRun(whole: readonly string[], run: readonly string[]): number {
  for (let at = 0; at + run.length <= whole.length; at++) {
    if (run.every((value, index) => whole[at + index] === value)) return at;
  }
  return -1;
}
