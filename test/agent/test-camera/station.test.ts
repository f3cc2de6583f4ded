import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFaults } from '../../../agent/test-camera/faults.ts';
import {
  eachPacket,
  isStalled,
  repeatableRandom,
  spoilBurst,
} from '../../../agent/test-camera/faulty-burst.ts';
import { buildProgramme } from '../../../agent/test-camera/programme.ts';
import { type Burst, Station } from '../../../agent/test-camera/station.ts';
import { Studio } from '../../../agent/test-camera/studio.ts';
import { parseRtp, type RtpPacket } from './rtsp-client.ts';

const programme = buildProgramme('h264', 2);
const timestampBase = 2 ** 32 - 1_000_000;
const makeStation = () =>
  new Station({ programme, leadFrames: 7, startMs: 1000, frameMs: 40, timestampBase });

function packetsOf(bytes: Buffer): RtpPacket[] {
  const packets: RtpPacket[] = [];
  eachPacket(bytes, (channel, start, end) => {
    if (channel % 2 === 0) packets.push(parseRtp(bytes.subarray(start - 4, end)));
  });
  return packets;
}

function listen(station: Station): Burst[] {
  const heard: Burst[] = [];
  station.listeners.add({ hear: (burst) => heard.push(burst) });
  return heard;
}

describe('a station', () => {
  it('goes on from loop to loop with growing times and numbers, also where they wrap', () => {
    const station = makeStation();
    const heard = listen(station);
    for (let frame = 0; frame < 600; frame += 1) station.send(1_790_000_000_000 + frame * 40);
    for (const channel of [0, 2]) {
      const packets = heard
        .flatMap(({ bytes }) => packetsOf(bytes))
        .filter((packet) => packet.channel === channel);
      packets.forEach((packet, index) => {
        const before = packets[index - 1];
        if (before === undefined) return;
        expect(packet.sequence).toBe((before.sequence + 1) & 0xffff);
        const step = (packet.timestamp - before.timestamp) >>> 0;
        expect(channel === 0 ? [0, 3600] : [1024]).toContain(step);
      });
    }
  });

  it('reaches the asked bit rate, smoothly', () => {
    const station = makeStation();
    const heard = listen(station);
    for (let frame = 0; frame < 250; frame += 1) station.send(0);
    const sizes = heard.map(({ bytes }) => bytes.length);
    const mbps = (sizes.reduce((sum, size) => sum + size, 0) * 8) / 10 / 1e6;
    expect(mbps).toBeGreaterThan(1.98);
    expect(mbps).toBeLessThan(2.08);
    const ordinary = heard.filter(({ randomAccess }) => !randomAccess).map(({ bytes }) => bytes.length);
    expect(Math.max(...ordinary) / Math.min(...ordinary)).toBeLessThan(1.2);
  });

  it('says where it will stand at the next key frame, also after frames that nobody heard', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600 }), (skipped) => {
        const station = makeStation();
        for (let frame = 0; frame < skipped; frame += 1) station.skip();
        const wanted = station.positionsAtKey();
        const heard = listen(station);
        for (let frame = 0; frame < 30; frame += 1) station.send(0);
        const from = heard.findIndex(({ randomAccess }) => randomAccess);
        const packets = heard.slice(from).flatMap(({ bytes }) => packetsOf(bytes));
        expect(packets.find(({ channel }) => channel === 0)).toMatchObject(wanted.video);
        expect(packets.find(({ channel }) => channel === 2)).toMatchObject(wanted.audio);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the studio', () => {
  const makeStudio = () => {
    const clock = { now: 5000, monotonicMs: () => clock.now, nowMs: () => 1_790_000_000_000 + clock.now };
    return { clock, studio: new Studio({ clock, framesPerSecond: 25 }) };
  };

  it('gives each new session a key frame within a fifth of a second', () => {
    const { clock, studio } = makeStudio();
    for (let camera = 0; camera < 40; camera += 1) {
      clock.now += 17;
      studio.tick();
      const station = studio.station(programme, camera);
      const heard = listen(station);
      const asked = clock.now;
      while (!heard.some(({ randomAccess }) => randomAccess)) {
        clock.now += 8;
        studio.tick();
      }
      expect(clock.now - asked).toBeLessThanOrEqual(216);
    }
  });

  it('leaves frames out after being held up, and does not make up for a night of sleep', () => {
    const { clock, studio } = makeStudio();
    const heard = listen(studio.station(programme, 0));
    clock.now += 3000;
    studio.tick();
    expect(heard.length).toBeGreaterThan(20);
    expect(heard.length).toBeLessThan(30);
    clock.now += 12 * 3_600_000;
    studio.tick();
    expect(heard.length).toBeLessThan(32);
    clock.now += 400;
    studio.tick();
    expect(heard.length).toBeGreaterThan(35);
  });
});

describe('packet faults', () => {
  const burstOf = () => {
    const station = makeStation();
    const heard = listen(station);
    for (let frame = 0; frame < 100; frame += 1) station.send(0);
    return Buffer.concat(heard.map(({ bytes }) => bytes));
  };
  const clocks = { playedMs: 20_000, audioRate: 16_000 };

  it('drop: about the asked share of packets is missing, and the same ones in every run', () => {
    const bytes = burstOf();
    const all = packetsOf(bytes).length;
    const left = packetsOf(spoilBurst(bytes, parseFaults(['drop=10%']), clocks, repeatableRandom(1)));
    expect(left.length / all).toBeGreaterThan(0.85);
    expect(left.length / all).toBeLessThan(0.95);
    expect(packetsOf(spoilBurst(bytes, parseFaults(['drop=10%']), clocks, repeatableRandom(1)))).toEqual(
      left,
    );
  });

  it('reorder: all packets come, some change places', () => {
    const bytes = burstOf();
    const spoilt = packetsOf(spoilBurst(bytes, parseFaults(['reorder=20%']), clocks, repeatableRandom(2)));
    const numbers = (packets: RtpPacket[]) =>
      packets.map(({ channel, sequence }) => channel * 100_000 + sequence);
    expect(numbers(spoilt)).not.toEqual(numbers(packetsOf(bytes)));
    expect(numbers(spoilt).toSorted()).toEqual(numbers(packetsOf(bytes)).toSorted());
  });

  it('clock-step: times jump after ten seconds, not before', () => {
    const bytes = burstOf();
    const faults = parseFaults(['clock-step=-60s']);
    const stampsAfter = (playedMs: number) =>
      packetsOf(spoilBurst(bytes, faults, { ...clocks, playedMs }, repeatableRandom(1)))[0]?.timestamp ?? 0;
    expect((stampsAfter(20_000) - stampsAfter(5000)) | 0).toBe(-60 * 90_000);
  });

  it('stall: silent from the fifth second on, every half minute', () => {
    const faults = parseFaults(['stall=3s']);
    expect([4, 5, 7.9, 8, 34, 36].map((second) => isStalled(faults, second * 1000))).toEqual([
      false,
      true,
      true,
      false,
      false,
      true,
    ]);
  });
});
