/** What a DC-09 frame says (SIA DC-09 section 5.5.1): the shapes that decoding gives and encoding takes. */
import type { Timestamp } from './timestamp.ts';

export interface ExtendedField {
  /** The first character: `V` is a video link, `M` a MAC address; unknown ones are kept. */
  type: string;
  value: string;
}

/** How the CRC is written: four hex digits, or the two bytes themselves as one maker does (high byte first). */
export type CrcForm = 'hex' | 'binary';

export interface Dc09Frame {
  /** `SIA-DCS`, `ADM-CID`, `NULL`, `ACK` ..., without the `*` of an encrypted one. */
  id: string;
  encrypted: boolean;
  /** As given: `0001`. */
  sequence: string;
  sequenceNumber: number;
  /** The hex digits after `R`, null when there is no such field. */
  receiver: string | null;
  /** What stands after `L`. */
  line: string | null;
  /** What stands after `#`; of a frame that leaves it out, the one in the data; else empty. */
  account: string;
  /** Byte text between the first `[` and `]`; empty for an encrypted frame that was not opened. */
  data: string;
  /** Each further `[...]`. */
  extended: ExtendedField[];
  /** Null when there is none, or when it names no moment. */
  timestamp: Timestamp | null;
  /** The hex text of an encrypted frame, as given; null for a plain one. */
  body: string | null;
  crcForm: CrcForm;
}

/** What is needed to write a frame; a decoded one will do. */
export interface FrameFields {
  id: string;
  encrypted?: boolean;
  /** 1 to 6 digits, normally `0001` to `9999`. */
  sequence: string;
  receiver?: string | null;
  line?: string | null;
  account: string;
  data?: string;
  extended?: readonly ExtendedField[];
  timestamp?: Timestamp | null;
  body?: string | null;
  crcForm?: CrcForm;
}

/** Turns the inner text of a frame into hex and back; the key is inside. Both texts are byte text. */
export interface FrameCipher {
  /** Takes `|...]...`, adds the pad before it, gives upper-case hex. */
  encrypt(text: string): string;
  /** Gives the text with its pad, null when the hex is none or no whole blocks. */
  decrypt(hex: string): string | null;
}

/** `syntax`: no frame of DC-09; `crc`; `length`: not the one written; `key`: the key does not open it. */
export type FrameProblem = 'syntax' | 'crc' | 'length' | 'key';

export type DecodeResult =
  | { ok: true; frame: Dc09Frame }
  | { ok: false; problem: FrameProblem; detail: string };
