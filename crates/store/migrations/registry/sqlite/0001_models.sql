-- Registered models, their versions and what hangs on them; digests of artifacts.

CREATE TABLE registered_models (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    description TEXT,
    -- Versions are numbered by raising this: two creators can't meet.
    last_version INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE registered_model_tags (
    model_id INTEGER NOT NULL REFERENCES registered_models (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_versions (
    model_id INTEGER NOT NULL REFERENCES registered_models (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    description TEXT,
    user_id TEXT,
    stage TEXT NOT NULL,
    -- As the client gave it; never opened.
    source TEXT NOT NULL,
    download_uri TEXT NOT NULL,
    -- Where the files are in our own store, if they are there: what lies below is immutable.
    artifact_path TEXT,
    run_id TEXT,
    run_link TEXT,
    logged_model_id TEXT,
    PRIMARY KEY (model_id, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX model_versions_by_artifact_path ON model_versions (artifact_path);
CREATE INDEX model_versions_by_run ON model_versions (run_id);
CREATE INDEX model_versions_by_update ON model_versions (updated_at_ms);

CREATE TABLE model_version_tags (
    model_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model_id, version, key),
    FOREIGN KEY (model_id, version) REFERENCES model_versions (model_id, version) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE model_aliases (
    model_id INTEGER NOT NULL,
    alias TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (model_id, alias),
    FOREIGN KEY (model_id, version) REFERENCES model_versions (model_id, version) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX model_aliases_by_version ON model_aliases (model_id, version);

-- The files of a version as they were when it was created.
CREATE TABLE model_version_files (
    model_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    path TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (model_id, version, path),
    FOREIGN KEY (model_id, version) REFERENCES model_versions (model_id, version) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What was uploaded last under a path, so that a manifest need not read the files again.
CREATE TABLE artifact_digests (
    path TEXT PRIMARY KEY,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL
) STRICT, WITHOUT ROWID;
