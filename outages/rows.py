"""Rows as the database has them, without a server in between."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

from harness.postgres import BINARIES

from load import POINTS_PER_BATCH

POINTS = "SELECT l.key, p.step, p.ts_ms FROM {s}metric_points p JOIN {s}latest_metrics l ON l.series_id = p.series_id"
PARAMS = "SELECT key FROM {s}params"
MODELS = "SELECT name FROM {s}registered_models"
UPLOADS = "SELECT path, size_bytes, sha256 FROM {s}artifact_digests"


def of_sqlite(data: Path) -> tuple[set, list[str]]:
    """The load's rows in a copy of the files, whether or not a server runs, and what is unsound about it."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        for file in data.glob("registry.sqlite*"):
            shutil.copy(file, folder)
        with closing(sqlite3.connect(Path(folder) / "registry.sqlite")) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchall()
            problems = [] if verdict == [("ok",)] else [f"integrity_check says {verdict}"]
            rows, halves = _of(lambda sql: connection.execute(sql.format(s="")).fetchall())
    return rows, problems + halves


def uploads_of_sqlite(data: Path) -> dict[str, tuple[int, str]]:
    with closing(sqlite3.connect(data / "registry.sqlite")) as connection:
        return {path: (size, digest) for path, size, digest in connection.execute(UPLOADS.format(s=""))}


def of_postgres(url: str) -> tuple[set, list[str]]:
    def query(sql):
        told = subprocess.run([BINARIES / "psql", "-X", "-q", "-A", "-t", "-F", "\t", "-d", url, "-c", sql.format(s="hokusai_registry.")],
                              check=True, capture_output=True, text=True).stdout
        return [tuple(int(part) if part.isdigit() else part for part in line.split("\t")) for line in told.splitlines()]

    return _of(query)


def _of(query) -> tuple[set, list[str]]:
    rows, points = set(), {}
    for key, step, ts in query(POINTS):
        if key.startswith("m"):
            rows.add(("metric", key, step))
        else:
            points.setdefault((key, ts), set()).add(step)
    params = {tuple(key.split("-")) for (key,) in query(PARAMS)}
    params = {(key, int(count)) for key, count in params}
    rows |= {("batch", *batch) for batch in params}
    halves = [f"batch {batch} is there by half" for batch in params ^ points.keys()]
    halves += [f"batch {batch} has {len(steps)} points" for batch, steps in points.items() if len(steps) != POINTS_PER_BATCH]
    for (name,) in query(MODELS):
        stem, _, count = name.rpartition("-")
        rows.add(("model", stem, int(count)))
    return rows, halves[:5]
