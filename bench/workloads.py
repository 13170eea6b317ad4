"""What is measured: one kind of request each, on data that `prepare` lays down."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from harness.scenario import API, ARTIFACTS
from prepare import SEARCH, Prepared

AUTH_WORKLOAD = "log-metric, 32 connections"
"""The request that authentication is measured with: of all, the one that costs the server least."""


@dataclass(frozen=True)
class Workload:
    """A request to repeat, over so many connections."""

    name: str
    connections: int
    method: str
    target: str
    body: Callable[[Prepared], str]
    aim_fasttrackml: float | None = None
    aim_mlflow: float | None = None
    needs_registry: bool = False
    runs: int | None = None
    """To so many runs only."""


def workloads() -> list[Workload]:
    """All that is measured, with the aims for the ratios."""
    return [
        Workload("log-metric, 1 connection", 1, "POST", API + "runs/log-metric", metric),
        Workload("log-metric, 8 connections", 8, "POST", API + "runs/log-metric", metric),
        Workload(AUTH_WORKLOAD, 32, "POST", API + "runs/log-metric", metric, 10, 100),
        Workload("log-batch of 100 metrics and 10 tags, 8 connections", 8, "POST", API + "runs/log-batch", batch, 8, 40),
        Workload("run search, 4 connections", 4, "POST", API + "runs/search", search, 5, 50),
        Workload("version creation, 4 connections", 4, "POST", API + "model-versions/create", version, needs_registry=True),
    ]


def uploads_and_downloads() -> list[Workload]:
    """Artifacts, small and large; what is downloaded was uploaded before."""
    return [
        Workload("upload of 64 KiB, 8 connections", 8, "PUT", f"{ARTIFACTS}/@experiment@/@word@/artifacts/small", lambda _: "x" * (64 << 10)),
        Workload("upload of 16 MiB, 2 connections", 2, "PUT", f"{ARTIFACTS}/@experiment@/@word@/artifacts/large", lambda _: "x" * LARGE_BYTES, runs=LARGE_FILES),
        Workload("download of 16 MiB, 2 connections", 2, "GET", f"{ARTIFACTS}/@experiment@/@word@/artifacts/large", lambda _: "", runs=LARGE_FILES),
    ]


LARGE_BYTES = 16 << 20
LARGE_FILES = 8


def metric(_: Prepared) -> str:
    return '{"run_id": "@word@", "key": "loss", "value": 0.5, "timestamp": 1@n@, "step": @n@}'


def batch(_: Prepared) -> str:
    point = '{"key": "m%d", "value": %d, "timestamp": 1@n@, "step": @n@}'
    metrics = ", ".join(point % (k, k) for k in range(100))
    tags = ", ".join('{"key": "t%d", "value": "@n@"}' % k for k in range(10))
    return f'{{"run_id": "@word@", "metrics": [{metrics}], "tags": [{tags}]}}'


def search(prepared: Prepared) -> str:
    return json.dumps({"experiment_ids": [prepared.searched], **SEARCH})


def version(prepared: Prepared) -> str:
    source = f"mlflow-artifacts:/{prepared.experiment}/{prepared.runs[0]}/artifacts/model"
    return json.dumps({"name": "model", "source": source, "run_id": prepared.runs[0]})
