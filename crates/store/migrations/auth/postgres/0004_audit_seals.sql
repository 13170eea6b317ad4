-- Old entries may leave the log when an entry of the log itself says so: `audit.seal`, whose target begins with the number of the last.
CREATE INDEX audit_seals ON audit (seq) WHERE action = 'audit.seal';
DROP TRIGGER audit_is_append_only ON audit;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE FUNCTION audit_is_not_cut() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.seq > (SELECT coalesce(max(split_part(target, ' ', 1)::bigint), 0) FROM audit WHERE action = 'audit.seal') THEN
        RAISE EXCEPTION 'the audit log is append-only';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_not_cut();
