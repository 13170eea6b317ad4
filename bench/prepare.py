"""The data that requests are measured on: an experiment to write to, and one with many runs to search."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from clone import clone
from harness.load import must
from harness.raw import Connection
from harness.scenario import API

WRITTEN_RUNS = 200
"""Runs that the writers spread over."""

CONNECTIONS = 4
PROGRESS_EVERY = 2_000

SEARCH = {"filter": "metrics.m0 > 0.5 AND params.p0 = '7'", "order_by": ["metrics.m1 DESC"], "max_results": 100}
"""The search that is measured."""


@dataclass
class Prepared:
    """Where the requests go."""

    experiment: str
    searched: str
    runs: list[str]


def prepare(server, token: str, searched_runs: int, say: Callable[[str], None]) -> Prepared:
    """Lays the data down through the API. A server that would take many minutes over it has its file filled with copies of one run."""
    connection = Connection(server.url, token)
    experiment = must(connection.json("POST", API + "experiments/create", {"name": "written"}))["experiment_id"]
    runs = [_run(connection, experiment, n) for n in range(WRITTEN_RUNS)]
    searched = must(connection.json("POST", API + "experiments/create", {"name": "searched"}))["experiment_id"]
    if server.database_file is None:
        _log(server.url, token, searched, range(searched_runs), say)
    else:
        first = _logged_run(connection, searched, 0)
        say(f"copying a run {searched_runs - 1:,} times")
        clone(server.database_file, first, range(1, searched_runs), _start_time, _metrics, _params)
    if server.has_registry:
        must(connection.json("POST", API + "registered-models/create", {"name": "model"}))
    return Prepared(experiment, searched, runs)


def check_alike(all_: dict):
    """All servers answer the search with the same runs in an order of the same values; else they aren't measured on the same data."""
    answers = {}
    for name, (server, token, prepared) in all_.items():
        found = must(Connection(server.url, token).json("POST", API + "runs/search", {"experiment_ids": [prepared.searched], **SEARCH})).get("runs", [])
        ordered = [next(metric["value"] for metric in run["data"]["metrics"] if metric["key"] == "m1") for run in found]
        sizes = {tuple(len(run["data"][kind]) for kind in ("metrics", "params", "tags")) for run in found}
        answers[name] = (ordered, sizes)
    first = next(iter(answers.values()))
    for name, answer in answers.items():
        if answer != first or not answer[0]:
            raise SystemExit(f"error: {name} answers the search otherwise than the others: {len(answer[0])} runs, sizes {answer[1]}; the others {len(first[0])}, {first[1]}")


def _log(url: str, token: str, experiment: str, numbers: range, say: Callable[[str], None]):
    """Logs runs over a few connections at once."""
    left = iter(numbers)
    lock = threading.Lock()
    failures = []

    def work():
        connection = Connection(url, token)
        try:
            while not failures:
                with lock:
                    n = next(left, None)
                if n is None:
                    return
                _logged_run(connection, experiment, n)
                if n % PROGRESS_EVERY == 0:
                    say(f"logged {n:,} of {len(numbers):,} runs")
        except Exception as failure:
            failures.append(failure)

    workers = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failures:
        raise failures[0]


def _logged_run(connection: Connection, experiment: str, n: int) -> str:
    run = _run(connection, experiment, n)
    body = {
        "run_id": run,
        "metrics": [{"key": key, "value": value, "timestamp": 1, "step": 0} for key, value in _metrics(n).items()],
        "params": [{"key": key, "value": value} for key, value in _params(n).items()],
    }
    must(connection.json("POST", API + "runs/log-batch", body))
    return run


def _run(connection: Connection, experiment: str, n: int) -> str:
    body = {"experiment_id": experiment, "start_time": _start_time(n), "tags": [{"key": "mlflow.runName", "value": "run"}]}
    return must(connection.json("POST", API + "runs/create", body))["run"]["info"]["run_id"]


def _start_time(n: int) -> int:
    return 1_700_000_000_000 + n


def _metrics(n: int) -> dict[str, float]:
    return {f"m{k}": (n * 7919 + k) % 1000 / 1000 for k in range(3)}


def _params(n: int) -> dict[str, str]:
    return {f"p{k}": str((n + k) % 50) for k in range(3)}
