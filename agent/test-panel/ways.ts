/** A way of a run to its receivers: as many lines as there are connections, the accounts spread over them. */
import type { Clock } from '../adapters/clock.ts';
import { type Line, type LineEvents, openLine } from './line.ts';
import type { PanelOptions, Target } from './options.ts';
import type { PanelMessage } from './panel-message.ts';
import { openWire } from './transport.ts';

export interface Way {
  send(message: PanelMessage): void;
  /** Of each line, where it is. */
  addresses(): string[];
  close(): void;
}

export function openWay(
  targets: readonly Target[],
  options: PanelOptions,
  clock: Clock,
  events: LineEvents<PanelMessage>,
): Way {
  const { connections, spread, transport, fault, responseTimeoutMs, attempts } = options;
  const lines = Array.from({ length: connections }, (_, index) =>
    openLine<PanelMessage>(
      {
        targets: spread ? rotated(targets, index) : targets,
        responseTimeoutMs,
        attempts,
        clock,
        open: (target, wireEvents) => openWire(transport, target, wireEvents, { slow: fault === 'slow' }),
      },
      events,
    ),
  );
  const lineOf = (index: number): Line<PanelMessage> => {
    const line = lines[index % lines.length];
    if (line === undefined) throw new RangeError('a way without lines');
    return line;
  };
  return {
    send: (message) => lineOf(message.panel.index).send(message),
    addresses: () => lines.map((line) => line.address()),
    close() {
      for (const line of lines) line.close();
    },
  };
}

function rotated(targets: readonly Target[], by: number): Target[] {
  const at = by % targets.length;
  return [...targets.slice(at), ...targets.slice(0, at)];
}
