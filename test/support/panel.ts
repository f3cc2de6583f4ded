/** An alarm panel of a few lines, written from the standard and not from our codec: one DC-09 frame at a time over TCP. */
import { once } from 'node:events';
import { connect } from 'node:net';

/** CRC-16/ARC. */
function crcOf(text: string): string {
  let crc = 0;
  for (const byte of Buffer.from(text, 'latin1')) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc.toString(16).toUpperCase().padStart(4, '0');
}

function frameOf(body: string): string {
  return `\n${crcOf(body)}0${body.length.toString(16).toUpperCase().padStart(3, '0')}${body}\r`;
}

let sequence = 0;

/** Sends one event (`#1234|Nri1/BA01` is the data of `1234`, `Nri1/BA01`) and gives the answer's body, null for silence. */
export async function report(
  port: number,
  account: string,
  data: string,
  waitMs = 5_000,
): Promise<string | null> {
  sequence = (sequence % 9_999) + 1;
  const number = String(sequence).padStart(4, '0');
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    socket.write(frameOf(`"SIA-DCS"${number}L0#${account}[#${account}|${data}]`), 'latin1');
    const late = AbortSignal.timeout(waitMs);
    const [answer] = await once(socket, 'data', { signal: late }).catch(() => [null]);
    return answer instanceof Buffer ? answer.toString('latin1').trim().slice(8) : null;
  } catch {
    return null;
  } finally {
    socket.destroy();
  }
}
