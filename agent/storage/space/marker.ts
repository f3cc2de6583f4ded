/** `holdfast-space.json`: the file that makes a folder a storage space; without it nothing is ever written there (I3). */
import { z } from 'zod';
import { idSchema } from '../../../src/contract/index.ts';
import { crc32OfHeader } from '../block/codec.ts';
import type { Disk } from '../disk.ts';

const markerName = 'holdfast-space.json';
const markerBytesMax = 16 * 1024;

const markerSchema = z.object({
  formatVersion: z.literal(1),
  spaceId: idSchema,
  name: z.string(),
  quotaBytes: z.number().int().positive(),
  blockBytes: z.number().int().positive(),
  blocks: z.number().int().positive(),
  ownerNode: z.string(),
  ownerEpoch: z.number().int(),
  /** Also tells one initialisation from the next. */
  createdMs: z.number().int(),
  state: z.enum(['initializing', 'ready']),
});
export type SpaceMarker = z.infer<typeof markerSchema>;

const fileSchema = z.object({ holdfastSpace: markerSchema, checksum: z.string() });

/** JSON with a checksum, so that a person can read it and a damaged one is not trusted. */
export function encodeMarker(marker: SpaceMarker): Uint8Array {
  const file = { holdfastSpace: marker, checksum: checksumOf(marker) };
  return new TextEncoder().encode(`${JSON.stringify(file, null, 2)}\n`);
}

/** Null for anything that is not an undamaged marker of a known version. */
export function decodeMarker(bytes: Uint8Array): SpaceMarker | null {
  try {
    const file = fileSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    return file.checksum === checksumOf(file.holdfastSpace) ? file.holdfastSpace : null;
  } catch {
    return null;
  }
}

export function markerPath(spacePath: string): string {
  return `${spacePath}/${markerName}`;
}

/** What a folder says it is; `damaged` when a marker is there and does not read. */
export async function readMarker(disk: Disk, spacePath: string): Promise<SpaceMarker | 'absent' | 'damaged'> {
  const bytes = await disk.readSmall(markerPath(spacePath), markerBytesMax);
  if (bytes === null) return 'absent';
  return decodeMarker(bytes) ?? 'damaged';
}

export async function writeMarker(disk: Disk, spacePath: string, marker: SpaceMarker): Promise<void> {
  await disk.writeSmall(markerPath(spacePath), encodeMarker(marker));
}

function checksumOf(marker: SpaceMarker): string {
  const bytes = new TextEncoder().encode(JSON.stringify(markerSchema.parse(marker)));
  return crc32OfHeader(bytes, 0, bytes.length).toString(16).padStart(8, '0');
}
