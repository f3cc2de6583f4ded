/** What a node says of itself and its surroundings to its peer, so that both can be compared before they form a pair. */
import { z } from 'zod';
import { utcMsSchema } from './common.ts';

const word = z.string().max(256);
const addressSchema = z.string().max(64);

/** One address of an interface with the length of its prefix. */
export const interfaceAddressSchema = z.object({
  address: addressSchema,
  prefix: z.number().int().min(0).max(128),
});

export const networkInterfaceSchema = z.object({
  name: word,
  /** The driver's description where the system has one: it tells a capture adapter from a card. */
  description: word.nullable(),
  mac: z.string().max(32).nullable(),
  up: z.boolean(),
  loopback: z.boolean(),
  speedMbps: z.number().nullable(),
  addresses: z.array(interfaceAddressSchema).max(64),
});
export type NetworkInterface = z.infer<typeof networkInterfaceSchema>;

export const nodeFactsSchema = z.object({
  nodeId: z.string().max(64),
  /** The node's own name in Holdfast. */
  name: z.string().max(64),
  hostName: word,
  platform: z.string().max(32),
  /** `Debian GNU/Linux 12 (bookworm)`. */
  osName: word,
  /** Release of the kernel, or build of Windows. */
  osRelease: word,
  /** Version of Holdfast, the folder it is installed in, and the version of its API. */
  version: z.string().max(64),
  installPath: z.string().max(1024),
  apiVersion: z.number().int(),
  /** SHA-256 of its certificate, and where its peer reaches it; null before pairing. */
  fingerprint: z.string().max(128).nullable(),
  peerAddress: word.nullable(),
  /** What both agreed on when they were paired. */
  pairId: z.string().max(64).nullable(),
  timeZone: z.string().max(64),
  timeMs: utcMsSchema,
  interfaces: z.array(networkInterfaceSchema).max(128),
  /** Processes of Holdfast that must run. */
  processes: z.array(z.object({ name: word, running: z.boolean(), detail: word.nullable() })).max(32),
  /** UDP ports of the heartbeat links, tried or held by this node's own guard. */
  ports: z
    .array(
      z.object({
        address: addressSchema,
        port: z.number().int(),
        state: z.enum(['free', 'own', 'taken', 'no-address', 'unknown']),
        problem: word.nullable(),
      }),
    )
    .max(16),
  /** Pings of the peer: over each link, from this node's address of it. */
  pings: z
    .array(
      z.object({
        linkId: z.string().max(32),
        from: addressSchema,
        to: addressSchema,
        ok: z.boolean(),
        roundTripMs: z.number().nullable(),
        problem: word.nullable(),
      }),
    )
    .max(16),
  /** Who answers for each virtual address now. */
  virtualAddresses: z
    .array(
      z.object({
        address: addressSchema,
        state: z.enum(['unused', 'own', 'taken', 'unknown']),
        evidence: word,
      }),
    )
    .max(64),
  /** Programs and units that the resources call. */
  programs: z
    .array(
      z.object({
        resourceId: z.string().max(32),
        path: z.string().max(1024),
        present: z.boolean().nullable(),
        sha256: z.string().max(64).nullable(),
        problem: word.nullable(),
      }),
    )
    .max(256),
  /** What this node found of the store that keeps the pair's lease; empty where there is none. */
  arbiter: z
    .array(
      z.object({
        id: word,
        title: word,
        result: z.enum(['pass', 'warn', 'fail', 'skip']),
        evidence: z.string().max(1024),
        fix: z.string().max(1024).nullable(),
      }),
    )
    .max(8)
    .default([]),
  /** The watchdog device that its guard is told to use, and when it resets the machine; null when it is told none. */
  watchdog: z
    .object({ path: z.string().max(1024), timeoutMs: z.number().int().nullable() })
    .nullable()
    .default(null),
  /** Virus scanner that watches every file (Windows); null where there is none to ask. */
  antivirus: z.object({ product: word, excludedPaths: z.array(z.string().max(1024)).max(256) }).nullable(),
  /** Folders that a virus scanner should leave alone. */
  busyPaths: z.array(z.string().max(1024)).max(64),
});
export type NodeFacts = z.infer<typeof nodeFactsSchema>;
