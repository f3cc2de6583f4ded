/** The cameras of a benchmark: one process of test cameras, in real time. */
import { type Child, startChild } from './child.ts';
import type { BenchOptions } from './options.ts';

export async function startCameras(
  options: Pick<BenchOptions, 'cameras' | 'mbps'>,
): Promise<{ child: Child; urls: string[] }> {
  const entry = new URL('../agent/test-camera/main.ts', import.meta.url).pathname;
  const count = String(options.cameras);
  // The busy clip has 2 Mbit/s in its slices, as a camera has; other rates are reached with user data on top of it.
  const rate = options.mbps === 2 ? [] : ['--mbps', String(options.mbps)];
  const args = ['--no-warnings', entry, '--port', '0', '--count', count, '--codec', 'h264-busy', ...rate];
  const child = startChild(process.execPath, args);
  const [, port] = await child.line(/rtsp:\/\/127\.0\.0\.1:(\d+)/);
  const urls = Array.from({ length: options.cameras }, (_, at) => `rtsp://127.0.0.1:${port}/cam${at + 1}`);
  return { child, urls };
}
