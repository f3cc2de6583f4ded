/** The journal's tables: entries, an index for each filter of the search, and a full-text index kept equal by triggers. */

export const journalVersion = 1;

export const journalSql = `
CREATE TABLE IF NOT EXISTS entry (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time_ms INTEGER NOT NULL,
  type TEXT NOT NULL,               -- event | audit | system
  level INTEGER NOT NULL,           -- index into logLevels
  event TEXT NOT NULL,
  subject TEXT,
  user TEXT,
  ip TEXT,
  text TEXT NOT NULL,
  details TEXT                      -- JSON
);
CREATE INDEX IF NOT EXISTS entry_time ON entry (time_ms);
DROP INDEX IF EXISTS entry_subject;
CREATE INDEX IF NOT EXISTS entry_by_subject ON entry (subject) WHERE subject IS NOT NULL;
CREATE INDEX IF NOT EXISTS entry_by_ip ON entry (ip) WHERE ip IS NOT NULL;
CREATE INDEX IF NOT EXISTS entry_by_type ON entry (type);
CREATE INDEX IF NOT EXISTS entry_by_warning ON entry (id) WHERE level >= 2;
CREATE INDEX IF NOT EXISTS entry_by_error ON entry (id) WHERE level >= 3;
CREATE INDEX IF NOT EXISTS entry_prune ON entry (id) WHERE type <> 'audit';
CREATE VIRTUAL TABLE IF NOT EXISTS entry_text USING fts5 (
  text, event, subject, user, content='entry', content_rowid='id', tokenize='unicode61', prefix='2 3'
);
CREATE TRIGGER IF NOT EXISTS entry_inserted AFTER INSERT ON entry BEGIN
  INSERT INTO entry_text (rowid, text, event, subject, user)
  VALUES (new.id, new.text, new.event, new.subject, new.user);
END;
CREATE TRIGGER IF NOT EXISTS entry_deleted AFTER DELETE ON entry BEGIN
  INSERT INTO entry_text (entry_text, rowid, text, event, subject, user)
  VALUES ('delete', old.id, old.text, old.event, old.subject, old.user);
END;
`;
