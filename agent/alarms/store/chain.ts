/** The hash chain of the audit: each entry vouches for all before it. */
import { hash } from 'node:crypto';
import { type AuditLink, linkText } from './codec.ts';

export const auditKinds = ['event', 'settled', 'acknowledged', 'resent'] as const;
export type AuditKind = (typeof auditKinds)[number];

export function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/** SHA-256(chain of the entry before ‖ place, time, kind, event ‖ digest). */
export function chainOf(before: Uint8Array, link: AuditLink, digest: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([before, Buffer.from(linkText(link)), digest]), 'buffer');
}
