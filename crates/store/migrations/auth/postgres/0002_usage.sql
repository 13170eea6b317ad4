-- What services report about the use of keys, by day, and the reports that were already counted.
CREATE TABLE usage_reports (
    key_id TEXT COLLATE "C" NOT NULL,
    day TEXT COLLATE "C" NOT NULL,
    service_id TEXT COLLATE "C" NOT NULL,
    endpoint TEXT COLLATE "C" NOT NULL,
    requests BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    response_ms BIGINT NOT NULL,
    predictions BIGINT NOT NULL,
    compute_ms BIGINT NOT NULL,
    PRIMARY KEY (key_id, day, service_id, endpoint)
);
CREATE INDEX usage_reports_by_day ON usage_reports (day, key_id);

CREATE TABLE usage_seen (
    token BYTEA NOT NULL PRIMARY KEY,
    day TEXT COLLATE "C" NOT NULL
);
CREATE INDEX usage_seen_by_day ON usage_seen (day);
