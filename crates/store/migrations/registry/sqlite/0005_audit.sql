-- Who created, moved and deleted what: chained by hashes, never edited, never cut.
CREATE TABLE audit_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    head BLOB NOT NULL
) STRICT;
INSERT INTO audit_state (id, head) VALUES (1, x'');

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
