"""`kill -9` amid writing loses nothing that was acknowledged and leaves nothing by half."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from harness.load import Load

KILLS = 20


def unsound(server) -> list[str]:
    """What the integrity check finds in the files, as they are without a server. (PostgreSQL is not killed; it checks itself.)"""
    found = []
    for database in server.data.glob("*.sqlite"):
        with closing(sqlite3.connect(database)) as connection:
            for check in ("integrity_check", "foreign_key_check"):
                verdict = connection.execute(f"PRAGMA {check}").fetchall()
                if verdict not in ([("ok",)], []):
                    found.append(f"{database.name}: {check} says {verdict}")
    return found


def test_killed_twenty_times_every_acknowledged_write_is_there(start_hokusai):
    server = start_hokusai()
    loads, problems = [], []
    for number in range(KILLS):
        load = Load(server.url, server.token, f"kill-{number}")
        # A different moment each time, counted in writes: nothing here waits for a clock.
        load.run_until(40 + 37 * number % 200, then=server.kill)
        loads.append(load)
        problems += [f"kill {number}: {problem}" for problem in unsound(server)]
        server.start()
        problems += [f"kill {number}: {problem}" for problem in load.missing(server.url)]
    # Later kills must not undo what earlier rounds wrote.
    problems += [f"after all kills: {problem}" for load in loads for problem in load.missing(server.url)]
    server.stop()
    problems += unsound(server)
    assert not problems, "\n".join(problems)
    assert all(load.done.count() > 0 for load in loads)

