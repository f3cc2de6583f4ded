import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InterleavedSplitter } from '../../../../agent/media/rtsp/interleaved.ts';
import { MediaRoutes } from '../../../../agent/media/rtsp/media-routes.ts';
import { MediaTracks } from '../../../../agent/media/rtsp/media-tracks.ts';
import { parseSdp } from '../../../../agent/media/rtsp/sdp.ts';
import { selectTracks } from '../../../../agent/media/rtsp/select.ts';
import { annexB, fuA, h264, rtp, stapA } from '../rtp/packets.ts';
import { RecordingReceiver } from '../rtp/recording-receiver.ts';
import { interleave, soundSdp } from './fake-server.ts';

/** From the bytes of a read to the receiver, without sockets. */
function receive(reads: readonly Uint8Array[]): RecordingReceiver {
  const selection = selectTracks(parseSdp(soundSdp));
  if ('refusal' in selection) throw new Error(selection.refusal.detail);
  const receiver = new RecordingReceiver();
  const tracks = new MediaTracks({
    ...selection,
    receiver,
    onGoodbye: (isLast) => receiver.log.push(isLast ? 'last goodbye' : 'goodbye'),
  });
  const routes = new MediaRoutes(tracks);
  const splitter = new InterleavedSplitter({
    frame: (channel, bytes, start, end) => routes.packet(channel, bytes, start, end, 1000),
    message: () => receiver.log.push('message'),
  });
  routes.bind('video', [0, 1]);
  routes.bind('audio', [2, 3]);
  for (const channel of [0, 1, 2, 3]) splitter.know(channel);
  const shared = new Uint8Array(64 * 1024);
  for (const read of reads) {
    shared.fill(0x24);
    shared.set(read);
    splitter.push(shared, read.length);
  }
  return receiver;
}

const nal = fc
  .tuple(
    fc.constantFrom(h264.idr, h264.slice, h264.sei, h264.aud, h264.sps, h264.pps),
    fc.uint8Array({ maxLength: 90 }),
  )
  .map(([head, tail]) => Uint8Array.from([...head, ...tail.map((byte) => byte | 4)]));
const payloads = fc.oneof(
  nal.map((unit) => [unit]),
  fc.tuple(nal, fc.integer({ min: 1, max: 40 })).map(([unit, size]) => fuA(unit, size)),
  fc.array(nal, { minLength: 1, maxLength: 3 }).map((units) => [stapA(...units)]),
  fc.array(nal, { minLength: 1, maxLength: 3 }).map((units) => [annexB(h264.sps, h264.pps, ...units)]),
);

/** A valid stream with sound, reports and messages in between. */
const stream = fc.array(fc.tuple(payloads, fc.boolean()), { maxLength: 15 }).map((pictures) => {
  const bytes: number[] = [];
  let sequence = 65_530;
  let soundSequence = 0;
  pictures.forEach(([packets, extras], i) => {
    packets.forEach((payload, k) => {
      const packet = rtp({
        sequence: sequence++,
        timestamp: i * 3600,
        payload,
        marker: k === packets.length - 1,
      });
      bytes.push(...interleave(0, packet));
    });
    if (!extras) return;
    const sound = rtp({
      sequence: soundSequence++,
      timestamp: i * 160,
      payload: Uint8Array.of(1, 2),
      payloadType: 8,
    });
    bytes.push(...interleave(2, sound), ...Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n$$'));
  });
  return Uint8Array.from(bytes);
});

describe('a goodbye of the picture', () => {
  const packet = interleave(0, rtp({ sequence: 1, timestamp: 0, payload: h264.idr, marker: true }));
  const sound = (sequence: number) =>
    interleave(2, rtp({ sequence, timestamp: sequence * 160, payload: Uint8Array.of(1), payloadType: 8 }));
  const goodbye = (channel: number) => interleave(channel, Buffer.from('81cb000100001234', 'hex'));

  it('is the last one only once the sound has said it too', () => {
    const told = (reads: readonly Uint8Array[]) =>
      receive(reads).log.filter((entry) => String(entry).endsWith('goodbye'));
    expect(told([packet, sound(1), goodbye(1)])).toEqual(['goodbye']);
    expect(told([packet, sound(1), goodbye(1), sound(2), goodbye(3)])).toEqual(['goodbye', 'last goodbye']);
    expect(told([packet, sound(1), goodbye(3)])).toEqual([]);
    expect(told([packet, sound(1), goodbye(3), goodbye(1)])).toEqual(['last goodbye']);
  });
});

describe('a stream of bytes', () => {
  it('gives the same units however the reads cut it', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(20_000), { maxLength: 40 }), (bytes, cuts) => {
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const whole = receive([bytes]);
        const cut = receive(at.slice(1).map((end, i) => bytes.slice(at[i], end)));
        expect(cut.units).toEqual(whole.units);
        expect(cut.sounds).toEqual(whole.sounds);
        expect(cut.log).toEqual(whole.log);
        expect(whole.losses).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('that is all noise hands out nothing and breaks nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 20 }), (reads) => {
        expect(receive(reads).units).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
