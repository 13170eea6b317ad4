-- An entry of an index holds at most 2704 bytes, a param 6000 characters and a tag 8000: a value that does not compress was refused.
-- So the indexes hold the start of each value; a search compares the start, and then the whole (`search_sql/driver.rs`).
DROP INDEX params_by_value;
CREATE INDEX params_by_value ON params (experiment_id, key, substr(value, 1, 200));
DROP INDEX tags_by_value;
CREATE INDEX tags_by_value ON tags (experiment_id, key, substr(value, 1, 200));
