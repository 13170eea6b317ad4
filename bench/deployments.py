"""Measures one process beside several, one registry beside two, and a directory beside S3, in interleaved rounds.

Only ratios of one run count. All of it shares one machine, the object store and the database too: it shows what a form costs, not how far it
goes on machines of its own.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import machine
import servers
from harness.bucket import Bucket
from harness.hokusai_server import HokusaiServer
from harness.postgres import Postgres
from harness.replicas import Replicas
from measure import load
from prepare import prepare
from report import cell, quartile
from workloads import uploads_and_downloads, workloads

IDLE_S = 3
RESULTS = Path(__file__).parent / "results"
QUIET = {"RUST_LOG": "warn"}


@dataclass(frozen=True)
class Form:
    """A way to deploy, and the one that it is held against."""

    name: str
    beside: str | None
    registries: int = 0
    """0: all in one process."""
    has_postgres: bool = False
    has_bucket: bool = False


ONE, APART, POSTGRES, APART_POSTGRES, TWO, BUCKET = "one process", "auth apart", "PostgreSQL", "auth apart, PostgreSQL", "two registries, PostgreSQL", "one process, S3"
FORMS = (
    Form(ONE, None),
    Form(APART, ONE, registries=1),
    Form(POSTGRES, ONE, has_postgres=True),
    Form(APART_POSTGRES, POSTGRES, registries=1, has_postgres=True),
    Form(TWO, APART_POSTGRES, registries=2, has_postgres=True),
    Form(BUCKET, ONE, has_bucket=True),
)


class Deployment:
    """A form that runs, with what stands beside it."""

    has_registry = True
    database_file = None

    def __init__(self, form: Form, folder: Path):
        folder.mkdir(parents=True)
        self.cluster = Postgres() if form.has_postgres else None
        self.bucket, self.server = None, None
        try:
            database_url = self.cluster.new_database() if self.cluster else None
            artifacts_url, env = None, dict(QUIET)
            if form.has_bucket:
                self.bucket = Bucket(folder / "bucket")
                artifacts_url, env = self.bucket.url, QUIET | self.bucket.env
            if form.registries:
                self.server = Replicas(folder / "server", form.registries, database_url, artifacts_url, env)
                self.urls, self.processes = self.server.urls, self.server.processes
            else:
                flags = ("--artifacts-url", artifacts_url) if artifacts_url else ()
                self.server = HokusaiServer(folder / "server", database_url, flags, env)
                self.urls, self.processes = [self.server.url], [self.server.process]
        except BaseException:
            self.stop()
            raise
        self.url, self.token = self.urls[0], self.server.token

    def stop(self):
        for one in (self.server, self.bucket, self.cluster):
            if one is not None:
                one.stop()


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="hokusai-bench-") as folder:
        text = table(measure(options, Path(folder)), options)
    print(text)
    if options.save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "deployments.md").write_text(text)


def arguments() -> argparse.Namespace:
    names = [form.name for form in FORMS]
    parser = argparse.ArgumentParser(prog="bench/deployments", description=__doc__.splitlines()[0])
    parser.add_argument("--load", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement (3)")
    parser.add_argument("--rounds", type=int, default=5, help="in which the forms take turns; medians count (5)")
    parser.add_argument("--runs", type=int, default=2_000, help="in the experiment that is searched (2,000)")
    parser.add_argument("--only", nargs="*", default=names, choices=names, metavar="FORM", help=f"forms to measure, of: {'; '.join(names)} (all)")
    parser.add_argument("--save", action="store_true", help="also writes bench/results/deployments.md")
    return parser.parse_args()


def measure(options: argparse.Namespace, folder: Path) -> dict:
    result: dict = {"memory": {}, "workloads": {}}
    running = {}
    try:
        for form in (form for form in FORMS if form.name in options.only):
            say(f"starting {form.name}")
            running[form.name] = [Deployment(form, folder / str(len(running))), None]
            deployment = running[form.name][0]
            time.sleep(IDLE_S)
            result["memory"][form.name] = servers.memory_mb(deployment)
            running[form.name][1] = prepare(deployment, deployment.token, options.runs, lambda text, name=form.name: say(f"{name}: {text}"))
        for round_ in range(options.rounds):
            for workload in workloads() + uploads_and_downloads():
                for name, (deployment, prepared) in running.items():
                    seen = load(options.load, deployment, prepared, workload, folder, options.seconds)
                    result["workloads"].setdefault(workload.name, {}).setdefault(name, []).append(seen)
                    say(f"round {round_ + 1} of {options.rounds}: {workload.name}: {name}: {seen['per_s']:,.0f}/s")
    finally:
        for deployment, _ in running.values():
            deployment.stop()
    return result


def table(result: dict, options: argparse.Namespace) -> str:
    """The whole result as Markdown."""
    names = list(result["memory"])
    lines = [
        f"Machine: {machine.describe()}. Medians of {options.rounds} rounds of {options.seconds:g} s. Clients, servers, PostgreSQL and the object store share the machine; "
        f"other work on it took {others(result)}.", "",
        "| form | idle memory of our processes, MB |", "| --- | ---: |", *(f"| {name} | {megabytes:.0f} |" for name, megabytes in result["memory"].items()), "",
        "Requests per second (p50 / p99 in ms; CPU of our processes and PostgreSQL in µs per request):", "",
        "| request | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(names),
    ]
    for workload, entry in result["workloads"].items():
        lines.append(f"| {workload} | " + " | ".join(cell(entry[name]) for name in names) + " |")
    pairs = [(form.name, form.beside) for form in FORMS if form.name in names and form.beside in names]
    lines += [
        "", "What a form costs: its requests and its CPU per request as multiples of the form that it is held against (medians of the rounds' ratios; quartiles):", "",
        "| request | " + " | ".join(f"{name} / {beside}" for name, beside in pairs) + " |", "| --- |" + " ---: |" * len(pairs),
    ]
    for workload, entry in result["workloads"].items():
        cells = [f"{ratio(entry, 'per_s', *pair)}, CPU {ratio(entry, 'cpu_us_per_request', *pair)}" for pair in pairs]
        lines.append(f"| {workload} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def ratio(entry: dict, field: str, name: str, beside: str) -> str:
    found = [a[field] / max(b[field], 1e-9) for a, b in zip(entry[name], entry[beside], strict=True)]
    return f"{statistics.median(found):.2f} ({quartile(found, 0):.2f}–{quartile(found, 2):.2f})"


def others(result: dict) -> str:
    seen = sorted(one["cores_used_by_others"] for entry in result["workloads"].values() for rounds in entry.values() for one in rounds)
    return f"{statistics.median(seen):.1f} cores (median; at most {seen[-1]:.1f}), PostgreSQL and the object store's own work not counted where they can't be told apart"


def say(text: str):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
