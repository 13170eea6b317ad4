"""`kill -9` amid writing loses nothing that was acknowledged and leaves nothing by half."""

from __future__ import annotations

import sqlite3

from harness.load import Load

KILLS = 20


def test_killed_twenty_times_every_acknowledged_write_is_there(start_hokusai):
    server = start_hokusai()
    loads, problems = [], []
    for number in range(KILLS):
        load = Load(server.url, server.token, f"kill-{number}")
        # A different moment each time, counted in writes: nothing here waits for a clock.
        load.run_until(40 + 37 * number % 200, then=server.kill)
        loads.append(load)
        server.start()
        problems += [f"kill {number}: {problem}" for problem in load.missing(server.url)]
    # Later kills must not undo what earlier rounds wrote.
    problems += [f"after all kills: {problem}" for load in loads for problem in load.missing(server.url)]
    server.stop()
    for database in server.data.glob("*.sqlite"):
        with sqlite3.connect(database) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchall()
        if verdict != [("ok",)]:
            problems.append(f"{database.name}: {verdict}")
    assert not problems, "\n".join(problems)
    assert all(load.done.count() > 0 for load in loads)

