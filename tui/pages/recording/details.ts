/** Everything about one camera, in names and values. */
import type { Camera, MediaInfo, NodeStatus } from '../../../src/contract/index.ts';
import type { Fact } from '../../components/facts.ts';
import { formatBitRate, formatDuration, formatSize } from '../../format/numbers.ts';
import { dateTime } from '../../format/time.ts';
import { cameraWord, reasonWords } from '../../format/words.ts';
import { poolName } from './view.ts';

/** `H.264 1920x1080, 25 pictures a second, sound AAC`. */
export function mediaWords(media: MediaInfo): string {
  const codec = media.videoCodec === null ? 'no video' : media.videoCodec === 'h264' ? 'H.264' : 'H.265';
  const size = media.width === null ? '' : ` ${media.width}x${media.height ?? '?'}`;
  const rate = media.framesPerSecond === null ? '' : `, ${media.framesPerSecond} pictures a second`;
  const sound = media.audioCodec === null ? ', no sound' : `, sound ${media.audioCodec.toUpperCase()}`;
  return [`${codec}${size}${rate}${sound}`, ...media.notes].join('; ');
}

function planWords(camera: Camera): string {
  if (typeof camera.plan === 'string') return camera.plan;
  const quarters = camera.plan.reduce((sum, day) => sum + [...day].filter((mark) => mark === 'T').length, 0);
  return `weekly, ${quarters / 4} hours a week`;
}

export function cameraFacts(
  camera: Camera,
  status: NodeStatus | null,
  where: { nowMs: number; timeZone: string },
): Fact[] {
  const word = cameraWord(camera);
  const since =
    camera.sinceMs === null ? '' : ` for ${formatDuration((where.nowMs - camera.sinceMs) / 1000)}`;
  return [
    { name: 'Name', value: `${camera.name}  (${camera.id}, channel ${camera.channel})`, tone: 'strong' },
    { name: 'State', value: `${word.text}${since}`, tone: word.tone },
    ...(camera.reason === null
      ? []
      : [{ name: 'Reason', value: reasonWords(camera.reason), tone: word.tone }]),
    ...(camera.problem === null ? [] : [{ name: 'What to do', value: camera.problem }]),
    { name: 'Address', value: `${camera.url}${camera.hasCredentials ? '  (with user and password)' : ''}` },
    {
      name: 'Connection',
      value: `${camera.connection}, ${camera.transport.toUpperCase()}, ${camera.reconnects} reconnects`,
    },
    { name: 'Stream', value: camera.media ? mediaWords(camera.media) : 'not known' },
    { name: 'Rate', value: formatBitRate(camera.bitsPerSecond) },
    { name: 'Plan, pool', value: `${planWords(camera)}, ${poolName(camera, status)}` },
    { name: 'Recorded', value: formatSize(camera.recordedBytes) },
    {
      name: 'Lost',
      value: `${camera.packetsLost} packets, ${camera.partsLost} parts`,
      ...(camera.partsLost > 0 ? { tone: 'warn' as const } : {}),
    },
    {
      name: 'Last frame',
      value: camera.lastFrameMs === null ? 'never' : dateTime(camera.lastFrameMs, where.timeZone),
    },
  ];
}
