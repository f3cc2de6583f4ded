/** State as lines for a log: one at first, one for a change, one every half minute, and one when the node is away. */
import { describe, expect, it } from 'vitest';
import { printStatusLines, quietMs, statusLine } from '../../../src/cli/status-lines.ts';
import type { Connection } from '../../../src/client/connect.ts';
import type { NodeStatus } from '../../../src/contract/index.ts';
import { camera, status } from './samples.ts';

const lost: NodeStatus = {
  ...status,
  counts: { ...status.counts, recording: 0 },
  concerns: [
    { level: 'error', question: 'recorded', text: 'door is not recorded', hint: null, page: 'recording' },
  ],
  cameras: [{ ...camera, connection: 'disconnected', recording: 'streaming-error' }],
};

describe('printStatusLines', () => {
  it('writes at first, when a state changed, and after half a minute, but not for figures', async () => {
    const controller = new AbortController();
    let nowMs = quietMs;
    async function* statuses() {
      yield status;
      yield { ...status, timeMs: 61_000, recorder: { ...status.recorder, bitsPerSecond: 5e6 } };
      yield lost;
      nowMs += quietMs;
      yield lost;
      controller.abort();
    }
    const lines: string[] = [];
    const client = { node: { watch: async () => statuses() } };
    await printStatusLines({
      connection: { client } as unknown as Connection,
      write: (line) => lines.push(line),
      nowMs: () => nowMs,
      signal: controller.signal,
    });
    expect(lines).toEqual([statusLine(status), statusLine(lost), statusLine(lost)]);
    expect(lines[0]).toContain('recording 1 of 1 cameras');
    expect(lines[1]).toContain('door is not recorded');
  });

  it('says once that the node is away', async () => {
    const controller = new AbortController();
    let calls = 0;
    const watch = async () => {
      calls += 1;
      if (calls === 1) {
        return (async function* () {
          yield status;
          throw new Error('gone');
        })();
      }
      controller.abort();
      throw new Error('gone');
    };
    const lines: string[] = [];
    await printStatusLines({
      connection: { client: { node: { watch } } } as unknown as Connection,
      write: (line) => lines.push(line),
      nowMs: () => 0,
      signal: controller.signal,
    });
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('does not answer');
  });
});
