"""Half an hour of everything at once: flat memory, flat latency, exact counts. See `soak`."""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import tempfile
import time
from pathlib import Path

from harness.hokusai_server import HokusaiServer
from harness.load import must
from harness.postgres import Postgres
from harness.raw import Connection
from harness.scenario import API
from harness.soak_client import Client, Report

MEMORY_GROWTH_MB = 8
"""So much more may the last third take than the middle one: caches of the allocator, not a leak of half an hour's load."""
LATENCY_GROWTH = 1.5
"""So many times its middle third's may the median of the last third be, on a machine that others share."""


def client(url: str, token: str, number: int, experiment: str, shared: str, until: float, window_s: float, results):
    """What a process of its own does."""
    worker = Client(url, token, number, experiment, shared)
    worker.work(until, window_s, results.put)
    results.put(worker.missing())


def own_memory_mb(pid: int) -> float:
    """What the process has in memory without the pages of files that it maps, which are the system's to drop."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"no RssAnon for {pid}")


def soak(server: HokusaiServer, processes: int, minutes: float) -> list[str]:
    """Runs the clients; gives what is wrong."""
    setup = Connection(server.url, server.token)
    experiment = must(setup.json("POST", API + "experiments/create", {"name": "soak"}))["experiment_id"]
    shared = must(setup.json("POST", API + "runs/create", {"experiment_id": experiment, "start_time": 1}))["run"]["info"]["run_id"]
    window_s = minutes * 60 / max(6, round(minutes))
    until = time.monotonic() + minutes * 60
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    workers = [context.Process(target=client, args=(server.url, server.token, number, experiment, shared, until, window_s, results)) for number in range(processes)]
    for worker in workers:
        worker.start()
    reports, problems, verdicts, memory, medians = [], [], 0, [], []
    while verdicts < processes:
        found = results.get(timeout=window_s + 300)
        if not isinstance(found, Report):
            verdicts += 1
            problems += found
            continue
        problems += found.failures
        reports.append(found)
        if len(reports) == processes:
            memory.append(own_memory_mb(server.process.pid))
            medians.append(window(len(memory), reports, window_s, memory[-1]))
            reports = []
    for worker in workers:
        worker.join()
    return problems + growth(memory, medians)


def window(number: int, reports: list[Report], window_s: float, memory_mb: float) -> dict[str, float]:
    """Prints a line about a window; gives the median latency of each operation."""
    by_operation: dict[str, list[float]] = {}
    for report in reports:
        for operation, seconds in report.latencies_s.items():
            by_operation.setdefault(operation, []).extend(seconds)
    everything = sorted(second for seconds in by_operation.values() for second in seconds)
    p99 = everything[int(len(everything) * 0.99)]
    failed = sum(len(report.failures) for report in reports)
    print(f"{number:3}: {len(everything) / window_s:6.0f} operations/s, p50 {statistics.median(everything) * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, {memory_mb:.0f} MB, {failed} failed", flush=True)
    return {operation: statistics.median(seconds) for operation, seconds in by_operation.items()}


def growth(memory: list[float], medians: list[dict[str, float]]) -> list[str]:
    """What grew from the middle third to the last."""
    third = len(memory) // 3
    middle, last = slice(third, 2 * third), slice(-third, None)
    problems = []
    before, after = statistics.median(memory[middle]), statistics.median(memory[last])
    print(f"memory: {before:.0f} MB in the middle third, {after:.0f} MB in the last")
    if after > before + MEMORY_GROWTH_MB:
        problems.append(f"memory grew from {before:.0f} to {after:.0f} MB")
    for operation in medians[0]:
        before, after = (statistics.median(each[operation] for each in medians[part] if operation in each) for part in (middle, last))
        print(f"{operation}: {before * 1000:.2f} ms in the middle third, {after * 1000:.2f} ms in the last")
        if after > before * LATENCY_GROWTH:
            problems.append(f"{operation} took {before * 1000:.2f} ms, and then {after * 1000:.2f} ms")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(prog="conformance/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--flag", action="append", default=[], help="a further flag of `hokusai serve`")
    wanted = parser.parse_args()
    cluster = Postgres() if wanted.database == "postgres" else None
    with tempfile.TemporaryDirectory(prefix="hokusai-soak-") as folder:
        server = HokusaiServer(Path(folder), cluster.new_database() if cluster else None, flags=tuple(wanted.flag))
        try:
            problems = soak(server, wanted.processes, wanted.minutes)
        finally:
            server.stop()
            if cluster:
                cluster.stop()
    print("\n".join(problems[:50]) or "all that was acknowledged is there; nothing grew")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
