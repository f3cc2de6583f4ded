/** One line of panels where nobody answers: one connection at a time, and the next address. */
import { describe, expect, it } from 'vitest';
import { openLine } from '../../../agent/test-panel/line.ts';
import { FakeClock } from '../standby/resources/fakes.ts';

describe('a line that is not answered', () => {
  it('has one connection at a time, goes round the addresses, and leaves none behind', async () => {
    const clock = new FakeClock();
    const dialled: number[] = [];
    let open = 0;
    let openMost = 0;
    const line = openLine(
      {
        targets: [1, 2].map((port) => ({ host: '127.0.0.1', port })),
        responseTimeoutMs: 1_000,
        attempts: 2,
        clock,
        open({ port }, events) {
          dialled.push(port);
          open += 1;
          openMost = Math.max(openMost, open);
          let over = false;
          // Slower than the line looks after its messages.
          clock.after(120, () => events.opened());
          return {
            send: () => {},
            close() {
              if (!over) open -= 1;
              over = true;
            },
          };
        },
      },
      { answered() {}, nak() {}, givenUp() {}, repeated() {}, reconnected() {} },
    );
    line.send({ account: '1000', sequence: 1, bytes: () => new Uint8Array(1), once: false });
    await clock.advance(10_000);
    expect(openMost).toBe(1);
    expect(dialled.slice(0, 4)).toEqual([1, 2, 1, 2]);
    expect(dialled.length).toBeLessThan(6);
    line.close();
    await clock.advance(5_000);
    expect(open).toBe(0);
  });
});
