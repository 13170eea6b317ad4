"""Writers that say under which request id the server acknowledged what."""

from __future__ import annotations

import hashlib
import threading
import uuid
from dataclasses import dataclass, field

from harness.hokusai_server import HokusaiServer
from harness.load import must
from harness.raw import Connection
from harness.scenario import API, ARTIFACTS

POINTS = 10


@dataclass(frozen=True)
class Write:
    """Something that must be there once its answer has left."""

    kind: str
    subject: str
    number: int


@dataclass
class Writes:
    """All writes by their request ids."""

    by_id: dict[str, Write] = field(default_factory=dict)

    def new(self, kind: str, subject: str, number: int) -> dict[str, str]:
        """Notes a write that is about to be asked for; gives the header that names it."""
        request = uuid.uuid4().hex
        self.by_id[request] = Write(kind, subject, number)
        return {"X-Request-Id": request}


def content(name: str) -> bytes:
    """The bytes of a file, known from its name: up to 64 KiB."""
    seed = hashlib.sha256(name.encode()).digest()
    return seed * (1 + int.from_bytes(seed[:2]) % 2048)


def write(server: HokusaiServer, rounds: int) -> Writes:
    """Writes from five clients at once: points, batches, versions, files, keys."""
    writes = Writes()
    setup = Connection(server.url, server.token)
    experiment = must(setup.json("POST", API + "experiments/create", {"name": "cut"}))["experiment_id"]
    run = must(setup.json("POST", API + "runs/create", {"experiment_id": experiment, "start_time": 1}))["run"]["info"]["run_id"]
    must(setup.json("POST", API + "registered-models/create", {"name": "cut"}))

    def points(registry, _auth, number):
        body = {"run_id": run, "key": "point", "value": number, "timestamp": number, "step": number}
        must(registry.json("POST", API + "runs/log-metric", body, writes.new("point", run, number)))

    def batches(registry, _auth, number):
        metrics = [{"key": f"batch {number}", "value": n, "timestamp": n, "step": n} for n in range(POINTS)]
        item = [{"key": f"batch {number}", "value": "x"}]
        must(registry.json("POST", API + "runs/log-batch", {"run_id": run, "metrics": metrics, "params": item, "tags": item}, writes.new("batch", run, number)))

    def versions(registry, _auth, number):
        # The only creator: versions are numbered without gaps.
        body = {"name": "cut", "source": f"mlflow-artifacts:/{experiment}/{run}/artifacts/model {number}", "run_id": run}
        must(registry.json("POST", API + "model-versions/create", body, writes.new("version", "cut", number + 1)))

    def files(registry, _auth, number):
        path = f"{experiment}/{run}/artifacts/deep/{number % 7}/{number}.bin"
        must(registry.send("PUT", f"{ARTIFACTS}/{path}", content(path), writes.new("file", path, number)))

    def keys(_registry, auth, number):
        body = {"name": f"cut {number}", "service_id": "platform", "scopes": ["model:read"]}
        must(auth.json("POST", "/api/v1/keys", body, writes.new("key", f"cut {number}", number)))

    def client(one):
        registry, auth = Connection(server.url, server.token), Connection(server.auth_url, server.token)
        try:
            for number in range(rounds):
                one(registry, auth, number)
        except Exception as failure:  # noqa: BLE001: told after the threads have ended
            failures.append(f"{one.__name__}: {failure!r}")

    failures: list[str] = []
    threads = [threading.Thread(target=client, args=(one,)) for one in (points, batches, versions, files, keys)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    return writes
