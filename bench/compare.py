"""Measures the servers in interleaved rounds and prints a table with ratios.

Only ratios of one run count: every round measures each kind of request at all servers, one right after the other.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import machine
import servers
from measure import load
from prepare import check_alike, prepare
from report import table
from workloads import AUTH_WORKLOAD, workloads

NAMES = ("hokusai", "hokusai --no-auth", "hokusai, PostgreSQL", "fasttrackml", "mlflow")
IDLE_S = 3
RESULTS = Path(__file__).parent / "results"


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="hokusai-bench-") as folder:
        result = measure(options, Path(folder))
    text = table(result)
    print(text)
    if options.save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "latest.md").write_text(text)
        (RESULTS / "latest.json").write_text(json.dumps(result, indent=1) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__.splitlines()[0])
    parser.add_argument("--load", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--fml", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="one round of one second over 2,000 runs: shows that it works, proves nothing")
    parser.add_argument("--seconds", type=float, help="of each measurement (3)")
    parser.add_argument("--rounds", type=int, help="in which the servers take turns; medians count (3)")
    parser.add_argument("--auth-rounds", type=int, help="of one second with and without authentication (12)")
    parser.add_argument("--runs", type=int, help="in the experiment that is searched (20,000)")
    parser.add_argument("--only", nargs="*", default=list(NAMES), choices=NAMES, metavar="SERVER", help=f"servers to measure, of: {'; '.join(NAMES)} (all)")
    parser.add_argument("--workload", default="", metavar="TEXT", help="measures only what has this text in its name")
    parser.add_argument("--save", action="store_true", help="also writes bench/results/latest.md and .json")
    options = parser.parse_args()
    for name, quick, full in (("seconds", 1, 3), ("rounds", 1, 3), ("auth_rounds", 2, 12), ("runs", 2_000, 20_000)):
        if getattr(options, name) is None:
            setattr(options, name, quick if options.quick else full)
    return options


def measure(options: argparse.Namespace, folder: Path) -> dict:
    result: dict = {"machine": machine.describe(), "seconds": options.seconds, "rounds": options.rounds, "runs": options.runs, "servers": {}, "workloads": {}, "auth": {}}
    running = {}
    try:
        for name in options.only:
            say(f"starting {name}")
            server, start_s = servers.start(name, folder / name.replace(" ", "").replace(",", ""), options.fml)
            running[name] = (server, None)
            time.sleep(IDLE_S)
            result["servers"][name] = {"start_s": start_s, "idle_mb": servers.memory_mb(server)}
            running[name] = (server, prepare(server, servers.token(server), options.runs, lambda text, name=name: say(f"{name}: {text}")))
        check_alike({name: (server, servers.token(server), prepared) for name, (server, prepared) in running.items()})
        for round_ in range(options.rounds):
            for workload in (one for one in workloads() if options.workload in one.name):
                entry = result["workloads"].setdefault(workload.name, {"aims": {"fasttrackml": workload.aim_fasttrackml, "mlflow": workload.aim_mlflow}})
                for name, (server, prepared) in running.items():
                    if workload.needs_registry and not server.has_registry:
                        continue
                    seen = load(options.load, server, prepared, workload, folder, options.seconds)
                    entry.setdefault(name, []).append(seen)
                    say(f"round {round_ + 1} of {options.rounds}: {workload.name}: {name}: {seen['per_s']:,.0f}/s")
        if {"hokusai", "hokusai --no-auth"} <= running.keys():
            result["auth"] = authentication(options, running, folder)
    finally:
        for server, _ in running.values():
            server.stop()
    return result


def authentication(options, running: dict, folder: Path) -> dict:
    """The cheapest requests with and without a key, in short turns: the machine's noise hits both alike."""
    found: dict = {"workload": AUTH_WORKLOAD}
    workload = next(one for one in workloads() if one.name == AUTH_WORKLOAD)
    for round_ in range(options.auth_rounds):
        pair = ("hokusai", "hokusai --no-auth")
        for name in pair if round_ % 2 == 0 else reversed(pair):
            server, prepared = running[name]
            found.setdefault(name, []).append(load(options.load, server, prepared, workload, folder, 1.0))
        say(f"authentication: round {round_ + 1} of {options.auth_rounds}")
    return found


def say(text: str):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
