/** The session description of a programme (RFC 8866; RFC 6184, 7798, 3640 for the format parameters), on request a bad one. */
import type { AudioFormat, VideoFormat } from '../media/types.ts';
import type { Faults } from './faults.ts';
import type { Programme } from './programme.ts';

export function describeProgramme(programme: Programme, faults: Faults): string {
  const { clip, video, audio } = programme;
  const sets = !faults.noParameterSets;
  const lines = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=Holdfast test camera',
    'c=IN IP4 0.0.0.0',
    't=0 0',
    'a=control:*',
    `m=video 0 RTP/AVP ${video.payloadType}`,
    ...videoLines(clip.video, video.payloadType, sets),
    'a=control:trackID=0',
    `m=audio 0 RTP/AVP ${audio.payloadType}`,
    ...audioLines(clip.audio, audio.payloadType),
    'a=control:trackID=1',
  ];
  return `${(faults.badSdp ? spoilt(lines) : lines).join('\r\n')}\r\n`;
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

function videoLines({ codec, parameterSets }: VideoFormat, payloadType: number, withSets: boolean): string[] {
  if (codec === 'h264') {
    const sps = parameterSets[0] ?? new Uint8Array(4);
    const level = Buffer.from(sps.subarray(1, 4)).toString('hex');
    const sprop = withSets ? `;sprop-parameter-sets=${parameterSets.map(base64).join(',')}` : '';
    const format = `packetization-mode=1;profile-level-id=${level}${sprop}`;
    return [`a=rtpmap:${payloadType} H264/90000`, `a=fmtp:${payloadType} ${format}`];
  }
  const names = ['sprop-vps', 'sprop-sps', 'sprop-pps'];
  const sprop = parameterSets.map((nal, index) => `${names[index]}=${base64(nal)}`).join(';');
  const map = `a=rtpmap:${payloadType} H265/90000`;
  return withSets ? [map, `a=fmtp:${payloadType} ${sprop}`] : [map];
}

function audioLines({ codec, clockRate, channels, config }: AudioFormat, payloadType: number): string[] {
  if (codec !== 'aac') return [`a=rtpmap:${payloadType} ${codec === 'pcma' ? 'PCMA' : 'PCMU'}/${clockRate}`];
  const mode = 'mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3';
  const hex = Buffer.from(config).toString('hex');
  return [
    `a=rtpmap:${payloadType} mpeg4-generic/${clockRate}/${channels}`,
    `a=fmtp:${payloadType} streamtype=5;profile-level-id=1;${mode};config=${hex}`,
  ];
}

/** As seen on cameras: no origin, a broken connection line, no name, lines that nobody knows, bare line feeds. */
function spoilt(lines: readonly string[]): string[] {
  const kept = lines
    .filter((line) => !/^[ost]=/.test(line))
    .map((line) => (line.startsWith('c=') ? 'c=IN' : line));
  return [
    ...kept.slice(0, 2),
    'x-dimensions:640,360',
    'a=\nb=AS:',
    ...kept.slice(2),
    'a=Media_header:MEDIAINFO=;',
  ];
}
