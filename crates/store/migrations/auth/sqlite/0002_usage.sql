-- What services report about the use of keys, by day, and the reports that were already counted.
CREATE TABLE usage_reports (
    key_id TEXT NOT NULL,
    day TEXT NOT NULL,
    service_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    requests INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    response_ms INTEGER NOT NULL,
    predictions INTEGER NOT NULL,
    compute_ms INTEGER NOT NULL,
    PRIMARY KEY (key_id, day, service_id, endpoint)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_reports_by_day ON usage_reports (day, key_id);

CREATE TABLE usage_seen (
    token BLOB NOT NULL PRIMARY KEY,
    day TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_seen_by_day ON usage_seen (day);
