/** The SQL of the two kinds of index file; the engine writes them, inspection and playback read them. */

/**
 * `<data>/index/<space-id>.db`, one per space: where each block's minutes lie. Rebuildable from the blocks alone.
 * A minute row is valid only while its `generation` is the block's. Parts inside a minute describe themselves (part
 * header), so their offsets are not stored: a minute is a byte range to walk. A block's minutes are found by its row:
 * they are its camera's, within its time; an index by block would double what a commit and a recycled block cost.
 */
export const spaceIndexSql = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS block (
  number INTEGER PRIMARY KEY,
  generation INTEGER NOT NULL,      -- rises by one each time the block is taken into use; 0: never used
  state TEXT NOT NULL,              -- free | open | sealed | bad
  pool_id TEXT,                     -- the pool that the block's capacity belongs to
  camera_id TEXT,
  stream TEXT,
  first_ms INTEGER,                 -- arrival UTC ms where its earliest part begins and its latest ends
  last_ms INTEGER,
  used_bytes INTEGER NOT NULL,      -- offset behind the last part that is synced
  parts INTEGER NOT NULL DEFAULT 0, -- how many parts that is: the next one's sequence number
  chain INTEGER NOT NULL DEFAULT 0  -- header checksum that the next part's chain must name
);
CREATE TABLE IF NOT EXISTS minute (
  camera_id TEXT NOT NULL,
  stream TEXT NOT NULL,
  minute INTEGER NOT NULL,          -- UTC ms / 60,000
  block INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  offset_bytes INTEGER NOT NULL,    -- first part that touches this minute
  length_bytes INTEGER NOT NULL,    -- to behind the last part that touches it
  present_ms INTEGER NOT NULL,      -- 0..60,000
  PRIMARY KEY (camera_id, stream, minute, block)
) WITHOUT ROWID;
`;

/** `<data>/catalog.db`, one per node: what inspection reads. Hour rows are rebuilt from minutes; gaps are the ledger. */
export const catalogSql = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hour (
  camera_id TEXT NOT NULL,
  stream TEXT NOT NULL,
  hour INTEGER NOT NULL,            -- UTC ms / 3,600,000
  present_ms BLOB NOT NULL,         -- 60 x uint16 little endian: ms present in each minute, at most 60,000
  PRIMARY KEY (hour, camera_id, stream)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gap (
  id INTEGER PRIMARY KEY,
  camera_id TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER,                    -- null while it lasts
  reason TEXT NOT NULL,
  detail TEXT,
  state TEXT NOT NULL DEFAULT 'open',
  attempts INTEGER NOT NULL DEFAULT 0,
  filled_from TEXT
);
CREATE INDEX IF NOT EXISTS gap_camera ON gap (camera_id, from_ms);
CREATE TABLE IF NOT EXISTS retention (
  camera_id TEXT NOT NULL,
  stream TEXT NOT NULL,
  oldest_ms INTEGER NOT NULL,       -- before this, video was overwritten
  PRIMARY KEY (camera_id, stream)
) WITHOUT ROWID;
`;
