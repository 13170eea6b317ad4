"""What the checks share."""

import http.client
import json
import os
import socket
import subprocess
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parent.parent
ROOT = DEPLOY.parent
TABLE = """
[[listener]]
name = "local"
port = 0
rule = [{ name = "auth", priority = 1, host = "auth.example.com", forward = "auth" }]
[target_group.auth]
targets = ["127.0.0.1:1"]
[intent."auth.example.com"]
may = ["auth"]
[intent."*"]
may = []
"""
BINARY = Path(os.environ.get("HOKUSAI_BIN", ROOT / "target" / "debug" / "hokusai")).resolve()


def run(*command, **options):
    """Runs a command; its output stands in the failure."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """A running auth service and registry: their URLs by name."""
    folder = tmp_path_factory.mktemp("served")
    arguments = ["--data-dir", folder / "data", "--bootstrap-key-file", folder / "key", "--auth-listen", "127.0.0.1:0", "--registry-listen", "127.0.0.1:0"]
    with serving(*arguments) as server:
        announced = [json.loads(server.stdout.readline()) for _ in range(2)]
        yield {line["service"]: line["url"] for line in announced}


@pytest.fixture(scope="session")
def front_door_metrics(tmp_path_factory):
    """What the admin side of a running front door says at /metrics."""
    folder = tmp_path_factory.mktemp("door")
    table = folder / "routes.toml"
    table.write_text(TABLE)
    with serving("front-door", "--routes", table, "--data-dir", folder / "data") as server:
        server.stdout.readline()
        connection = http.client.HTTPConnection("localhost", timeout=10)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(folder / "data" / "front-door.sock"))
        connection.request("GET", "/metrics")
        yield connection.getresponse().read().decode()


@contextmanager
def serving(*arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOKUSAI_")}
    command = [BINARY, "serve", "--announce", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            yield server
        finally:
            server.terminate()
            server.wait(timeout=30)


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()
