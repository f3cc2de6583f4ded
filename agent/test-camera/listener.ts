/** One playing session: takes bursts from its station to the client, over the RTSP connection or by UDP; never queues without bound. */
import type { Socket as UdpSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import type { Faults } from './faults.ts';
import { eachPacket, isStalled, repeatableRandom, spoilBurst, touchesPackets } from './faulty-burst.ts';
import type { Burst, Listener, Station } from './station.ts';

/** What a client that does not read may leave in memory; frames beyond it are dropped whole. */
const backlogBytesMax = 4_194_304;

export interface CameraCounters {
  frames: number;
  framesDropped: number;
  bytes: number;
}

/** Ports of one track at the client. */
export interface UdpPorts {
  readonly rtp: number;
  readonly rtcp: number;
}

export interface PlayingOptions {
  readonly socket: Socket;
  readonly udp: UdpSocket | null;
  readonly video: UdpPorts | 'interleaved' | null;
  readonly audio: UdpPorts | 'interleaved' | null;
  readonly faults: Faults;
  readonly frameMs: number;
  readonly counters: CameraCounters;
  readonly seed: number;
}

export class PlayingSession implements Listener {
  readonly #options: PlayingOptions;
  readonly #random: () => number;
  readonly #spoils: boolean;
  #begun = false;
  #frames = 0;

  constructor(options: PlayingOptions) {
    this.#options = options;
    this.#random = repeatableRandom(options.seed);
    this.#spoils = touchesPackets(options.faults);
  }

  hear(burst: Burst, station: Station): void {
    this.#begun ||= burst.randomAccess;
    if (!this.#begun) return;
    const { faults, counters, socket } = this.#options;
    const playedMs = this.#frames * this.#options.frameMs;
    this.#frames += 1;
    if (faults.resetMs > 0 && playedMs >= faults.resetMs) {
      socket.resetAndDestroy();
      return;
    }
    if (faults.stallMs > 0 && isStalled(faults, playedMs)) return;
    if (socket.writableLength > backlogBytesMax) {
      counters.framesDropped += 1;
      return;
    }
    const wanted = this.#tracksOf(burst);
    const audioRate = station.programme.clip.audio.clockRate;
    const bytes = this.#spoils ? spoilBurst(wanted, faults, { playedMs, audioRate }, this.#random) : wanted;
    counters.frames += 1;
    counters.bytes += bytes.length;
    if (this.#options.udp === null) socket.write(bytes);
    else this.#sendDatagrams(this.#options.udp, bytes);
  }

  #tracksOf({ bytes, audioStart }: Burst): Buffer {
    const { video, audio } = this.#options;
    if (video !== null && audio !== null) return bytes;
    return video !== null ? bytes.subarray(0, audioStart) : bytes.subarray(audioStart);
  }

  #sendDatagrams(udp: UdpSocket, bytes: Buffer): void {
    const { socket, video, audio } = this.#options;
    eachPacket(bytes, (channel, start, end) => {
      const ports = channel < 2 ? video : audio;
      if (ports === null || ports === 'interleaved') return;
      udp.send(bytes, start, end - start, channel % 2 === 0 ? ports.rtp : ports.rtcp, socket.remoteAddress);
    });
  }
}
