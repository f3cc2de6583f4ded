/** A progress bar on a terminal: rate, time left, and never more than one line. */
import { formatSize } from '../model/size.ts';
import type { CliIo } from './io.ts';
import { formatDuration } from './time.ts';

export interface ProgressFigures {
  doneBytes: number;
  totalBytes: number | null;
  bytesPerSecond: number;
  secondsLeft: number | null;
}

const barWidth = 24;

export interface ProgressBar {
  show(figures: ProgressFigures): void;
  /** Clears the line. */
  end(): void;
}

/** Draws on standard error when that is a terminal, and nothing otherwise. */
export function progressBar(io: CliIo, label: string): ProgressBar {
  if (io.stderr.isTTY !== true) return { show: () => {}, end: () => {} };
  return {
    show: (figures) => {
      const text = progressText(label, figures).slice(0, (io.stderr.columns ?? 80) - 1);
      io.stderr.write(`\r\u001b[2K${text}`);
    },
    end: () => io.stderr.write('\r\u001b[2K'),
  };
}

export function progressText(label: string, figures: ProgressFigures): string {
  const rate = `${formatSize(figures.bytesPerSecond)}/s`;
  if (figures.totalBytes === null || figures.totalBytes === 0) {
    return `${label}  ${formatSize(figures.doneBytes)}  ${rate}`;
  }
  const share = Math.min(1, figures.doneBytes / figures.totalBytes);
  const filled = Math.round(share * barWidth);
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`;
  const left = figures.secondsLeft === null ? '' : `  ${formatDuration(figures.secondsLeft)} left`;
  return `${label}  ${bar} ${(share * 100).toFixed(0).padStart(3)} %  ${rate}${left}`;
}
