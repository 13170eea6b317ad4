"""What is measured: one kind of request each, on data that `prepare` lays down."""

from __future__ import annotations

import json
from dataclasses import dataclass

from harness.load import must
from harness.raw import Connection
from harness.scenario import API

RUNS = 200
"""Runs that the writers spread over."""


@dataclass(frozen=True)
class Workload:
    """A request to repeat, over so many connections."""

    name: str
    connections: int
    method: str
    target: str
    body: str
    aim_fasttrackml: float | None = None
    aim_mlflow: float | None = None
    needs_registry: bool = False


@dataclass
class Prepared:
    """Where the requests go."""

    experiment: str
    searched: str
    runs: list[str]


def prepare(url: str, token: str, searched_runs: int, has_registry: bool) -> Prepared:
    """An experiment to write to and one with many runs to search."""
    connection = Connection(url, token)
    experiment = must(connection.json("POST", API + "experiments/create", {"name": "written"}))["experiment_id"]
    runs = [_run(connection, experiment, n) for n in range(RUNS)]
    searched = must(connection.json("POST", API + "experiments/create", {"name": "searched"}))["experiment_id"]
    for n in range(searched_runs):
        run = _run(connection, searched, n)
        body = {
            "run_id": run,
            "metrics": [{"key": f"m{k}", "value": (n * 7919 + k) % 1000 / 1000, "timestamp": n + 1, "step": 0} for k in range(3)],
            "params": [{"key": f"p{k}", "value": str((n + k) % 50)} for k in range(3)],
        }
        must(connection.json("POST", API + "runs/log-batch", body))
    if has_registry:
        must(connection.json("POST", API + "registered-models/create", {"name": "model"}))
    return Prepared(experiment, searched, runs)


def workloads(prepared: Prepared) -> list[Workload]:
    """All that is measured, with the aims for the ratios."""
    metric = '{"run_id": "@word@", "key": "loss", "value": 0.5, "timestamp": 1@n@, "step": @n@}'
    batch = json.dumps({
        "run_id": "@word@",
        "metrics": [{"key": f"m{k}", "value": k, "timestamp": "@n@", "step": "@n@"} for k in range(100)],
        "tags": [{"key": f"t{k}", "value": "@n@"} for k in range(10)],
    }).replace('"timestamp": "@n@", "step": "@n@"', '"timestamp": 1@n@, "step": @n@')
    search = json.dumps({"experiment_ids": [prepared.searched], "filter": "metrics.m0 > 0.5 AND params.p0 = '7'", "order_by": ["metrics.m1 DESC"], "max_results": 100})
    version = json.dumps({"name": "model", "source": f"mlflow-artifacts:/{prepared.experiment}/{prepared.runs[0]}/artifacts/model", "run_id": prepared.runs[0]})
    return [
        Workload("log-metric, 1 connection", 1, "POST", API + "runs/log-metric", metric),
        Workload("log-metric, 8 connections", 8, "POST", API + "runs/log-metric", metric),
        Workload("log-metric, 32 connections", 32, "POST", API + "runs/log-metric", metric, 10, 100),
        Workload("log-batch of 100 + 10, 8 connections", 8, "POST", API + "runs/log-batch", batch, 8, 40),
        Workload("run search, 4 connections", 4, "POST", API + "runs/search", search, 5, 50),
        Workload("version creation, 4 connections", 4, "POST", API + "model-versions/create", version, needs_registry=True),
    ]


def _run(connection: Connection, experiment: str, n: int) -> str:
    return must(connection.json("POST", API + "runs/create", {"experiment_id": experiment, "start_time": n, "run_name": f"run {n}"}))["run"]["info"]["run_id"]
