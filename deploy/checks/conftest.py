"""What the checks share."""

import json
import os
import subprocess
import urllib.request
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parent.parent
ROOT = DEPLOY.parent
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
    command = [BINARY, "serve", "--announce", "--data-dir", folder / "data", "--bootstrap-key-file", folder / "key"]
    listen = ["--auth-listen", "127.0.0.1:0", "--registry-listen", "127.0.0.1:0"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOKUSAI_")}
    with subprocess.Popen([*command, *listen], stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            announced = [json.loads(server.stdout.readline()) for _ in range(2)]
            yield {line["service"]: line["url"] for line in announced}
        finally:
            server.terminate()
            server.wait(timeout=30)


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()
