"""Writers that note what the server acknowledged, and the check that all of it is there."""

from __future__ import annotations

import hashlib
import http.client
import threading
from dataclasses import dataclass, field

from .raw import Connection
from .scenario import API, ARTIFACTS, dig

METRICS_PER_BATCH = 10


class Refused(Exception):
    """The server answered, but not 200."""


@dataclass
class Acknowledged:
    """What the server said yes to, and what was on its way when the connection broke."""

    metrics: list[int] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def count(self) -> int:
        return len(self.metrics) + len(self.batches) + len(self.versions) + len(self.uploads)


class Load:
    """Four writers at once, on things of their own: single metrics, batches, versions, uploads."""

    def __init__(self, url: str, token: str, name: str):
        self.url, self.token, self.name = url, token, name
        self.done = Acknowledged()
        setup = Connection(url, token)
        self.experiment = must(setup.json("POST", API + "experiments/create", {"name": name}))["experiment_id"]
        self.singles, self.batched, self.files = (
            must(setup.json("POST", API + "runs/create", {"experiment_id": self.experiment, "start_time": 1}))["run"]["info"]["run_id"] for _ in range(3)
        )
        must(setup.json("POST", API + "registered-models/create", {"name": name}))

    def run_until(self, acknowledged: int, then) -> Acknowledged:
        """Writes until so much is acknowledged, calls `then` amid the writing, and waits for the writers to notice."""
        reached = threading.Event()
        self._goal, self._reached = acknowledged, reached
        writers = [threading.Thread(target=self._write, args=(what,)) for what in (self._metric, self._batch, self._version, self._upload)]
        for writer in writers:
            writer.start()
        assert reached.wait(60), f"only {self.done.count()} writes in a minute: {self.done.problems}"
        then()
        for writer in writers:
            writer.join(60)
        return self.done

    def _write(self, one):
        connection = Connection(self.url, self.token, timeout_s=30)
        number = 0
        try:
            while True:
                one(connection, number)
                number += 1
                if self.done.count() >= self._goal:
                    self._reached.set()
        except (OSError, http.client.HTTPException):
            self._reached.set()
        except Refused as refused:
            self.done.problems.append(str(refused))
            self._reached.set()

    def _metric(self, connection: Connection, number: int):
        must(connection.json("POST", API + "runs/log-metric", {"run_id": self.singles, "key": "m", "value": number, "timestamp": number, "step": number}))
        self.done.metrics.append(number)

    def _batch(self, connection: Connection, number: int):
        metrics = [{"key": f"b{number}", "value": n, "timestamp": n, "step": n} for n in range(METRICS_PER_BATCH)]
        body = {"run_id": self.batched, "metrics": metrics, "params": [{"key": f"b{number}", "value": "x"}], "tags": [{"key": f"b{number}", "value": "x"}]}
        must(connection.json("POST", API + "runs/log-batch", body))
        self.done.batches.append(number)

    def _version(self, connection: Connection, number: int):
        body = {"name": self.name, "source": f"mlflow-artifacts:/{self.experiment}/{self.files}/artifacts/{number}", "run_id": self.files, "tags": [{"key": "n", "value": str(number)}]}
        made = must(connection.json("POST", API + "model-versions/create", body))
        self.done.versions.append(int(made["model_version"]["version"]))

    def _upload(self, connection: Connection, number: int):
        name = f"{number}.bin"
        must(connection.send("PUT", f"{ARTIFACTS}/{self.experiment}/{self.files}/artifacts/{name}", content(name)))
        self.done.uploads.append(name)

    def missing(self, url: str) -> list[str]:
        """What was acknowledged and is not there, or is there by half, at the server now on `url`."""
        connection = Connection(url, self.token)
        return [
            *self.done.problems,
            *self._missing_metrics(connection),
            *self._half_batches(connection),
            *self._half_versions(connection),
            *self._half_files(connection),
        ]

    def _history(self, connection: Connection, run: str, key: str) -> list[int]:
        found = must(connection.send("GET", f"{API}metrics/get-history?run_id={run}&metric_key={key}"))
        return [point["step"] for point in found.get("metrics", [])]

    def _missing_metrics(self, connection: Connection):
        there = self._history(connection, self.singles, "m")
        if len(there) != len(set(there)):
            yield "a metric is there twice"
        for number in set(self.done.metrics) - set(there):
            yield f"metric {number} was acknowledged and is gone"

    def _half_batches(self, connection: Connection):
        data = must(connection.send("GET", f"{API}runs/get?run_id={self.batched}"))["run"]["data"]
        present = {kind: {item["key"] for item in data.get(kind, []) if item["key"].startswith("b")} for kind in ("metrics", "params", "tags")}
        for number in self.done.batches:
            if f"b{number}" not in present["params"]:
                yield f"batch {number} was acknowledged and is gone"
        for key in present["metrics"] | present["params"] | present["tags"]:
            whole = all(key in keys for keys in present.values())
            if not whole or len(self._history(connection, self.batched, key)) != METRICS_PER_BATCH:
                yield f"batch {key} is there by half"

    def _half_versions(self, connection: Connection):
        if len(set(self.done.versions)) != len(self.done.versions):
            yield f"a version was given twice: {self.done.versions}"
        for version in range(1, max(self.done.versions, default=0) + 1):
            answer = connection.send("GET", f"{API}model-versions/get?name={self.name}&version={version}")
            if answer.status != 200:
                yield f"version {version} is gone: {answer.body}"
            elif dig(answer.body, "model_version.status") != "READY" or len(dig(answer.body, "model_version.tags", [])) != 1:
                yield f"version {version} is there by half: {answer.body}"

    def _half_files(self, connection: Connection):
        files = must(connection.send("GET", f"{API}artifacts/list?run_id={self.files}")).get("files", [])
        there = {entry["path"] for entry in files}
        for name in set(self.done.uploads) - there:
            yield f"upload {name} was acknowledged and is gone"
        for name in there:
            if not name.endswith(".bin"):
                yield f"an unfinished upload shows as {name}"
            elif connection.send("GET", f"{ARTIFACTS}/{self.experiment}/{self.files}/artifacts/{name}").raw != content(name):
                yield f"upload {name} has other bytes"


def content(name: str) -> bytes:
    """The bytes of a file, known from its name: up to a megabyte."""
    seed = hashlib.sha256(name.encode()).digest()
    return seed * (1 + int.from_bytes(seed[:2]) // 2)


def must(answer) -> dict:
    """The body of a 200."""
    if answer.status != 200:
        raise Refused(f"{answer.status} {answer.raw[:300]!r}")
    return answer.body
