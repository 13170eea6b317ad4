"""One client of the soak: mixes every operation on things of its own and on one run that all share, and notes what was acknowledged."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from .load import content, must
from .raw import Connection
from .scenario import API, ARTIFACTS

POINTS = 50
KEPT_FILES = 20
"""So many files stay at most: the soak looks for what grows in the server, and is not to fill the disk."""


@dataclass
class Report:
    """What a client saw in one window, in a form that goes through a pipe."""

    number: int
    latencies_s: dict[str, list[float]]
    failures: list[str]


@dataclass
class Expected:
    """What must be there at the end."""

    shared_points: int = 0
    own_points: int = 0
    batched_points: int = 0
    params: int = 0
    runs: Counter = field(default_factory=Counter)
    version: int = 0
    files: set[str] = field(default_factory=set)


class Client:
    """Works until a moment, and reports each window."""

    def __init__(self, url: str, token: str, number: int, experiment: str, shared: str):
        self.connection = Connection(url, token)
        self.number, self.experiment, self.shared = number, experiment, shared
        self.random = random.Random(number)
        self.expected = Expected()
        self.model = f"soak {number}"
        self.own = self._new_run()
        self._post("registered-models/create", {"name": self.model})
        self.files = f"{ARTIFACTS}/{experiment}/{self.own}/artifacts"
        self.operations = [(8, self.log_metric), (8, self.log_shared), (4, self.log_batch), (2, self.log_param), (2, self.set_tag), (1, self.life_of_a_run),
                           (2, self.search), (2, self.history), (1, self.version), (1, self.read_models), (1, self.upload), (1, self.download), (1, self.delete_file)]

    def work(self, until: float, window_s: float, tell):
        """Mixes operations until the clock says `until`; `tell` gets a report each window."""
        weights, operations = zip(*self.operations, strict=True)
        while time.monotonic() < until:
            end = min(until, time.monotonic() + window_s)
            seen, failures = defaultdict(list), []
            while time.monotonic() < end:
                operation = self.random.choices(operations, weights)[0]
                start = time.monotonic()
                try:
                    operation()
                except Exception as failure:  # noqa: BLE001: whatever it is, it is a finding
                    failures.append(f"client {self.number}, {operation.__name__}: {failure!r}")
                seen[operation.__name__].append(time.monotonic() - start)
            tell(Report(self.number, dict(seen), failures))

    def _post(self, path: str, body: dict) -> dict:
        return must(self.connection.json("POST", API + path, body))

    def _get(self, path: str) -> dict:
        return must(self.connection.send("GET", API + path))

    def _new_run(self) -> str:
        made = self._post("runs/create", {"experiment_id": self.experiment, "start_time": 1, "tags": [{"key": "client", "value": str(self.number)}]})
        self.expected.runs["active"] += 1
        return made["run"]["info"]["run_id"]

    def _point(self, run: str, key: str, step: int):
        self._post("runs/log-metric", {"run_id": run, "key": key, "value": step / 7, "timestamp": step, "step": step})

    def log_metric(self):
        self._point(self.own, "own", self.expected.own_points)
        self.expected.own_points += 1

    def log_shared(self):
        self._point(self.shared, f"of {self.number}", self.expected.shared_points)
        self.expected.shared_points += 1

    def log_batch(self):
        start = self.expected.batched_points
        points = [{"key": "batched", "value": n, "timestamp": n, "step": n} for n in range(start, start + POINTS)]
        self._post("runs/log-batch", {"run_id": self.own, "metrics": points, "tags": [{"key": "last", "value": str(start)}]})
        self.expected.batched_points += POINTS

    def log_param(self):
        # On a run of its own each hundred: nobody logs thousands of params to one run.
        if self.expected.params % 100 == 0:
            self.params_run = self._new_run()
        self._post("runs/log-parameter", {"run_id": self.params_run, "key": f"p{self.expected.params % 100}", "value": "x" * 50})
        self.expected.params += 1

    def set_tag(self):
        self._post("runs/set-tag", {"run_id": self.own, "key": f"t{self.random.randrange(50)}", "value": "v" * self.random.randrange(1, 200)})

    def life_of_a_run(self):
        run = self._new_run()
        self._point(run, "m", 1)
        self._post("runs/update", {"run_id": run, "status": "FINISHED", "end_time": 2})
        self._post("runs/delete", {"run_id": run})
        self.expected.runs.update(active=-1, deleted=1)
        if self.random.random() < 0.5:
            self._post("runs/restore", {"run_id": run})
            self.expected.runs.update(active=1, deleted=-1)

    def search(self):
        query = {"experiment_ids": [self.experiment], "max_results": 20, "order_by": ["attributes.start_time DESC"], "filter": f"tags.client = '{self.number}' and metrics.m > 0"}
        self._post("runs/search", query)

    def history(self):
        self._get(f"metrics/get-history?run_id={self.own}&metric_key=own&max_results=100")

    def version(self):
        body = {"name": self.model, "source": f"mlflow-artifacts:/{self.experiment}/{self.own}/artifacts/model", "run_id": self.own}
        self.expected.version = int(self._post("model-versions/create", body)["model_version"]["version"])
        self._post("registered-models/alias", {"name": self.model, "alias": "newest", "version": str(self.expected.version)})

    def read_models(self):
        self._get(f"registered-models/get?name={self.model.replace(' ', '%20')}")
        self._get("model-versions/search?max_results=20")

    def upload(self):
        if len(self.expected.files) < KEPT_FILES:
            name = f"{self.random.randrange(10**9)}.bin"
            must(self.connection.send("PUT", f"{self.files}/{name}", content(name)))
            self.expected.files.add(name)

    def download(self):
        if self.expected.files:
            name = self.random.choice(sorted(self.expected.files))
            answer = self.connection.send("GET", f"{self.files}/{name}")
            assert answer.status == 200 and answer.raw == content(name), f"{name}: {answer.status}, {len(answer.raw)} bytes"

    def delete_file(self):
        if len(self.expected.files) >= KEPT_FILES:
            name = self.expected.files.pop()
            must(self.connection.send("DELETE", f"{self.files}/{name}"))

    def missing(self) -> list[str]:
        """Where what is there differs from what was acknowledged."""
        counts = {
            "own points": (self.expected.own_points, self._points(self.own, "own")),
            "shared points": (self.expected.shared_points, self._points(self.shared, f"of {self.number}")),
            "batched points": (self.expected.batched_points, self._points(self.own, "batched")),
            "active runs": (self.expected.runs["active"], self._runs("ACTIVE_ONLY")),
            "deleted runs": (self.expected.runs["deleted"], self._runs("DELETED_ONLY")),
            "files": (self.expected.files, {entry["path"] for entry in self._get(f"artifacts/list?run_id={self.own}").get("files", [])}),
        }
        if self.expected.version:
            model = self._get(f"registered-models/get?name={self.model.replace(' ', '%20')}")["registered_model"]
            counts["version that the alias names"] = (self.expected.version, int(model["aliases"][0]["version"]))
        return [f"client {self.number}: {what}: {wanted} acknowledged, {there} there" for what, (wanted, there) in counts.items() if wanted != there]

    def _points(self, run: str, key: str) -> int:
        path, count, token = f"metrics/get-history?run_id={run}&metric_key={key.replace(' ', '%20')}&max_results=25000", 0, ""
        while True:
            page = self._get(path + (f"&page_token={token}" if token else ""))
            count += len(page.get("metrics", []))
            token = page.get("next_page_token", "")
            if not token:
                return count

    def _runs(self, view: str) -> int:
        count, token = 0, None
        while True:
            query = {"experiment_ids": [self.experiment], "max_results": 1000, "run_view_type": view, "filter": f"tags.client = '{self.number}'"}
            page = self._post("runs/search", query | ({"page_token": token} if token else {}))
            count += len(page.get("runs", []))
            token = page.get("next_page_token")
            if not token:
                return count
