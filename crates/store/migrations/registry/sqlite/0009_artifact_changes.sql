-- Artifacts that a replica is about to replace or delete: no version may be made of them meanwhile by another one. Whoever notes a
-- change or makes a version takes the fence first, so that neither misses the other.
CREATE TABLE artifact_changes (
    id TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX artifact_changes_by_path ON artifact_changes (path);
CREATE TABLE artifact_fence (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    taken INTEGER NOT NULL
) STRICT;
INSERT INTO artifact_fence (id, taken) VALUES (1, 0);
