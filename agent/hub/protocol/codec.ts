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
  const take = (at: number): { message: unknown; nextAt: number } | null => {
    if (held.length - at < headerBytes) return null;
    const bodyBytes = new DataView(held.buffer, held.byteOffset).getUint32(at);
    if (bodyBytes > limit) {
      throw new AppError('protocol', `a frame of ${bodyBytes} bytes, at most ${limit} are allowed`, {
        hint: 'Check that a Holdfast of the same release is at the other end.',
      });
    }
    const bodyAt = at + headerBytes;
    const nextAt = bodyAt + bodyBytes;
    return held.length < nextAt ? null : { message: parse(held.subarray(bodyAt, nextAt)), nextAt };
  };
  return {
    push(bytes) {
      held = joined(held, bytes);
      const messages: unknown[] = [];
      let at = 0;
      for (let next = take(at); next !== null; next = take(at)) {
        messages.push(next.message);
        at = next.nextAt;
      }
      // Once for all of them: moved after each, a stranger's thousands of tiny frames cost the hub its time.
      held = held.slice(at);
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
