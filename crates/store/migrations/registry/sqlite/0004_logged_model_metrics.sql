-- Points that were logged with a logged model's id. All values stay, as those of runs do.

CREATE TABLE logged_model_metrics (
    model_id TEXT NOT NULL REFERENCES logged_models (model_id),
    key TEXT NOT NULL,
    ts_ms INTEGER NOT NULL,
    step INTEGER NOT NULL,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    value REAL NOT NULL,
    is_nan INTEGER NOT NULL,
    -- Empty when the client named no dataset.
    dataset_name TEXT NOT NULL,
    dataset_digest TEXT NOT NULL,
    PRIMARY KEY (model_id, key, ts_ms, step, run_id, value, is_nan)
) STRICT, WITHOUT ROWID;
