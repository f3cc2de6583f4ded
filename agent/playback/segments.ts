/** Minute rows of the index as byte ranges of blocks: one range a block, in order of time. Pure. */

/** A row of the space index, with the folder of its space. */
export interface MinuteRow {
  readonly spaceId: string;
  readonly spacePath: string;
  /** UTC ms / 60,000 */
  readonly minute: number;
  readonly block: number;
  readonly generation: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly presentMs: number;
}

/** Parts of one camera that stand one behind the other in one block. */
export interface Segment {
  readonly spaceId: string;
  readonly spacePath: string;
  readonly block: number;
  readonly generation: number;
  readonly firstMinute: number;
  readonly lastMinute: number;
  readonly fromBytes: number;
  readonly toBytes: number;
}

function joined(segment: Segment, row: MinuteRow): Segment {
  return {
    ...segment,
    firstMinute: Math.min(segment.firstMinute, row.minute),
    lastMinute: Math.max(segment.lastMinute, row.minute),
    fromBytes: Math.min(segment.fromBytes, row.offsetBytes),
    toBytes: Math.max(segment.toBytes, row.offsetBytes + row.lengthBytes),
  };
}

/** The byte ranges to walk. A part that touches two minutes stands in both rows and once in the result. */
export function toSegments(rows: readonly MinuteRow[]): Segment[] {
  const byBlock = new Map<string, Segment>();
  for (const row of rows) {
    const key = `${row.spaceId}/${row.block}/${row.generation}`;
    const { spaceId, spacePath, block, generation } = row;
    const fresh = { spaceId, spacePath, block, generation, firstMinute: row.minute, lastMinute: row.minute };
    const known = byBlock.get(key) ?? { ...fresh, fromBytes: row.offsetBytes, toBytes: row.offsetBytes };
    byBlock.set(key, joined(known, row));
  }
  return [...byBlock.values()].sort((left, right) => left.firstMinute - right.firstMinute);
}

/** Milliseconds held per minute; a minute may be spread over blocks. */
export function presentByMinute(rows: readonly MinuteRow[]): Map<number, number> {
  const present = new Map<number, number>();
  for (const row of rows) {
    present.set(row.minute, Math.min(60_000, (present.get(row.minute) ?? 0) + row.presentMs));
  }
  return present;
}
