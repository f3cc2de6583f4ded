/**
 * An ARC as a process of its own: `node arc-main.ts PORT FILE`. Acknowledges each event and writes down when it came, over
 * which connection, of which account, with which serial. `away` on its input ends all connections and takes no more, `back` ends that.
 */
import { createWriteStream } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { decodeFrame, encodeAck } from '../../../agent/alarms/dc09/codec.ts';
import { createFrameSplitter } from '../../../agent/alarms/dc09/splitter/codec.ts';

const [port = '', path = ''] = process.argv.slice(2);
const log = createWriteStream(path, { highWaterMark: 256 * 1024 });
const sockets = new Set<Socket>();
const serialForm = /TP([0-9a-f]+)-(\d+)/;
let away = false;
let connections = 0;

const server = createServer({ noDelay: true }, (socket) => {
  if (away) {
    socket.destroy();
    return;
  }
  sockets.add(socket);
  const splitter = createFrameSplitter();
  connections += 1;
  const connection = connections;
  console.log(`connection ${connection} ${socket.remotePort}`);
  socket.on('error', () => undefined);
  socket.on('close', () => sockets.delete(socket));
  socket.on('data', (bytes) => {
    const answers: Uint8Array[] = [];
    for (const raw of splitter.push(bytes).frames) {
      const read = decodeFrame(raw);
      if (!read.ok) continue;
      const { frame } = read;
      const text = [frame.data, ...frame.extended.map(({ value }) => value)].join(' ');
      const [, run = '-', number = '0'] = serialForm.exec(text) ?? [];
      if (frame.id !== 'NULL') log.write(`${Date.now()} ${connection} ${frame.account} ${run} ${number}\n`);
      answers.push(encodeAck(frame));
    }
    if (answers.length > 0) socket.write(Buffer.concat(answers));
  });
});

const listen = () => server.listen(Number(port), '127.0.0.1', 1_024);
createInterface({ input: process.stdin }).on('line', (line) => {
  away = line === 'away';
  if (away) {
    server.close();
    for (const socket of sockets) socket.destroy();
  } else listen().once('listening', () => console.log('back'));
});
process.on('SIGTERM', () => log.end(() => process.exit(0)));
listen().once('listening', () => console.log('ready'));
