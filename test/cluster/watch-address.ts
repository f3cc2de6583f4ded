/** Runs on a host of the lab: says, with the time, whenever it begins or ceases to hold an address. Argument: the address. */
import { networkInterfaces } from 'node:os';

const [address = ''] = process.argv.slice(2);
let held = false;

setInterval(() => {
  const now = Object.values(networkInterfaces()).some((list) =>
    list?.some((entry) => entry.address === address),
  );
  if (now === held) return;
  held = now;
  process.stdout.write(`${Date.now()} ${held ? 'holds' : 'lets-go'}\n`);
}, 5);
