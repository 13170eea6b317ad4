-- SQLite's indexes hold values of any length, so there is nothing to do here; see the file for PostgreSQL.
SELECT 1;
