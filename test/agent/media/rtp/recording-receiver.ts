/** A MediaReceiver that keeps what it is given as plain values, and insists on the order of calls. */
import type { MediaReceiver, StreamFormats } from '../../../../agent/media/types.ts';

export interface RecordedUnit {
  pts: number;
  arrivalMs: number;
  randomAccess: boolean;
  /** Hex of each NAL unit. */
  nals: string[];
}

export class RecordingReceiver implements MediaReceiver {
  readonly formatCalls: StreamFormats[] = [];
  readonly units: RecordedUnit[] = [];
  readonly sounds: { pts: number; hex: string }[] = [];
  readonly reports: { track: string; pts: number; senderMs: number }[] = [];
  readonly losses: { track: string; packets: number }[] = [];
  /** In order: formats, unit, abandon, lost. */
  readonly log: string[] = [];
  abandoned = 0;
  #unit: RecordedUnit | null = null;
  #nal: Buffer[] | null = null;
  readonly #waiting: { test: () => boolean; resolve: () => void }[] = [];

  /** Resolves when `test` holds, looked at after every call. */
  until(test: () => boolean): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ test, resolve }));
  }

  formats(formats: StreamFormats): void {
    if (this.#unit) throw new Error('formats inside a unit');
    this.formatCalls.push(formats);
    this.#did('formats');
  }

  videoBegin(pts: number, arrivalMs: number): void {
    if (this.formatCalls.length === 0) throw new Error('unit before formats');
    if (this.#unit) throw new Error('unit inside a unit');
    this.#unit = { pts, arrivalMs, randomAccess: false, nals: [] };
  }

  nalBegin(): void {
    if (!this.#unit || this.#nal) throw new Error('nalBegin out of place');
    this.#nal = [];
  }

  nalBytes(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#nal || end < start || end > bytes.length) throw new Error('nalBytes out of place');
    this.#nal.push(Buffer.from(bytes.slice(start, end)));
  }

  nalEnd(): void {
    if (!this.#unit || !this.#nal) throw new Error('nalEnd out of place');
    this.#unit.nals.push(Buffer.concat(this.#nal).toString('hex'));
    this.#nal = null;
  }

  videoEnd(randomAccess: boolean): void {
    if (!this.#unit || this.#nal) throw new Error('videoEnd out of place');
    this.units.push({ ...this.#unit, randomAccess });
    this.#unit = null;
    this.#did('unit');
  }

  videoAbandon(): void {
    if (!this.#unit) throw new Error('videoAbandon out of place');
    this.#unit = null;
    this.#nal = null;
    this.abandoned += 1;
    this.#did('abandon');
  }

  audio(pts: number, _arrivalMs: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.formatCalls.length === 0) throw new Error('audio before formats');
    this.sounds.push({ pts, hex: Buffer.from(bytes.slice(start, end)).toString('hex') });
    this.#did('audio');
  }

  senderReport(track: 'video' | 'audio', pts: number, senderMs: number): void {
    this.reports.push({ track, pts, senderMs });
    this.#did('report');
  }

  packetsLost(track: 'video' | 'audio', packets: number): void {
    this.losses.push({ track, packets });
    this.#did('lost');
  }

  #did(what: string): void {
    if (what !== 'audio' && what !== 'report') this.log.push(what);
    for (const waiting of this.#waiting) if (waiting.test()) waiting.resolve();
  }
}
