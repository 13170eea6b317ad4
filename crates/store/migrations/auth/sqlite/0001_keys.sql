-- API keys, the audit log and the one row that orders every change to them.
CREATE TABLE auth_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL,
    bootstrapped INTEGER NOT NULL,
    audit_head BLOB NOT NULL
) STRICT;
INSERT INTO auth_state (id, epoch, bootstrapped, audit_head) VALUES (1, 0, 0, x'');

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    owner TEXT NOT NULL,
    service_id TEXT NOT NULL,
    environment TEXT NOT NULL,
    scopes TEXT NOT NULL,
    allowed_ips TEXT NOT NULL,
    rate_limit_per_hour INTEGER,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    revoked_at_ms INTEGER,
    last_used_at_ms INTEGER,
    rotated_to TEXT,
    chain_id TEXT NOT NULL,
    last_refusal TEXT
) STRICT;
CREATE INDEX api_keys_by_owner ON api_keys (owner, created_at_ms, id);
CREATE INDEX api_keys_by_chain ON api_keys (chain_id);

CREATE TABLE usage_counters (
    key_id TEXT NOT NULL,
    period TEXT NOT NULL,
    requests INTEGER NOT NULL,
    refusals INTEGER NOT NULL,
    PRIMARY KEY (key_id, period)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    client_ip TEXT,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER audit_is_not_edited BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
