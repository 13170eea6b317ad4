-- Artifacts that a replica is about to replace or delete: no version may be made of them meanwhile by another one. Whoever notes a
-- change or makes a version takes the fence first, so that neither misses the other.
CREATE TABLE artifact_changes (
    id TEXT COLLATE "C" PRIMARY KEY,
    path TEXT COLLATE "C" NOT NULL,
    until_ms BIGINT NOT NULL
);
CREATE INDEX artifact_changes_by_path ON artifact_changes (path);
CREATE TABLE artifact_fence (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    taken BIGINT NOT NULL
);
INSERT INTO artifact_fence (id, taken) VALUES (1, 0);
