/**
 * The floor of any recorder: reads the same streams and copies each socket to a file, without looking at a byte.
 * Its own process, so that its cost is read like that of the others. Arguments: DIR URL...
 */
import { createWriteStream } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

const [dir = '.', ...urls] = process.argv.slice(2);

/** One RTSP exchange without any interpretation: sends, and takes whatever comes up to the end of the reply's head. */
function ask(socket: Socket, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const take = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const length = /content-length:\s*(\d+)/i.exec(text);
      const end = text.indexOf('\r\n\r\n');
      if (end < 0 || text.length < end + 4 + Number(length?.[1] ?? 0)) return;
      socket.off('data', take);
      resolve(text);
    };
    socket.on('data', take);
    socket.once('error', reject);
    socket.write(request);
  });
}

async function copy(url: string, path: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const sdp = await ask(socket, `DESCRIBE ${url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n`);
  const controls = [...sdp.matchAll(/^m=[\s\S]*?a=control:(\S+)/gm)].map((match) => match[1] ?? '');
  let session = '';
  let cseq = 2;
  for (const [at, control] of controls.entries()) {
    const target = control.startsWith('rtsp://') ? control : `${url}/${control}`;
    const transport = `RTP/AVP/TCP;unicast;interleaved=${at * 2}-${at * 2 + 1}`;
    const reply = await ask(
      socket,
      `SETUP ${target} RTSP/1.0\r\nCSeq: ${cseq++}\r\nTransport: ${transport}\r\n${session}\r\n`,
    );
    session = `Session: ${/session:\s*([^;\r]+)/i.exec(reply)?.[1]}\r\n`;
  }
  socket.write(`PLAY ${url} RTSP/1.0\r\nCSeq: ${cseq}\r\n${session}\r\n`);
  socket.pipe(createWriteStream(path, { highWaterMark: 512 * 1024 }));
  let bytes = 0;
  socket.on('data', (chunk) => {
    bytes += chunk.length;
  });
  process.on('SIGTERM', () => {
    console.log(`bytes ${bytes}`);
    socket.destroy();
  });
}

await Promise.all(urls.map((url, at) => copy(url, join(dir, `copy-${at}.bin`))));
console.log('ready');
