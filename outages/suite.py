"""Runs the scenarios, one after the other; each is a function that prints what it saw and gives the problems."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "conformance"))

import auth_away  # noqa: E402
import cut_off  # noqa: E402
import database_away  # noqa: E402
import disk_full  # noqa: E402

SCENARIOS = (
    disk_full.amid_a_group_commit,
    disk_full.amid_an_upload,
    disk_full.where_only_the_database_is,
    disk_full.the_reserve_is_the_databases,
    database_away.stopped_and_restarted,
    auth_away.killed_and_restarted,
    cut_off.from_the_auth_service,
    cut_off.from_the_database,
)
MOST_SHOWN = 10


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("names", nargs="*", metavar="SCENARIO", help=", ".join(scenario.__name__ for scenario in SCENARIOS))
    arguments.add_argument("--seconds", type=float, default=8, help="how long what is taken away stays away")
    given = arguments.parse_args()
    known = {scenario.__name__ for scenario in SCENARIOS}
    if unknown := set(given.names) - known:
        arguments.error(f"there is no scenario {', '.join(unknown)}")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    failed, began = 0, time.monotonic()
    for scenario in SCENARIOS:
        if given.names and scenario.__name__ not in given.names:
            continue
        failed += not passes(scenario, given.seconds)
    print(f"{failed} scenarios failed, {time.monotonic() - began:.0f} s")
    return bool(failed)


def passes(scenario, seconds: float) -> bool:
    began = time.monotonic()
    print(f"== {scenario.__module__}.{scenario.__name__}", flush=True)
    with tempfile.TemporaryDirectory(prefix="hokusai-outage-") as folder:
        try:
            problems = scenario(Path(folder), seconds)
        except Exception:  # A scenario that breaks has failed, and the others still run.
            problems = [traceback.format_exc()]
    for problem in problems[:MOST_SHOWN]:
        print(f"   FAILED {problem}")
    if len(problems) > MOST_SHOWN:
        print(f"   ... and {len(problems) - MOST_SHOWN} more")
    print(f"   {'FAILED' if problems else 'ok'} ({time.monotonic() - began:.0f} s)", flush=True)
    return not problems


if __name__ == "__main__":
    sys.exit(main())
