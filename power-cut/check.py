"""What is missing on a disk after a cut."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path

from load import POINTS, Write, content


def problems(data: Path, acknowledged: set[Write]) -> list[str]:
    """Where the folder differs from what was acknowledged; empty if all is well."""
    found = []
    for name in ("auth", "registry"):
        database = data / f"{name}.sqlite"
        if not database.exists():
            found.append(f"{database.name} is gone")
            continue
        with closing(sqlite3.connect(database)) as connection:
            try:
                verdicts = connection.execute("PRAGMA integrity_check").fetchall() + connection.execute("PRAGMA foreign_key_check").fetchall()
                if verdicts != [("ok",)]:
                    found.append(f"{database.name}: {verdicts[:3]}")
                found += (auth if name == "auth" else registry)(connection, acknowledged)
            except sqlite3.DatabaseError as error:
                found.append(f"{database.name}: {error}")
    return found + files(data, acknowledged)


def of_kind(acknowledged: set[Write], kind: str) -> set[int]:
    return {write.number for write in acknowledged if write.kind == kind}


def auth(connection: sqlite3.Connection, acknowledged: set[Write]) -> list[str]:
    names = {name for (name,) in connection.execute("SELECT name FROM api_keys")}
    lost = {write.subject for write in acknowledged if write.kind == "key"} - names
    keys, entries = (connection.execute(query).fetchone()[0] for query in ("SELECT count(*) FROM api_keys", "SELECT count(*) FROM audit WHERE action IN ('key.create', 'key.bootstrap')"))
    found = [f"keys are gone: {sorted(lost)}"] if lost else []
    return found + ([f"{keys} keys, but {entries} entries in the audit log"] if keys != entries else [])


def registry(connection: sqlite3.Connection, acknowledged: set[Write]) -> list[str]:
    steps = defaultdict(set)
    for key, step in connection.execute("SELECT key, metric_points.step FROM metric_points JOIN latest_metrics USING (series_id)"):
        steps[key].add(step)
    names = {table: {key for (key,) in connection.execute(f"SELECT key FROM {table} WHERE key LIKE 'batch %'")} for table in ("params", "tags")}
    versions = {version for (version,) in connection.execute("SELECT version FROM model_versions")}
    found = []
    if lost := of_kind(acknowledged, "point") - steps["point"]:
        found.append(f"points are gone: {sorted(lost)}")
    if lost := of_kind(acknowledged, "version") - versions:
        found.append(f"versions are gone: {sorted(lost)}")
    batches = {key for key in steps if key.startswith("batch ")} | names["params"] | names["tags"]
    if halves := {key for key in batches if len(steps[key]) != POINTS or key not in names["params"] or key not in names["tags"]}:
        found.append(f"batches are there by half: {sorted(halves)}")
    if lost := {f"batch {number}" for number in of_kind(acknowledged, "batch")} - batches:
        found.append(f"batches are gone: {sorted(lost)}")
    return found


def files(data: Path, acknowledged: set[Write]) -> list[str]:
    found = []
    for write in acknowledged:
        if write.kind == "file":
            path = data / "artifacts/files" / write.subject
            if not path.is_file():
                found.append(f"{write.subject} is gone")
            elif path.read_bytes() != content(write.subject):
                found.append(f"{write.subject} has other bytes")
    return found
