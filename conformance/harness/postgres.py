"""A PostgreSQL 15 cluster of our own, in a temporary folder, or the one that HOKUSAI_TEST_POSTGRES_URL names."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from .process import Process, free_port

BINARIES = Path(os.environ.get("HOKUSAI_POSTGRES_BIN", "/usr/lib/postgresql/15/bin"))


class Postgres:
    """A cluster that hands out empty databases."""

    def __init__(self):
        self._process = None
        self._folder = None
        given = os.environ.get("HOKUSAI_TEST_POSTGRES_URL")
        self.url = given or self._start()

    def _start(self) -> str:
        self._folder = Path(tempfile.mkdtemp(prefix="hokusai-pg-"))
        as_user: list[str] = []
        if os.getuid() == 0:  # the server refuses to run as root
            account = pwd.getpwnam("postgres")
            os.chown(self._folder, account.pw_uid, account.pw_gid)
            as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        data = self._folder / "data"
        subprocess.run(
            [*as_user, BINARIES / "initdb", "-D", data, "-U", "hokusai", "--auth=trust", "--no-locale", "-E", "UTF8", "--no-sync"],
            check=True, capture_output=True, cwd=self._folder,
        )
        port = free_port()
        self._process = Process(
            [*as_user, str(BINARIES / "postgres"), "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self._folder}", "-c", "max_connections=200"],
            self._folder / "postgres.log",
            cwd=self._folder,
        )
        url = f"postgres://hokusai@127.0.0.1:{port}/postgres"
        self._process.wait_until(lambda: _answers(url), timeout_s=60, pause_s=0.1)
        return url

    @property
    def pid(self) -> int | None:
        """The cluster's first process; none if it was given."""
        return self._process.pid if self._process else None

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{uuid.uuid4().hex}"
        run_sql(self.url, f"CREATE DATABASE {name}")
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def stop(self):
        if self._process is not None:
            self._process.stop()
            shutil.rmtree(self._folder, ignore_errors=True)


def dump(url: str) -> bytes:
    """Everything in a database, as text."""
    return subprocess.run([BINARIES / "pg_dump", url], check=True, capture_output=True).stdout


def run_sql(url: str, statement: str):
    """Runs one statement."""
    subprocess.run([BINARIES / "psql", "-X", "-q", "-d", url, "-c", statement], check=True, capture_output=True)


def _answers(url: str) -> bool:
    try:
        address = urlsplit(url)
        socket.create_connection((address.hostname, address.port), timeout=1).close()
        return subprocess.run([BINARIES / "pg_isready", "-q", "-d", url]).returncode == 0
    except OSError:
        return False
