-- Old entries may leave the log when an entry of the log itself says so: `audit.seal`, whose target begins with the number of the last.
CREATE INDEX audit_seals ON audit (seq) WHERE action = 'audit.seal';
DROP TRIGGER audit_is_not_cut;
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit
WHEN OLD.seq > (SELECT coalesce(max(CAST(target AS INTEGER)), 0) FROM audit WHERE action = 'audit.seal')
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
