/** The cameras in rows: state in a word, reason, rate; figures that change stand to the right, to save bytes. */
import type { Camera, NodeStatus } from '../../../src/contract/index.ts';
import type { ListCursor } from '../../components/list.ts';
import { type Column, padLines, table } from '../../components/table.ts';
import { blank, type Line, line, span } from '../../format/line.ts';
import { formatBitRate, formatShortDuration, formatSize, plural } from '../../format/numbers.ts';
import { cameraWord, reasonWords } from '../../format/words.ts';
import type { Frame } from '../../shell.ts';

/** The table starts below the summary; its heading is one more row. */
export const chromeRows = 2;
/** Terminals this tall show the details below the table as well. */
export const paneFromRows = 30;
export const paneRows = 14;

function columnsOf(frame: Frame): Column<Camera>[] {
  const { glyphs } = frame.theme;
  return [
    { title: 'Camera', width: 16, grow: true, cell: (camera) => camera.name },
    { title: 'Id', width: 6, from: 100, cell: (camera) => ({ text: camera.id, tone: 'dim' }) },
    { title: 'Ch', width: 3, align: 'right', from: 100, cell: (camera) => String(camera.channel) },
    { title: 'Address', width: 16, from: 136, cell: (camera) => hostOf(camera.url) },
    {
      title: 'State',
      width: 12,
      cell(camera) {
        const word = cameraWord(camera);
        const mark =
          word.tone === 'good'
            ? glyphs.good
            : word.tone === 'bad'
              ? glyphs.bad
              : word.tone === 'warn'
                ? glyphs.busy
                : ' ';
        return { text: `${mark} ${word.text}`, tone: word.tone };
      },
    },
    { title: 'Since', width: 5, align: 'right', from: 70, cell: (camera) => sinceWords(camera, frame.nowMs) },
    {
      title: 'Reason',
      width: 18,
      grow: true,
      cell: (camera) => ({ text: reasonWords(camera.reason), tone: 'bad' }),
    },
    { title: 'Pool', width: 10, from: 76, cell: (camera) => poolName(camera, frame.status) },
    { title: 'Video', width: 15, from: 110, cell: videoWords },
    { title: 'Rate', width: 9, align: 'right', cell: (camera) => formatBitRate(camera.bitsPerSecond) },
  ];
}

export function poolName(camera: Camera, status: NodeStatus | null): string {
  return status?.pools.find(({ id }) => id === camera.poolId)?.name ?? camera.poolId ?? 'none';
}

/** `10.0.0.5:554` of an RTSP address. */
export function hostOf(url: string): string {
  return /^rtsps?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? url;
}

function sinceWords(camera: Camera, nowMs: number): string {
  return camera.sinceMs === null ? '' : formatShortDuration(Math.max(0, nowMs - camera.sinceMs) / 1000);
}

function videoWords({ media }: Camera): string {
  if (!media) return '';
  const codec = media.videoCodec === 'h265' ? 'H.265' : media.videoCodec === 'h264' ? 'H.264' : '?';
  return media.width === null ? codec : `${codec} ${media.width}x${media.height ?? '?'}`;
}

export interface RecordingView {
  cameras: readonly Camera[];
  list: ListCursor;
  mode: string;
  filter: string;
  /** Rows of details, shown where the terminal is tall. */
  pane: readonly Line[];
}

/** Exactly `frame.rows` rows. */
export function recordingLines(view: RecordingView, frame: Frame): Line[] {
  const pane = frame.rows >= paneFromRows ? [blank, ...view.pane.slice(0, paneRows - 1)] : [];
  const height = frame.rows - 1 - pane.length;
  const lines = table({
    columns: columnsOf(frame),
    rows: view.cameras,
    cursor: view.list,
    width: frame.columns,
    height,
    empty: view.filter === '' ? 'No camera yet. a adds one.' : 'No camera matches the filter.',
  });
  return [summary(view, frame), ...padLines(lines, height), ...pane];
}

function summary(view: RecordingView, frame: Frame): Line {
  const all = frame.status?.cameras ?? [];
  const bad = all.filter((camera) => cameraWord(camera).tone === 'bad').length;
  const recording = all.filter((camera) => cameraWord(camera).tone === 'good').length;
  const total = frame.status?.recorder.bitsPerSecond ?? 0;
  const order = [
    view.mode === 'worst first' ? '' : `  by ${view.mode}`,
    view.filter === '' ? '' : `  /${view.filter}`,
  ].join('');
  return line(
    span(` ${recording} of ${plural(all.length, 'camera')} recording`, 'strong'),
    span(bad === 0 ? '' : `, ${bad} in trouble`, 'bad'),
    span(order, 'accent'),
    span(`  ${formatBitRate(total)} in all`, 'dim'),
  );
}

/** The selected camera in a sentence. */
export function recordingFoot(camera: Camera | undefined): Line {
  if (!camera) return line('');
  if (camera.problem !== null) return line(span(` ${camera.problem}`, cameraWord(camera).tone));
  const audio = camera.media?.audioCodec ?? null;
  const sound = audio === null ? 'no sound' : `sound ${audio.toUpperCase()}`;
  return line(
    ` ${camera.name}: ${videoWords(camera) || 'no stream'}, ${sound}, ${formatSize(camera.recordedBytes)} recorded`,
  );
}
