"""One HTTP request exactly as written: no normalised path, no retry, no redirect."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    raw: bytes = field(repr=False)

    @property
    def body(self) -> Any:
        """JSON if it says that it is JSON, else text."""
        if self.headers.get("content-type", "").startswith("application/json"):
            try:
                return json.loads(self.raw)
            except ValueError:
                pass
        return self.raw.decode("utf-8", errors="replace")


class Connection:
    """A keep-alive connection to one server, with one key."""

    def __init__(self, url: str, token: str | None, timeout_s: float = 60):
        self._address = urlsplit(url)
        self._token = token
        self._timeout_s = timeout_s
        self._http: http.client.HTTPConnection | None = None

    def send(self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Sends one request; a connection that the server has closed in between is opened again."""
        for attempt in (1, 2):
            fresh = self._http is None
            try:
                return self._send(method, target, body, headers or {})
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.close()
                if fresh or attempt == 2:
                    raise
        raise AssertionError("not reached")

    def _send(self, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        if self._http is None:
            self._http = http.client.HTTPConnection(self._address.hostname, self._address.port, timeout=self._timeout_s)
        http_ = self._http
        given = {name.lower() for name in headers}
        http_.putrequest(method, target, skip_host="host" in given, skip_accept_encoding=True)
        if self._token and "authorization" not in given:
            http_.putheader("Authorization", f"Bearer {self._token}")
        for name, value in headers.items():
            http_.putheader(name, value)
        if "content-length" not in given and (body is not None or method in ("POST", "PUT", "PATCH")):
            http_.putheader("Content-Length", str(len(body or b"")))
        http_.endheaders(body)
        reply = http_.getresponse()
        answer = Answer(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())
        if reply.will_close:
            self.close()
        return answer

    def json(self, method: str, target: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Sends `body` as JSON."""
        return self.send(method, target, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})

    def close(self):
        if self._http is not None:
            self._http.close()
            self._http = None
