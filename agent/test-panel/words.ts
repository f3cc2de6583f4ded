/** A run of panels in words: the line that moves while it runs, and the lines it ends with. */
import type { PanelFault } from './options.ts';
import type { PanelSummary } from './tally.ts';

const count = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : count(value)} ms`;

export function liveLine(summary: PanelSummary, addresses: readonly string[]): string {
  const at = [...new Set(addresses)].slice(0, 2).join(', ');
  return [
    `${Math.round(summary.seconds)} s`,
    `sent ${count(summary.sent)}`,
    `acknowledged ${count(summary.acknowledged)}`,
    `p50 ${ms(summary.p50Ms)} p99 ${ms(summary.p99Ms)}`,
    `NAK ${summary.nak} DUH ${summary.refused}`,
    `repeats ${count(summary.repeats)}`,
    `to ${at}`,
  ].join(' · ');
}

export function summaryLines(summary: PanelSummary, fault: PanelFault | null): string[] {
  const { sent, acknowledged, unanswered, refused } = summary;
  const verdict =
    fault !== null
      ? `Fault ${fault}: ${count(unanswered)} of ${count(sent)} were not answered, ${summary.nak} NAK, ${count(refused)} DUH.`
      : acknowledged === sent
        ? 'Every event was acknowledged.'
        : `NOT acknowledged: ${count(sent - acknowledged)} of ${count(sent)} (${count(unanswered)} without an answer, ${count(refused)} DUH).`;
  return [
    `${count(sent)} events of ${count(summary.accounts)} accounts over ${count(summary.connections)} connections in ${summary.seconds} s; run ${summary.run}`,
    `acknowledged ${count(acknowledged)}, ${count(summary.eventsPerSecond)} a second`,
    `round trip p50 ${ms(summary.p50Ms)}, p99 ${ms(summary.p99Ms)}, longest ${ms(summary.maxMs)}; from the moment it was due p99 ${ms(summary.fromDueP99Ms)}`,
    `repeats ${count(summary.repeats)}, reconnects ${count(summary.reconnects)}, heartbeats ${count(summary.heartbeats)}, NAK ${count(summary.nak)}, answers our key does not open ${count(summary.unreadable)}`,
    `longest time without an acknowledgement ${ms(summary.longestSilenceMs)}`,
    ...Object.entries(summary.byAddress).map(([address, of]) => `by ${address}: ${count(of)}`),
    verdict,
  ];
}
