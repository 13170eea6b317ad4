"""One of several processes that write at once: `python writer.py URL TOKEN NUMBER SHARED_RUN OWN_RUN MODEL SOURCE`; prints its version numbers."""

from __future__ import annotations

import json
import sys

from harness.load import must
from harness.raw import Connection
from harness.scenario import API

METRICS, BATCHES, VERSIONS = 50, 10, 5


def main(url: str, token: str, number: str, shared: str, own: str, model: str, source: str):
    connection = Connection(url, token)
    versions = []
    for step in range(METRICS):
        for run in (shared, own):
            must(connection.json("POST", API + "runs/log-metric", {"run_id": run, "key": f"of {number}", "value": step, "timestamp": step, "step": step}))
        must(connection.json("POST", API + "runs/log-metric", {"run_id": shared, "key": "of all", "value": int(number), "timestamp": step, "step": step}))
    for batch in range(BATCHES):
        metrics = [{"key": "batched", "value": int(number), "timestamp": batch, "step": n} for n in range(20)]
        tags = [{"key": f"tag {n}", "value": number} for n in range(10)]
        must(connection.json("POST", API + "runs/log-batch", {"run_id": shared, "metrics": metrics, "tags": tags, "params": [{"key": f"{number} {batch}", "value": "x"}]}))
    for _ in range(VERSIONS):
        versions.append(int(must(connection.json("POST", API + "model-versions/create", {"name": model, "source": source, "run_id": shared}))["model_version"]["version"]))
    print(json.dumps(versions))


if __name__ == "__main__":
    main(*sys.argv[1:])
