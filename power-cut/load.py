"""What clients do before the power goes, and what each of them was promised."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict

from checks import digest
from harness.raw import Connection

MLFLOW = "/api/2.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
KINDS = ("runs", "runs", "runs", "models", "files", "files", "keys")


class Promises:
    """For each thing, the states that a client asked for one after the other, and the request that asked."""

    def __init__(self):
        self.states: dict[tuple, list[tuple[object, str]]] = defaultdict(list)

    def asked(self, thing: tuple, state: object, request: str):
        self.states[thing].append((state, request))

    def acceptable(self, thing: tuple, is_answered) -> list:
        """The states in which a thing may be found: the last that was acknowledged, or the one that was on its way."""
        states = [(None, ""), *self.states[thing]]
        last = max(index for index, (_, request) in enumerate(states) if not request or is_answered(request))
        return [state for state, _ in states[last : last + 2]]


class Load:
    """Clients of each kind, until the time is up. Each thing is changed by one of them, so that its states have an order."""

    def __init__(self, registry_url: str, auth_url: str, key: str, seed: int):
        self.promises = Promises()
        self._urls = (registry_url, auth_url)
        self._key = key
        self._seed = seed
        self._stop = threading.Event()
        self._failed: list[BaseException] = []
        # Two clients upload into the same new directory at the same moment.
        self._together = threading.Barrier(KINDS.count("files"))
        self._shared_run = ""

    def run(self, seconds: float):
        self._shared_run = Client(self, 0xFF).create_run()
        threads = [threading.Thread(target=self._work, args=(number, kind)) for number, kind in enumerate(KINDS)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._failed:
            time.sleep(0.05)
        self._stop.set()
        for thread in threads:
            thread.join()
        if self._failed:
            raise self._failed[0]

    def _work(self, number: int, kind: str):
        client = Client(self, number)
        try:
            while not self._stop.is_set():
                if kind == "files":
                    client.files(self._shared_run, KINDS.index("files"), self._together)
                else:
                    getattr(client, kind)()
        except threading.BrokenBarrierError:
            pass  # The other one has stopped.
        except BaseException as error:
            self._failed.append(error)
        finally:
            self._together.abort() if kind == "files" else None


class Client:
    def __init__(self, load: Load, number: int):
        self._promises = load.promises
        self._registry = Connection(load._urls[0], load._key)
        self._auth = Connection(load._urls[1], load._key)
        self._number = number
        self._round = 0
        self._requests = 0
        self._random = random.Random(load._seed * 1000 + number)

    # Runs: metrics, params and tags, some of them large, so that the log is checkpointed and begun anew.

    def runs(self):
        run = self.create_run()
        for step in range(self._random.randrange(3, 8)):
            value = self._random.random()
            request = self._ask("runs/log-metric", {"run_id": run, "key": "loss", "value": value, "timestamp": 1_700_000_000_000 + step, "step": step})
            self._promises.asked(("metric", run, "loss", step), value, request)
        params = [{"key": f"p{number}", "value": self._text(self._random.choice((20, 500, 5_000)))} for number in range(8)]
        metrics = [{"key": "batch", "value": float(step), "timestamp": 1_700_000_000_000, "step": step} for step in range(20)]
        request = self._ask("runs/log-batch", {"run_id": run, "metrics": metrics, "params": params, "tags": []})
        for param in params:
            self._promises.asked(("param", run, param["key"]), param["value"], request)
        for metric in metrics:
            self._promises.asked(("metric", run, "batch", metric["step"]), metric["value"], request)
        for value in ("1", "2"):
            request = self._ask("runs/set-tag", {"run_id": run, "key": "stage", "value": value})
            self._promises.asked(("tag", run, "stage"), value, request)
        if self._random.random() < 0.5:
            request = self._ask("runs/delete-tag", {"run_id": run, "key": "stage"})
            self._promises.asked(("tag", run, "stage"), None, request)
        request = self._ask("runs/update", {"run_id": run, "status": "FINISHED"})
        self._promises.asked(("run", run), "FINISHED", request)

    def create_run(self) -> str:
        request, body = self._send(self._registry, "POST", f"{MLFLOW}/runs/create", {"experiment_id": "0", "start_time": 1_700_000_000_000})
        run = body["run"]["info"]["run_id"]
        self._promises.asked(("run", run), "RUNNING", request)
        return run

    # Models: files of a version, the version, an alias that moves.

    def models(self):
        self._round += 1
        name = f"model-{self._number}-{self._round}"
        request = self._ask("registered-models/create", {"name": name})
        self._promises.asked(("model", name), True, request)
        for version in range(1, 4):
            run = self.create_run()
            self._upload(f"0/{run}/artifacts/model/MLmodel", self._random.randbytes(200))
            self._upload(f"0/{run}/artifacts/model/data/model.pkl", self._random.randbytes(self._random.choice((5_000, 50_000, 300_000))))
            source = f"mlflow-artifacts:/0/{run}/artifacts/model"
            request = self._ask("model-versions/create", {"name": name, "source": source, "run_id": run})
            self._promises.asked(("version", name, version), source, request)
            request = self._ask("registered-models/alias", {"name": name, "alias": "champion", "version": str(version)})
            self._promises.asked(("alias", name, "champion"), version, request)

    # Files: new directories, some several deep, replaced and deleted.

    def files(self, run: str, first: int, together: threading.Barrier):
        self._round += 1
        folder = f"0/{run}/artifacts/d{self._round}" + "/deep/er" * (self._round % 2)
        together.wait()
        path = f"{folder}/file-{self._number - first}"
        for _ in range(self._random.randrange(1, 3)):
            self._upload(path, self._random.randbytes(self._random.choice((0, 10, 513, 4_096, 100_000))))
        if self._random.random() < 0.3:
            request, _ = self._send(self._registry, "DELETE", f"{ARTIFACTS}/{path}")
            self._promises.asked(("file", path), None, request)

    def _upload(self, path: str, content: bytes):
        request, _ = self._send(self._registry, "PUT", f"{ARTIFACTS}/{path}", content)
        self._promises.asked(("file", path), digest(content), request)

    # Keys.

    def keys(self):
        request, body = self._send(self._auth, "POST", "/api/v1/keys", {"name": "ada", "scopes": ["model:read"]})
        key = body["key_id"]
        self._promises.asked(("key", key), "active", request)
        if self._random.random() < 0.5:
            request, _ = self._send(self._auth, "DELETE", f"/api/v1/keys/{key}")
            self._promises.asked(("key", key), "revoked", request)

    def _ask(self, endpoint: str, body: dict) -> str:
        return self._send(self._registry, "POST", f"{MLFLOW}/{endpoint}", body)[0]

    def _send(self, connection: Connection, method: str, target: str, body: dict | bytes | None = None) -> tuple[str, dict]:
        """Sends under an id of its own, which the answer carries, so that the record shows when that was given."""
        self._requests += 1
        request = f"{self._number:04x}{self._requests:012x}"
        headers = {"X-Request-Id": request}
        if isinstance(body, bytes) or body is None:
            answer = connection.send(method, target, body, headers)
        else:
            answer = connection.json(method, target, body, headers)
        assert answer.status == 200, f"{method} {target}: {answer.status} {answer.raw!r}"
        return request, answer.body

    def _text(self, length: int) -> str:
        return self._random.randbytes(length // 2).hex()
