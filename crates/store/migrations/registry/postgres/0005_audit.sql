-- Who created, moved and deleted what: chained by hashes, never edited, never cut.
CREATE TABLE audit_state (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    head BYTEA NOT NULL
);
INSERT INTO audit_state (id, head) VALUES (1, ''::bytea);

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
