/** Records events into the store named by its first argument, and prints the id of each that was acknowledged, until it is killed. */
import { writeSync } from 'node:fs';
import { systemClock } from '../../../../agent/adapters/clock.ts';
import { openAlarmStore } from '../../../../agent/alarms/store/store.ts';
import { sampleEvent } from './sample-events.ts';

const [path = '', first = '0'] = process.argv.slice(2);
const sideBySide = 64;
const stdout = 1;
let next = Number(first);

const store = await openAlarmStore({
  path,
  clock: systemClock,
  onError: (error) => {
    throw error;
  },
});

async function recordOn(): Promise<void> {
  for (;;) {
    const event = sampleEvent(next++);
    const { number } = await store.record(event);
    // At once, as the answer to a device would be: what lies in a buffer dies with the process.
    writeSync(stdout, `${number} ${event.id}\n`);
    store.heard(event.account, event.receivedMs);
    if (number % 10 === 0) await store.acknowledge([number], 'anna');
  }
}

await Promise.all(Array.from({ length: sideBySide }, recordOn));
