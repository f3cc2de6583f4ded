/** The journal's tables: entries, and a full-text index kept equal to them by triggers. */

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
CREATE INDEX IF NOT EXISTS entry_subject ON entry (subject, time_ms) WHERE subject IS NOT NULL;
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
