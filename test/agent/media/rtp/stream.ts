/** A video track under test: packets go in one by one, a RecordingReceiver takes what comes out. */
import { MediaTracks } from '../../../../agent/media/rtsp/media-tracks.ts';
import type { AudioChoice } from '../../../../agent/media/rtsp/select.ts';
import { rtp } from './packets.ts';
import { RecordingReceiver } from './recording-receiver.ts';

export class Stream {
  readonly receiver = new RecordingReceiver();
  readonly tracks: MediaTracks;
  sequence = 100;
  timestamp = 9000;
  nowMs = 1_000_000;

  constructor(codec: 'h264' | 'h265', sets: Uint8Array[] = [], audio: AudioChoice | null = null) {
    this.tracks = new MediaTracks({
      video: { kind: 'video', codec, payloadType: 96, clockRate: 90_000, parameterSets: sets, control: null },
      audio,
      notes: [],
      receiver: this.receiver,
      onGoodbye: () => this.receiver.log.push('goodbye'),
    });
  }

  /** One packet; the marker ends a picture, the timestamp stays. */
  send(payload: Uint8Array, options: { marker?: boolean; source?: number } = {}): this {
    const bytes = rtp({ sequence: this.sequence++, timestamp: this.timestamp, payload, ...options });
    this.tracks.video.packet(bytes, 0, bytes.length, this.nowMs);
    return this;
  }

  /** The NAL units of a picture, one packet each, marker on the last, and on to the next timestamp. */
  picture(...nals: Uint8Array[]): this {
    nals.forEach((nal, i) => {
      this.send(nal, { marker: i === nals.length - 1 });
    });
    return this.next();
  }

  next(): this {
    this.timestamp += 3600;
    this.nowMs += 40;
    return this;
  }

  lose(packets: number): this {
    this.sequence += packets;
    return this;
  }

  nals(): string[][] {
    return this.receiver.units.map((unit) => unit.nals);
  }
}
