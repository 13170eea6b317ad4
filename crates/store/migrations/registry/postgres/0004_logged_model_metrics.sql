-- Points that were logged with a logged model's id. All values stay, as those of runs do.

CREATE TABLE logged_model_metrics (
    model_id TEXT COLLATE "C" NOT NULL REFERENCES logged_models (model_id),
    key TEXT COLLATE "C" NOT NULL,
    ts_ms BIGINT NOT NULL,
    step BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    value DOUBLE PRECISION NOT NULL,
    is_nan BIGINT NOT NULL,
    -- Empty when the client named no dataset.
    dataset_name TEXT COLLATE "C" NOT NULL,
    dataset_digest TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (model_id, key, ts_ms, step, run_id, value, is_nan)
);
