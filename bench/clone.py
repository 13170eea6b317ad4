"""Fills a peer's SQLite file with copies of a run that was logged through its API.

MLflow takes ten minutes and more to log 20,000 runs, and that isn't what is measured. Both peers keep MLflow's tables; a copy differs from
its model in the run's id, its start and the values, whatever columns there are besides.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path

TABLES = ("runs", "metrics", "latest_metrics", "params", "tags")


def clone(file: Path, run: str, numbers: range, start_time: Callable, metrics: Callable, params: Callable):
    """Copies `run` once for each number, in one transaction."""
    with sqlite3.connect(file, timeout=60) as database:
        database.row_factory = sqlite3.Row
        models = {table: [dict(row) for row in database.execute(f"SELECT * FROM {table} WHERE run_uuid = ?", [run])] for table in TABLES}
        for table, rows in models.items():
            if not rows:
                raise SystemExit(f"error: the run that is to be copied has no {table}")
            columns = list(rows[0])
            insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
            copies = (_copy(table, row, n, run, start_time, metrics, params) for n in numbers for row in rows)
            database.executemany(insert, ([copy[column] for column in columns] for copy in copies))
    database.close()


def _copy(table: str, row: dict, n: int, run: str, start_time: Callable, metrics: Callable, params: Callable) -> dict:
    copy = {**row, "run_uuid": _id(n)}
    if table == "runs":
        copy["start_time"] = start_time(n)
        copy["artifact_uri"] = row["artifact_uri"].replace(run, _id(n))
        if "row_num" in row:
            copy["row_num"] = row["row_num"] + n
    elif table in ("metrics", "latest_metrics"):
        copy["value"] = metrics(n)[row["key"]]
    elif table == "params":
        column = next(name for name in ("value", "value_str", "value_int") if row.get(name) is not None)
        copy[column] = type(row[column])(params(n)[row["key"]])
    return copy


def _id(n: int) -> str:
    return uuid.UUID(int=(n << 64) + 1).hex
