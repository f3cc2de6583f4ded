/** RTSP servers that nobody here wrote, started on loopback for a test and ended by process id. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { freePort } from '../support/node.ts';
import { stopChild } from '../support/processes.ts';

export interface PeerServer {
  readonly port: number;
  stop(): Promise<void>;
}

const script = new URL('./gstreamer-server.py', import.meta.url).pathname;

export function haveGstreamer(): boolean {
  const check =
    "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer";
  return spawnSync('/usr/bin/python3', ['-c', check]).status === 0;
}

export function haveProgram(name: string): boolean {
  return spawnSync(name, ['-version']).error === undefined;
}

/** One GStreamer pipeline per path; `login` asks for digest authentication. */
export async function startGstreamer(launches: Record<string, string>, login?: string): Promise<PeerServer> {
  const args = Object.entries(launches).map(([name, launch]) => `${name}=${launch}`);
  const child = spawn('/usr/bin/python3', [script, ...(login ? [`--auth=${login}`] : []), ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  return { port: Number(line.split(' ')[1]), stop: () => stopChild(child) };
}

/** VLC streams a file as live RTSP (over UDP, the only transport it has). It refuses to run as root. */
export async function startVlc(path: string): Promise<PeerServer> {
  const port = await freePort();
  const vlc = ['cvlc', '-q', path, '--sout', `#rtp{sdp=rtsp://127.0.0.1:${port}/live}`];
  const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...vlc];
  const [program = '', ...args] = process.getuid?.() === 0 ? asNobody : vlc;
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, HOME: '/nonexistent' } });
  return { port, stop: () => stopChild(child) };
}
