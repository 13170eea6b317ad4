"""Servers that tests share. Each is real and stands on a port and folder of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from harness.hokusai_server import HokusaiServer  # noqa: E402
from harness.mlflow_server import MlflowServer  # noqa: E402
from harness.postgres import Postgres  # noqa: E402

BACKENDS = ("sqlite", "postgres")


@pytest.fixture(scope="session")
def postgres():
    cluster = Postgres()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def oracle(tmp_path_factory):
    """A real `mlflow server`."""
    server = MlflowServer(tmp_path_factory.mktemp("oracle"))
    yield server
    server.stop()


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request):
    return request.param


@pytest.fixture(scope="session")
def start_hokusai(tmp_path_factory, backend, request):
    """Starts further Hokusai servers on the backend of this round: `start_hokusai(flags=…)`."""
    started = []

    def start(**more) -> HokusaiServer:
        url = request.getfixturevalue("postgres").new_database() if backend == "postgres" else None
        server = HokusaiServer(tmp_path_factory.mktemp("hokusai"), url, **more)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def hokusai(start_hokusai):
    """The Hokusai server that most tests share."""
    return start_hokusai()
