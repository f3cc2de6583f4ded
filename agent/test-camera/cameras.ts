/**
 * RTSP cameras for commissioning, demo, tests and benchmarks: many on one port, in real time, from the clips of
 * fixtures/media. Paths: /cam1 to /camN (also /camera1), in the chosen codec; "mixed" gives odd numbers H.264 with AAC
 * and even ones H.265 with G.711. A prefix overrides: /h264/cam1, /h265/cam1, /h264-b-frames/cam1, and /h264-busy/cam1 of 2 Mbit/s.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { AppError } from '../../src/errors.ts';
import { type Clock, systemClock } from '../adapters/clock.ts';
import { type ClipName, clipNames } from './clip.ts';
import { type Camera, type CameraHouse, serveConnection } from './connection.ts';
import { type Faults, noFaults } from './faults.ts';
import type { CameraCounters } from './listener.ts';
import { buildProgramme } from './programme.ts';
import { Studio } from './studio.ts';

type CameraCodec = ClipName | 'mixed';
export const cameraCodecs: readonly CameraCodec[] = [...clipNames, 'mixed'];

const camerasMax = 2000;
const connectionsMax = 4000;
const tickMs = 8;

export interface TestCameraOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
  readonly count: number;
  /** Bit rate of each camera, reached with user data in SEI units; the clip's own (about 0.25) when null or absent. */
  readonly mbps?: number | null;
  /** Default "mixed". */
  readonly codec?: CameraCodec;
  /** From `parseFaults`. */
  readonly faults?: Faults;
  /** Digest authentication is asked for when both are given. */
  readonly user?: string;
  readonly password?: string;
  readonly clock?: Pick<Clock, 'nowMs' | 'monotonicMs'>;
}

interface CameraStats extends Readonly<CameraCounters> {
  readonly camera: number;
}

export interface TestCameras {
  readonly port: number;
  /** One of each camera, without credentials. */
  readonly urls: readonly string[];
  /** Frames and bytes handed to the network, all sessions of a camera together; dropped: the client did not read. */
  stats(): CameraStats[];
  close(): Promise<void>;
}

/** Throws `invalid_input`, or `conflict` when the port is taken. */
export async function startTestCameras(options: TestCameraOptions): Promise<TestCameras> {
  const { host = '127.0.0.1', count, clock = systemClock, faults = noFaults } = options;
  checkOptions(options);
  const counters = Array.from({ length: count }, () => ({ frames: 0, framesDropped: 0, bytes: 0 }));
  const studio = new Studio({ clock, framesPerSecond: faults.deliveredRate });
  const udp = lazyUdpSocket(host);
  const house: CameraHouse = {
    faults,
    account: accountOf(options),
    frameMs: studio.frameMs,
    camera: cameraFinder(options, counters),
    station: (camera) => studio.station(camera.programme, camera.number),
    udp: udp.get,
  };
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serveConnection(socket, house);
  });
  server.maxConnections = connectionsMax;
  const port = await listen(server, host, options.port);
  const timer = setInterval(() => studio.tick(), tickMs);
  const urls = counters.map((_, index) => `rtsp://${host}:${port}/cam${index + 1}`);
  return {
    port,
    urls,
    stats: () => counters.map((counter, index) => ({ camera: index + 1, ...counter })),
    close: async () => {
      clearInterval(timer);
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all([closed, udp.close()]);
    },
  };
}

function checkOptions({ count, mbps, user, password }: TestCameraOptions): void {
  if (!Number.isInteger(count) || count < 1 || count > camerasMax) {
    throw new AppError('invalid_input', `${count} test cameras are not possible.`, {
      hint: `Ask for 1 to ${camerasMax}.`,
    });
  }
  if (typeof mbps === 'number' && !(mbps > 0 && mbps <= 100)) {
    throw new AppError('invalid_input', `A bit rate of ${mbps} Mbps is not possible.`, {
      hint: 'Ask for up to 100.',
    });
  }
  if ((user === undefined) !== (password === undefined)) {
    throw new AppError('invalid_input', 'A user needs a password, and a password needs a user.', {
      hint: 'Give both --user and --password, or neither.',
    });
  }
}

function accountOf({ user, password }: TestCameraOptions): CameraHouse['account'] {
  return user === undefined || password === undefined ? null : { user, password };
}

function cameraFinder(options: TestCameraOptions, counters: readonly CameraCounters[]) {
  const programmes = new Map<ClipName, ReturnType<typeof buildProgramme>>();
  const programmeOf = (name: ClipName) => {
    const known = programmes.get(name) ?? buildProgramme(name, options.mbps ?? null);
    programmes.set(name, known);
    return known;
  };
  return (path: string): Camera | null => {
    const [, prefix, digits] =
      /^(?:\/(h264|h265|h264-b-frames|h264-busy))?\/cam(?:era)?(\d{1,4})$/.exec(path) ?? [];
    const number = Number(digits);
    const counter = counters[number - 1];
    if (counter === undefined) return null;
    const name = clipNames.find((clip) => clip === prefix) ?? clipFor(options.codec ?? 'mixed', number);
    return { number, programme: programmeOf(name), counters: counter };
  };
}

function clipFor(codec: CameraCodec, number: number): ClipName {
  if (codec !== 'mixed') return codec;
  return number % 2 === 1 ? 'h264' : 'h265';
}

async function listen(server: ReturnType<typeof createServer>, host: string, port: number): Promise<number> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new AppError('conflict', `The test cameras cannot listen on ${host}:${port}.`, {
      hint: 'Choose another --port, or stop what uses it.',
      cause,
    });
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** One socket sends the datagrams of all sessions; made when the first client asks for UDP. */
function lazyUdpSocket(host: string) {
  let opened: Promise<{ socket: UdpSocket; port: number }> | null = null;
  const open = async () => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.on('error', () => {});
    socket.bind(0, host);
    await once(socket, 'listening');
    return { socket, port: socket.address().port };
  };
  return {
    get: () => {
      opened ??= open();
      return opened;
    },
    close: async () => {
      if (opened !== null) (await opened).socket.close();
    },
  };
}
