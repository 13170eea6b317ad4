"""Eight processes write to one run, one model and runs of their own at once: everything counts, nothing locks up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import writer
from harness.load import must
from harness.raw import Connection
from harness.scenario import API

PROCESSES = 8
TIMEOUT_S = 300


def write_at_once(url: str, token: str, name: str):
    """Starts the writers and checks every count at the end."""
    here = Connection(url, token)
    experiment = must(here.json("POST", API + "experiments/create", {"name": name}))["experiment_id"]
    must(here.json("POST", API + "registered-models/create", {"name": name}))
    runs = [must(here.json("POST", API + "runs/create", {"experiment_id": experiment, "start_time": 1}))["run"]["info"]["run_id"] for _ in range(PROCESSES + 1)]
    shared, own = runs[0], runs[1:]
    children = [
        subprocess.Popen([sys.executable, Path(writer.__file__), url, token, str(n), shared, own[n], name, f"mlflow-artifacts:/{experiment}/{shared}/artifacts/model"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for n in range(PROCESSES)
    ]
    results = [child.communicate(timeout=TIMEOUT_S) for child in children]
    assert all(child.returncode == 0 for child in children), "\n".join(errors[-500:] for _, errors in results)

    def points(run: str, key: str) -> int:
        here = Connection(url, token)
        return len(must(here.send("GET", f"{API}metrics/get-history?run_id={run}&metric_key={key.replace(' ', '%20')}"))["metrics"])

    for number in range(PROCESSES):
        assert points(shared, f"of {number}") == writer.METRICS
        assert points(own[number], f"of {number}") == writer.METRICS
    assert points(shared, "of all") == PROCESSES * writer.METRICS
    assert points(shared, "batched") == PROCESSES * writer.BATCHES * 20
    data = must(Connection(url, token).send("GET", f"{API}runs/get?run_id={shared}"))["run"]["data"]
    assert len(data["params"]) == PROCESSES * writer.BATCHES
    latest = {metric["key"]: metric["value"] for metric in data["metrics"]}
    assert latest["of all"] == latest["batched"] == PROCESSES - 1, "of equal step and time the largest value is the latest"
    versions = sorted(version for output, _ in results for version in json.loads(output))
    assert versions == list(range(1, PROCESSES * writer.VERSIONS + 1))


def test_eight_processes_write_at_once(hokusai):
    key = hokusai.mint("eight")["api_key"]
    write_at_once(hokusai.url, key, "eight-at-once")
    assert "database is locked" not in hokusai.log_text()
    assert "deadlock" not in hokusai.log_text()
