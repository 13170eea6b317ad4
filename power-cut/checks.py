"""What must hold of the files that a power cut left."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

STATES = {
    "registry": {
        "run": "SELECT run_uuid, status FROM runs",
        "param": "SELECT run_uuid, key, value FROM params JOIN runs ON runs.id = run_id",
        "tag": "SELECT run_uuid, key, value FROM tags JOIN runs ON runs.id = run_id",
        "metric": "SELECT run_uuid, key, p.step, p.value FROM metric_points p JOIN latest_metrics USING (series_id) JOIN runs ON runs.id = run_id",
        "model": "SELECT name, 1 FROM registered_models",
        "version": "SELECT name, version, source FROM model_versions v JOIN registered_models m ON m.id = v.model_id",
        "alias": "SELECT name, alias, version FROM model_aliases a JOIN registered_models m ON m.id = a.model_id",
    },
    "auth": {"key": "SELECT id, CASE WHEN revoked_at_ms IS NULL THEN 'active' ELSE 'revoked' END FROM api_keys"},
}
# Files of a version, and what is known of uploads.
MANIFESTS = "SELECT v.artifact_path || '/' || f.path, f.sha256 FROM model_version_files f JOIN model_versions v USING (model_id, version)"
# A batch is there or it isn't.
BATCHES = """SELECT run_uuid, (SELECT count(*) FROM params WHERE run_id = runs.id) AS params,
    (SELECT count(*) FROM metric_points JOIN latest_metrics USING (series_id) WHERE run_id = runs.id AND key = 'batch') AS points
    FROM runs WHERE (params, points) NOT IN ((0, 0), (8, 20))"""
# So is a change of a key and its entry in the audit log.
UNAUDITED = """SELECT count(*), count(revoked_at_ms), (SELECT count(*) FROM audit WHERE action IN ('key.bootstrap', 'key.create')) AS made,
    (SELECT count(*) FROM audit WHERE action = 'key.revoke') AS revoked FROM api_keys HAVING count(*) <> made OR count(revoked_at_ms) <> revoked"""
DIGESTS = "SELECT path, sha256 FROM artifact_digests"


class Found:
    """The state of each thing as it is after the cut, and what is broken whoever was told what."""

    def __init__(self, data: Path):
        self.broken: list[str] = []
        self.states: dict[tuple, object] = {}
        files = _files(data / "artifacts/files")
        self.states |= {("file", path): content for path, content in files.items()}
        if (key := data.parent / "bootstrap-key").exists():
            self.states[("first key",)] = digest(key.read_bytes())
        for schema, queries in STATES.items():
            path = data / f"{schema}.sqlite"
            if path.exists():
                try:
                    with closing(sqlite3.connect(path)) as database:
                        self._read(schema, database, queries, files)
                except sqlite3.DatabaseError as error:
                    self.broken.append(f"{schema}: {error}")

    def _read(self, schema: str, database: sqlite3.Connection, queries: dict[str, str], files: dict[str, str]):
        answer = [row for (row,) in database.execute("PRAGMA integrity_check")]
        if answer != ["ok"]:
            self.broken.append(f"{schema}: integrity check: {answer}")
        if dangling := database.execute("PRAGMA foreign_key_check").fetchall():
            self.broken.append(f"{schema}: dangling references: {dangling[:3]}")
        if not database.execute("SELECT 1 FROM sqlite_schema WHERE name IN ('logged_model_metrics', 'usage_seen')").fetchone():
            return  # Cut while the tables were made.
        for kind, query in queries.items():
            for *name, state in database.execute(query):
                self.states[(kind, *name)] = state
        halves = database.execute(BATCHES if schema == "registry" else UNAUDITED).fetchall()
        self.broken += [f"{schema}: done by half: {half}" for half in halves]
        if schema == "registry":
            self._compare_digests(database, files)

    def _compare_digests(self, database: sqlite3.Connection, files: dict[str, str]):
        for path, recorded in database.execute(MANIFESTS):
            if files.get(path) != recorded:
                self.broken.append(f"the manifest of a version says {recorded} of {path}, the disk says {files.get(path)}")
        for path, recorded in database.execute(DIGESTS):
            # Empty: the file was being replaced, and its digest is taken again when somebody asks for it.
            if recorded and path in files and files[path] != recorded:
                self.broken.append(f"the registry remembers {recorded} of {path}, the disk has {files[path]}")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _files(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): digest(path.read_bytes()) for path in root.rglob("*") if path.is_file()}
