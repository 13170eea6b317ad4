"""Measures the servers in interleaved rounds and prints a table with ratios."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import servers
from workloads import prepare, workloads

NAMES = ("hokusai", "hokusai --no-auth", "fasttrackml", "mlflow")
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
        (RESULTS / "latest.json").write_text(json.dumps(result, indent=1))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--load", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=4, help="of each measurement (4)")
    parser.add_argument("--rounds", type=int, default=3, help="in which the servers take turns; the median counts (3)")
    parser.add_argument("--runs", type=int, default=20_000, help="in the experiment that is searched (20,000)")
    parser.add_argument("--only", nargs="*", default=list(NAMES), choices=NAMES, help="servers to measure (all)")
    parser.add_argument("--save", action="store_true", help="also writes bench/results/latest.md and .json")
    return parser.parse_args()


def measure(options: argparse.Namespace, folder: Path) -> dict:
    result: dict = {"machine": machine(), "seconds": options.seconds, "rounds": options.rounds, "runs": options.runs, "servers": {}, "workloads": {}}
    running = {}
    try:
        for name in options.only:
            say(f"starting {name}")
            server, start_s = servers.start(name, folder / name.replace(" ", ""))
            time.sleep(IDLE_S)
            result["servers"][name] = {"start_s": start_s, "idle_mb": servers.memory_mb(server)}
            say(f"preparing {name}: {options.runs} runs")
            running[name] = (server, prepare(server.url, servers.token(server), options.runs, getattr(server, "has_registry", True)))
        for round_ in range(options.rounds):
            for name, (server, prepared) in running.items():
                for workload in workloads(prepared):
                    if workload.needs_registry and not getattr(server, "has_registry", True):
                        continue
                    say(f"round {round_ + 1}: {name}: {workload.name}")
                    entry = result["workloads"].setdefault(workload.name, {"aims": {"fasttrackml": workload.aim_fasttrackml, "mlflow": workload.aim_mlflow}})
                    entry.setdefault(name, []).append(load(options, server, prepared, workload, folder))
    finally:
        for server, _ in running.values():
            server.stop()
    return result


def load(options, server, prepared, workload, folder: Path) -> dict:
    """One measurement: what the load generator saw, and the server's CPU for it."""
    body, words = folder / "body", folder / "words"
    body.write_text(workload.body)
    words.write_text("\n".join(prepared.runs))
    before = servers.cpu_s(server)
    done = subprocess.run(
        [options.load, urlsplit(server.url).netloc, str(workload.connections), str(options.seconds), workload.method, workload.target, servers.token(server), str(body), str(words)],
        check=True, capture_output=True, text=True,
    )
    seen = json.loads(done.stdout)
    spent = servers.cpu_s(server) - before
    seen["per_s"] = seen["requests"] / seen["seconds"]
    seen["cpu_us_per_request"] = spent * 1e6 / max(seen["requests"] + seen["failures"], 1)
    return seen


def table(result: dict) -> str:
    names = list(result["servers"])
    lines = [
        f"Machine: {result['machine']}. Median of {result['rounds']} rounds of {result['seconds']} s; {result['runs']} runs searched; client and server share the machine.", "",
        "| server | start to healthy, s | idle memory, MB |", "| --- | ---: | ---: |",
        *(f"| {name} | {found['start_s']:.3f} | {found['idle_mb']:.0f} |" for name, found in result["servers"].items()), "",
        "| requests per second (p50 / p99 ms; server CPU µs per request) | " + " | ".join(names) + " | ratios |", "| --- |" + " ---: |" * (len(names) + 1),
    ]
    for workload, entry in result["workloads"].items():
        cells = [cell(entry[name]) if name in entry else "–" for name in names]
        lines.append(f"| {workload} | " + " | ".join(cells) + " | " + ratios(entry) + " |")
    if {"hokusai", "hokusai --no-auth"} <= set(names):
        lines += ["", "Authentication costs, of server CPU per request (and of throughput):", ""]
        for workload, entry in result["workloads"].items():
            cost = middle(entry["hokusai"], "cpu_us_per_request") / max(middle(entry["hokusai --no-auth"], "cpu_us_per_request"), 1e-9) - 1
            speed = middle(entry["hokusai"], "per_s") / max(middle(entry["hokusai --no-auth"], "per_s"), 1e-9)
            lines.append(f"- {workload}: {cost:+.1%} CPU, {speed:.2f} × the throughput")
    return "\n".join(lines) + "\n"


def cell(rounds: list[dict]) -> str:
    failures = sum(one["failures"] for one in rounds)
    text = f"{middle(rounds, 'per_s'):,.0f} ({middle(rounds, 'p50_us') / 1000:.2f} / {middle(rounds, 'p99_us') / 1000:.2f}; {middle(rounds, 'cpu_us_per_request'):,.0f})"
    return text + (f" **{failures} failed**" if failures else "")


def ratios(entry: dict) -> str:
    found = []
    for other in ("fasttrackml", "mlflow"):
        if other in entry and "hokusai" in entry:
            ratio = middle(entry["hokusai"], "per_s") / max(middle(entry[other], "per_s"), 1e-9)
            aim = entry["aims"][other]
            found.append(f"{ratio:,.1f} × {other}" + (f" (aim {aim:g})" if aim else ""))
    return ", ".join(found)


def middle(rounds: list[dict], field: str) -> float:
    return statistics.median(one[field] for one in rounds)


def machine() -> str:
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} × {model}, {platform.system()} {platform.release()}, {datetime.date.today()}"


def say(text: str):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
