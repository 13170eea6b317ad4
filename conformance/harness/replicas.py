"""Hokusai in processes of its own: one auth service, and registries that ask it and share database and artifacts."""

from __future__ import annotations

import itertools
from pathlib import Path

from .hokusai_server import WRITE_SCOPES, mint, serve
from .raw import Connection


class Replicas:
    """`serve auth` and so many `serve registry`; several need a PostgreSQL database."""

    name = "hokusai, apart"

    def __init__(self, folder: Path, count: int, database_url: str | None = None, artifacts_url: str | None = None, env: dict[str, str] | None = None):
        folder.mkdir(parents=True, exist_ok=True)
        bootstrap, own = folder / "bootstrap-key", folder / "registry-key"
        database = ["--database-url", database_url] if database_url else []
        self.processes = []
        try:
            self._start("auth", ["--data-dir", str(folder / "auth-data"), "--bootstrap-key-file", str(bootstrap), *database], folder / "auth", env)
            self.auth_url = self._services["auth"]
            self.token = bootstrap.read_text().strip()
            own.touch(mode=0o600)
            own.write_text(mint(self.auth_url, self.token, "registry", ["keys:validate"])["api_key"])
            shared = ["--auth-url", self.auth_url, "--auth-key-file", str(own), "--artifacts-url", artifacts_url or f"file:{folder / 'artifacts'}", *database]
            self.urls = []
            for number in range(count):
                self._start("registry", ["--data-dir", str(folder / f"registry-data-{number}"), *shared], folder / f"registry-{number}", env)
                self.urls.append(self._services["registry"])
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        """The first registry's."""
        return self.urls[0]

    def mint(self, name: str, scopes: list[str] | None = None, **more) -> dict:
        """Makes a key; gives the whole reply, its secret in `api_key`."""
        return mint(self.auth_url, self.token, name, WRITE_SCOPES if scopes is None else scopes, **more)

    def in_turn(self) -> InTurn:
        """A connection whose every request goes to the next registry."""
        return InTurn([Connection(url, self.token) for url in self.urls])

    def stop(self):
        for process in reversed(self.processes):
            process.stop()

    def _start(self, service: str, flags: list[str], folder: Path, env: dict[str, str] | None):
        process, self._services = serve((service,), [service], flags, folder, env)
        self.processes.append(process)


class InTurn:
    """Connections that take turns, request by request: what one registry was told, the next one must know."""

    def __init__(self, connections: list[Connection]):
        self._next = itertools.cycle(connections)

    def send(self, *arguments, **more):
        return next(self._next).send(*arguments, **more)

    def json(self, *arguments, **more):
        return next(self._next).json(*arguments, **more)
