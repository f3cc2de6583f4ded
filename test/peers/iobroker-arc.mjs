/** Runs the receiver of npm `iobroker.sia` alone, without its home automation: `node iobroker-arc.mjs FOLDER PORT ACCOUNTS`; prints what it understood, a line of JSON each. */
import { createRequire } from 'node:module';

const [folder = '', port = '', accounts = '[]', quiet = ''] = process.argv.slice(2);
const { sia: Receiver } = createRequire(`${folder}/package.json`)('iobroker.sia/build/lib/sia.js');
const say = (document) => process.stdout.write(`${JSON.stringify(document)}\n`);
let taken = 0;

// Its time-out is how far a time stamp may be off, in seconds; 20 is what its documentation asks for.
const receiver = new Receiver({ host: '127.0.0.1', port: Number(port), timeout: 20, sockend: false });
receiver.setAccounts(JSON.parse(accounts));
receiver.on('sia', (message, problem) => {
  taken += 1;
  if (quiet !== '') return;
  if (problem) say({ problem });
  else {
    const { id, seq, act, data_message, data_extended, ts } = message;
    say({ id, sequence: seq, account: act, data: data_message, extended: data_extended, time: ts });
  }
});
receiver.on('error', () => {});
receiver.serverStartTCP();
receiver.serverStartUDP();
receiver.servertcp.on('listening', () => say({ ready: true }));
process.on('SIGTERM', () => {
  say({ taken });
  process.exit(0);
});
