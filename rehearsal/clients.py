"""Clients that keep their connections and addresses for a while, as real ones do, and count what goes wrong."""

from __future__ import annotations

import http.client
import json
import random
import ssl
import threading
import time
from collections import Counter


class Clients:
    """Threads that ask both hosts until they are stopped."""

    def __init__(self, authority: str, auth: str, registry: str, key: str, count: int = 4, connect=None):
        self.done: Counter = Counter()
        self.failed: Counter = Counter()
        self.reasons: list[str] = []
        self._context = ssl.create_default_context(cafile=authority) if authority else None
        self._hosts = {"auth": auth, "registry": registry}
        self._key = key
        self._connect = connect
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(count)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, number: int):
        while not self._stop.is_set():
            service = random.choice(("auth", "registry"))
            try:
                connection = self._open(service, number)
            except OSError as error:
                self._fail(service, f"connect: {error}")
                time.sleep(0.2)
                continue
            for _ in range(random.randint(1, 20)):  # one connection, one address: both are kept
                if self._stop.is_set() or not self._ask(connection, service):
                    break
                time.sleep(0.02)
            connection.close()

    def _open(self, service: str, number: int):
        host = self._hosts[service]
        if self._connect:
            return self._connect(host, number)
        return http.client.HTTPSConnection(host, timeout=10, context=self._context)

    def _ask(self, connection, service: str) -> bool:
        headers = {"Authorization": f"Bearer {self._key}", "Host": self._hosts[service]}
        try:
            if service == "auth":
                connection.request("POST", "/api/v1/keys/validate", body="{}", headers={**headers, "Content-Type": "application/json"})
            else:
                connection.request("GET", "/api/2.0/mlflow/experiments/get?experiment_id=0", headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._fail(service, repr(error))
            return False
        is_good = answer.status == 200 and (service == "registry" or json.loads(body).get("is_valid") is True)
        if not is_good:
            self._fail(service, f"{answer.status} {body[:200]!r}")
            return False
        self.done[service] += 1
        return True

    def _fail(self, service: str, why: str):
        self.failed[service] += 1
        if len(self.reasons) < 5:
            self.reasons.append(f"{service}: {why}")
