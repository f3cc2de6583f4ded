/** The frames of a panel: each event carries a serial by which a checker at the other end can tell losses and repetitions. */
import { encodeFrame } from '../alarms/dc09/codec.ts';
import type { ExtendedField, FrameCipher } from '../alarms/dc09/frame.ts';
import { timestampAt } from '../alarms/dc09/timestamp.ts';

export interface PanelEvent {
  readonly account: string;
  /** 1 to 9999. */
  readonly sequence: number;
  /** From 1 on for each account; 0: a heartbeat. */
  readonly number: number;
  readonly format: 'SIA-DCS' | 'ADM-CID';
  /** `Nri1/BA001` or `1130 01 001`. */
  readonly event: string;
  readonly run: string;
}

export const sequenceText = (sequence: number): string => String(sequence).padStart(4, '0');

/** `TP<run>-<number>`: as text block of SIA, as alarm text `I` beside Contact ID, which has no text. */
export function serialOf(run: string, number: number): string {
  return `TP${run}-${number}`;
}

/** One whole frame, stamped with `timeMs`. @throws AppError `invalid_input` for an event that no frame can hold. */
export function panelFrame(
  event: PanelEvent,
  timeMs: number,
  cipher: FrameCipher | null,
): Uint8Array<ArrayBuffer> {
  const head = { sequence: sequenceText(event.sequence), line: '0', account: event.account };
  const common = { ...head, timestamp: timestampAt(timeMs), encrypted: cipher !== null };
  if (event.number === 0) return encodeFrame({ ...common, id: 'NULL' }, cipher ?? undefined);
  const serial = serialOf(event.run, event.number);
  const sia = event.format === 'SIA-DCS';
  const extended: ExtendedField[] = sia ? [] : [{ type: 'I', value: serial }];
  const data = `#${event.account}|${event.event}${sia ? `|A${serial}` : ''}`;
  return encodeFrame({ ...common, id: event.format, data, extended }, cipher ?? undefined);
}
