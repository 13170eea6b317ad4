"""Clients that note, for each write, what they were told: done, failed, or neither."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from harness.raw import Connection

API = "/api/2.0/mlflow/"
POINTS_PER_BATCH = 10
# A client that is refused comes back this much later, as a patient one would.
PAUSE_S = 0.02
# Where a load that writes beside another begins to count.
SECOND_LOAD = 1_000_000
# What a server may say when it cannot: come back later, or there is no space.
HONEST = (503, 507)


@dataclass
class Told:
    """What clients were told about each row that they asked for."""

    done: set = field(default_factory=set)
    failed: set = field(default_factory=set)
    unknown: set = field(default_factory=set)
    statuses: Counter = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    last_done: float = 0.0

    def note(self, row: tuple, answer, took_s: float):
        self.statuses[answer.status] += 1
        self.slowest_s = max(self.slowest_s, took_s)
        if answer.status == 200:
            self.done.add(row)
            self.last_done = time.monotonic()
            return
        body = answer.body if isinstance(answer.body, dict) else {}
        if answer.status not in HONEST or not body.get("error_code") or not body.get("message"):
            self.problems.append(f"{row}: {answer.status} {answer.raw[:200]!r}")
        if body.get("outcome") == "unknown":
            self.unknown.add(row)
        else:
            self.failed.add(row)

    def compare(self, there: set) -> list[str]:
        """What is there, against what was said."""
        lost, risen = self.done - there, self.failed & there
        invented = there - self.done - self.failed - self.unknown
        problems = list(dict.fromkeys(self.problems))[:5]
        if len(self.problems) > 5:
            problems.append(f"... and {len(self.problems) - 5} more such answers")
        if lost:
            problems.append(f"{len(lost)} rows were called done and are not there: {sorted(lost)[:3]}")
        if risen:
            problems.append(f"{len(risen)} rows were called failed and are there: {sorted(risen)[:3]}")
        if invented:
            problems.append(f"{len(invented)} rows are there that nobody asked for: {sorted(invented)[:3]}")
        return problems

    def beside(self, other: Told) -> Told:
        """What the clients of both were told."""
        return Told(self.done | other.done, self.failed | other.failed, self.unknown | other.unknown, self.statuses + other.statuses,
                    self.problems + other.problems, max(self.slowest_s, other.slowest_s), max(self.last_done, other.last_done))

    def __str__(self):
        return f"{len(self.done)} done, {len(self.failed)} failed, {len(self.unknown)} unknown; answers {dict(self.statuses)}, the slowest after {self.slowest_s:.1f} s"


class Load:
    """Writers of each kind, and a reader, until they are stopped. Every write is a row that no other write makes."""

    def __init__(self, url: str, token: str, heavy: int = 0, beside: Load | None = None):
        """`heavy` of the writers write half a megabyte at a time. `beside` another load it writes to the same run and series."""
        self.url, self.token = url, token
        self.told, self.reads = Told(), Told()
        self._heavy_writers = heavy
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._first = SECOND_LOAD if beside else 0
        if beside:
            self.run_id = beside.run_id
            return
        created = Connection(url, token).json("POST", API + "runs/create", {"experiment_id": "0", "start_time": 1})
        assert created.status == 200, created.raw
        self.run_id = created.body["run"]["info"]["run_id"]

    def start(self) -> Load:
        kinds = [self._metric, self._metric, self._batch, self._model, self._metric, self._batch] + [self._heavy] * self._heavy_writers
        self._threads = [threading.Thread(target=self._work, args=(number, kind)) for number, kind in enumerate(kinds)]
        self._threads.append(threading.Thread(target=self._read))
        for thread in self._threads:
            thread.start()
        return self

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(90)
            if thread.is_alive():
                self.told.problems.append("a client still waits for its answer after 90 s")

    def until_done(self, timeout_s: float) -> float:
        """How long until something is done again."""
        since = time.monotonic()
        while self.told.last_done <= since:
            if time.monotonic() > since + timeout_s:
                self.told.problems.append(f"nothing could be written again within {timeout_s} s")
                return timeout_s
            time.sleep(0.01)
        return self.told.last_done - since

    def _work(self, number: int, kind):
        connection, count = Connection(self.url, self.token), self._first
        while not self._stop.is_set():
            row, endpoint, body = kind(number, count)
            count += 1
            began = time.monotonic()
            try:
                answer = connection.json("POST", API + endpoint, body)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                with self._lock:
                    self.told.unknown.add(row)
                    self.told.problems.append(f"{row}: no answer: {error!r}")
                time.sleep(PAUSE_S)
                continue
            with self._lock:
                self.told.note(row, answer, time.monotonic() - began)
            if answer.status != 200:
                time.sleep(PAUSE_S)

    def _metric(self, number: int, count: int):
        body = {"run_id": self.run_id, "key": f"m{number}", "value": 0.5, "timestamp": 1, "step": count}
        return ("metric", f"m{number}", count), "runs/log-metric", body

    def _batch(self, number: int, count: int):
        metrics = [{"key": f"b{number}", "value": 0.5, "timestamp": count, "step": step} for step in range(POINTS_PER_BATCH)]
        body = {"run_id": self.run_id, "metrics": metrics, "params": [{"key": f"b{number}-{count}", "value": "x"}], "tags": []}
        return ("batch", f"b{number}", count), "runs/log-batch", body

    def _heavy(self, number: int, count: int):
        row, endpoint, body = self._batch(number, count)
        # Mostly the same tags again and again, so that its log grows much faster than the database.
        value = f"{count} ".ljust(5_000, "v")
        body["tags"] = [{"key": f"t{number}-{tag}-{count if tag < 5 else ''}", "value": value} for tag in range(100)]
        return row, endpoint, body

    def _model(self, number: int, count: int):
        return ("model", f"model-{number}", count), "registered-models/create", {"name": f"model-{number}-{count}"}

    def _read(self):
        connection = Connection(self.url, self.token)
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                answer = connection.send("GET", f"{API}runs/get?run_id={self.run_id}")
                self.reads.note(("read",), answer, time.monotonic() - began)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self.reads.problems.append(f"a read was not answered: {error!r}")
            time.sleep(0.05)


class Prober:
    """Uses one key again and again; notes when it was accepted and how it was refused."""

    def __init__(self, url: str, key: str, target: str = API + "experiments/search?max_results=1", method: str = "GET"):
        # When it asked and when it was answered, with what, and whether that was marked stale.
        self.answers: list[tuple[float, float, int, bool]] = []
        self._url, self._key, self._target, self._method = url, key, target, method
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self):
        connection = Connection(self._url, self._key, timeout_s=30)
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                answer = connection.send(self._method, self._target)
                body = answer.body if isinstance(answer.body, dict) else {}
                # Whoever asks for a verdict is answered 200 with "no" in it.
                status = 401 if body.get("is_valid") is False else answer.status
                self.answers.append((began, time.monotonic(), status, answer.headers.get("x-hokusai-auth") == "stale"))
            except (OSError, http.client.HTTPException):
                connection.close()
                self.answers.append((began, time.monotonic(), 0, False))
            self._stop.wait(0.05)

    def stop(self) -> Prober:
        self._stop.set()
        self._thread.join(60)
        return self

    def statuses(self, since: float = 0.0, until: float = float("inf")) -> Counter:
        """Of what was asked after one moment and answered before another."""
        return Counter(status for asked, answered, status, _ in self.answers if since <= asked and answered < until)

    def last(self, status: int, since: float = 0.0, until: float = float("inf")) -> float | None:
        """When the last question began that was answered so."""
        return max((asked for asked, answered, found, _ in self.answers if found == status and since <= asked and answered < until), default=None)

    def first(self, status: int, since: float = 0.0) -> float | None:
        return min((asked for asked, _, found, _ in self.answers if found == status and asked >= since), default=None)

    def was_stale(self) -> int:
        return sum(stale for _, _, _, stale in self.answers)
