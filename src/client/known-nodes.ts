/** Pinned certificate fingerprints: a node is trusted at first contact, and a changed certificate is refused. */
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { configDir, readPrivateJson, writePrivateJson } from './private-file.ts';

const knownNodesSchema = z.record(z.string(), z.object({ fingerprint: z.string() }));

export interface KnownNodes {
  /** Fingerprint pinned for `https://host:port`, or undefined at first contact. */
  get(url: string): string | undefined;
  set(url: string, fingerprint: string): void;
}

/** Pins in `known-nodes.json` of the configuration folder. */
export function fileKnownNodes(dir: string = configDir()): KnownNodes {
  const path = join(dir, 'known-nodes.json');
  const read = () => readPrivateJson(path, knownNodesSchema, {});
  return {
    get: (url) => read()[url]?.fingerprint,
    set: (url, fingerprint) => writePrivateJson(path, { ...read(), [url]: { fingerprint } }),
  };
}

/** `AB:CD:…` of 32 bytes in upper case, from any of the usual spellings; undefined when it is not one. */
export function normalizeFingerprint(text: string): string | undefined {
  const hex = text
    .replace(/^sha-?256[:=\s]*/i, '')
    .replace(/[:\s-]/g, '')
    .toUpperCase();
  return /^[0-9A-F]{64}$/.test(hex) ? (hex.match(/../g) ?? []).join(':') : undefined;
}

export type PinVerdict = 'known' | 'first-contact';

/** Throws `forbidden` with both fingerprints when the certificate is not the pinned one. */
export function checkPin(url: string, pinned: string | undefined, presented: string): PinVerdict {
  if (pinned === undefined) return 'first-contact';
  if (pinned === presented) return 'known';
  throw new AppError(
    'forbidden',
    `the certificate of ${url} has changed\n  pinned    ${pinned}\n  presented ${presented}`,
    {
      hint: `compare the presented one with the fingerprint on the node's console (holdfast status); if they are equal: holdfast login ${url} --accept ${presented}`,
      details: { url, pinned, presented },
    },
  );
}
