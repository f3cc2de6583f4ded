/** Frames of the hub's protocol: a length of four bytes (big-endian), then that many bytes of JSON; a longer one than agreed is refused before it is held. */
import { AppError } from '../../../src/errors.ts';

const headerBytes = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export function encodeFrame(message: object): Uint8Array {
  const body = encoder.encode(JSON.stringify(message));
  const frame = new Uint8Array(headerBytes + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, headerBytes);
  return frame;
}

export interface FrameReader {
  /** Takes what came, in whatever pieces; returns the messages that are whole now. @throws AppError `protocol`. */
  push(bytes: Uint8Array): unknown[];
  /** What a frame may weigh from here on. */
  setLimit(bytesMax: number): void;
}

export function createFrameReader(bytesMax: number): FrameReader {
  let limit = bytesMax;
  let held = new Uint8Array(0);
  const take = (): { message: unknown } | null => {
    if (held.length < headerBytes) return null;
    const bodyBytes = new DataView(held.buffer, held.byteOffset).getUint32(0);
    if (bodyBytes > limit) {
      throw new AppError('protocol', `a frame of ${bodyBytes} bytes, at most ${limit} are allowed`, {
        hint: 'Check that a Holdfast of the same release is at the other end.',
      });
    }
    if (held.length < headerBytes + bodyBytes) return null;
    const body = held.subarray(headerBytes, headerBytes + bodyBytes);
    held = held.slice(headerBytes + bodyBytes);
    return { message: parse(body) };
  };
  return {
    push(bytes) {
      held = joined(held, bytes);
      const messages: unknown[] = [];
      for (let next = take(); next !== null; next = take()) messages.push(next.message);
      return messages;
    },
    setLimit(next) {
      limit = next;
    },
  };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(body));
  } catch (cause) {
    throw new AppError('protocol', 'a frame holds no JSON', {
      hint: 'Check that a Holdfast of the same release is at the other end.',
      cause,
    });
  }
}
