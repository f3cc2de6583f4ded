/** One event at a time for a machine: what comes while one is handled is handled after it, in order, and never without bound. */

/** Events that may wait while one is handled; what comes beyond it is dropped. */
const waitingMax = 1_000;

/** Returns how to feed it. When `handle` throws, the events that wait are handled with the next one. */
export function createEventQueue<Event>(handle: (event: Event) => void): (event: Event) => void {
  const waiting: Event[] = [];
  let running = false;
  return (event) => {
    if (waiting.length >= waitingMax) return;
    waiting.push(event);
    if (running) return;
    running = true;
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) handle(next);
    } finally {
      running = false;
    }
  };
}
