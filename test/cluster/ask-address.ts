/** Runs on the client of the lab: asks a web server at an address every 20 ms, and says who answered when. Arguments: ADDRESS PORT. */
import { connect } from 'node:net';

const [address = '', port = '80'] = process.argv.slice(2);
const everyMs = 20;
const patienceMs = 200;

/** A fresh connection each time: an old one would not tell where the address is now. */
function ask(): void {
  const socket = connect({ host: address, port: Number(port) });
  let text = '';
  const timer = setTimeout(() => socket.destroy(), patienceMs);
  socket.on('connect', () => socket.write(`GET / HTTP/1.0\r\nHost: ${address}\r\n\r\n`));
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    clearTimeout(timer);
    const body = text.split('\r\n\r\n')[1]?.trim();
    if (body) process.stdout.write(`${Date.now()} ${body}\n`);
  });
}

setInterval(ask, everyMs);
