-- Experiments, runs and what runs log. Integer ids inside, MLflow's ids at the edge; everything of a run lies together, and the
-- value indexes are led by the experiment, since no search mixes the values of two.
CREATE TABLE experiments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    artifact_location TEXT NOT NULL,
    lifecycle TEXT NOT NULL CHECK (lifecycle IN ('active', 'deleted')),
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;
INSERT INTO experiments (id, name, artifact_location, lifecycle, created_ms, updated_ms)
VALUES (0, 'Default', 'mlflow-artifacts:/0', 'active', 0, 0);

CREATE TABLE experiment_tags (
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (experiment_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_uuid TEXT NOT NULL UNIQUE,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    lifecycle TEXT NOT NULL CHECK (lifecycle IN ('active', 'deleted')),
    start_ms INTEGER NOT NULL,
    end_ms INTEGER,
    deleted_ms INTEGER,
    user_id TEXT NOT NULL,
    artifact_uri TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_start ON runs (experiment_id, lifecycle, start_ms DESC, run_uuid);

CREATE TABLE params (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    experiment_id INTEGER NOT NULL,
    PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX params_by_value ON params (experiment_id, key, value);

CREATE TABLE tags (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    experiment_id INTEGER NOT NULL,
    PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_value ON tags (experiment_id, key, value);

-- A series is one metric of one run; its row holds the latest point.
CREATE TABLE latest_metrics (
    series_id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    key TEXT NOT NULL,
    experiment_id INTEGER NOT NULL,
    value REAL NOT NULL,
    ts_ms INTEGER NOT NULL,
    step INTEGER NOT NULL,
    is_nan INTEGER NOT NULL,
    UNIQUE (run_id, key)
) STRICT;
CREATE INDEX latest_metrics_by_value ON latest_metrics (experiment_id, key, value);

CREATE TABLE metric_points (
    series_id INTEGER NOT NULL REFERENCES latest_metrics (series_id),
    ts_ms INTEGER NOT NULL,
    step INTEGER NOT NULL,
    value REAL NOT NULL,
    is_nan INTEGER NOT NULL,
    PRIMARY KEY (series_id, ts_ms, step, value, is_nan)
) STRICT, WITHOUT ROWID;

CREATE TABLE datasets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    source_type TEXT NOT NULL,
    source TEXT NOT NULL,
    dataset_schema TEXT,
    profile TEXT,
    UNIQUE (experiment_id, name, digest)
) STRICT;

CREATE TABLE run_datasets (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    dataset_id INTEGER NOT NULL REFERENCES datasets (id),
    tags TEXT NOT NULL,
    PRIMARY KEY (run_id, dataset_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_models (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    direction TEXT NOT NULL CHECK (direction IN ('input', 'output')),
    model_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    PRIMARY KEY (run_id, direction, model_id)
) STRICT, WITHOUT ROWID;
