"""Stages every fault, asks for the cause, and prints the table; then healthy deployments, which must raise no alarm."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import faults
import healthy
from certificates import Authority
from world import HokusaiServer, HOSTS, World


class Shared:
    """What scenarios that do not break it may share."""

    def __init__(self, folder: Path):
        self.authority = Authority(folder)
        self.server = HokusaiServer(folder / "shared", flags=HOSTS)
        self.good = self.authority.issue("good")
        self._postgres = None

    @property
    def token(self) -> str:
        return self.server.token

    def close(self):
        self.server.stop()


@dataclass
class Row:
    name: str
    classes: str
    wanted: str
    found: str
    sentence: str
    took_s: float
    problem: str = ""


def stage(scenario, shared) -> Row:
    world = World(shared)
    row = Row(scenario.name, scenario.classes, scenario.cause, "", "", 0.0)
    try:
        verdict = scenario.run(world)
        row.found, row.took_s = verdict.top, verdict.took_s
        row.sentence = verdict.causes[0]["sentence"] if verdict.causes else ""
        wanted_exit = scenario.exit_code
        if row.found != row.wanted:
            also = ", ".join(cause["code"] for cause in verdict.causes[1:])
            row.problem = f"the top cause is `{row.found}` (then {also or 'nothing'}); failed: " + "; ".join(verdict.failed)
        elif verdict.code != wanted_exit:
            row.problem = f"exit {verdict.code} in place of {wanted_exit}"
        elif scenario.says not in row.sentence + verdict.causes[0]["fix"]:
            row.problem = f"`{scenario.says}` is not in: {row.sentence}"
    except Exception:
        row.problem = traceback.format_exc()
    finally:
        world.close()
    return row


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--healthy", type=int, metavar="RUNS", help="only healthy deployments, so often each")
    arguments = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hokusai-faults-") as folder:
        shared = Shared(Path(folder))
        try:
            problems = [] if arguments.healthy else staged(shared, arguments.names)
            if not arguments.names:
                problems += healthy.check(shared, arguments.healthy or 10)
        finally:
            shared.close()
    print(f"{time.monotonic() - started:.0f} s")
    for problem in problems:
        print(f"\nFAILED {problem}")
    return bool(problems)


def staged(shared, names: list[str]) -> list[str]:
    chosen = [s for s in faults.ALL if not names or s.name in names]
    with ThreadPoolExecutor(PARALLEL) as pool:
        rows = list(pool.map(lambda scenario: stage(scenario, shared), chosen))
    rows += [impossible(check, shared.server) for check in faults.IMPOSSIBLE if not names or check.name in names]
    width = max(len(row.name) for row in rows)
    for row in rows:
        mark = "FAIL" if row.problem else "ok"
        print(f"{mark:4}  {row.classes:5}  {row.name:{width}}  {row.found:26} {row.took_s:5.1f} s  {row.sentence}")
    return [f"{row.name}: {row.problem}" for row in rows if row.problem]


def impossible(check, server) -> Row:
    row = Row(check.name, check.classes, "impossible", "", "", 0.0)
    try:
        row.sentence, row.found = check.run(server), "impossible"
    except Exception:
        row.problem = traceback.format_exc()
    return row


# Most of a scenario is waiting.
PARALLEL = 6

if __name__ == "__main__":
    sys.exit(main())
