-- API keys, the audit log and the one row that orders every change to them.
CREATE TABLE auth_state (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    epoch BIGINT NOT NULL,
    bootstrapped BIGINT NOT NULL,
    audit_head BYTEA NOT NULL
);
INSERT INTO auth_state (id, epoch, bootstrapped, audit_head) VALUES (1, 0, 0, ''::bytea);

CREATE TABLE api_keys (
    id TEXT COLLATE "C" PRIMARY KEY,
    hash BYTEA NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    prefix TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    service_id TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    allowed_ips TEXT COLLATE "C" NOT NULL,
    rate_limit_per_hour BIGINT,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT,
    revoked_at_ms BIGINT,
    last_used_at_ms BIGINT,
    rotated_to TEXT COLLATE "C",
    chain_id TEXT COLLATE "C" NOT NULL,
    last_refusal TEXT COLLATE "C"
);
CREATE INDEX api_keys_by_owner ON api_keys (owner, created_at_ms, id);
CREATE INDEX api_keys_by_chain ON api_keys (chain_id);

CREATE TABLE usage_counters (
    key_id TEXT COLLATE "C" NOT NULL,
    period TEXT COLLATE "C" NOT NULL,
    requests BIGINT NOT NULL,
    refusals BIGINT NOT NULL,
    PRIMARY KEY (key_id, period)
);

CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    client_ip TEXT COLLATE "C",
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL
);
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
