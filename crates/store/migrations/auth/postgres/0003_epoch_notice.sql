-- Every change to a key tells the replicas that listen, when it commits.
CREATE FUNCTION epoch_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_TABLE_SCHEMA || '.changed', NEW.epoch::text);
    RETURN NULL;
END $$;
CREATE TRIGGER epoch_moved AFTER UPDATE ON auth_state
    FOR EACH ROW WHEN (OLD.epoch <> NEW.epoch) EXECUTE FUNCTION epoch_moved();
