"""What a data scientist does with the stock MLflow client, on Hokusai and, with the same script, on a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "client_script.py"
BASE_PATHS = ("", "/mlflow", "/api/mlflow", "/api/2.0/mlflow")


def run_script(url: str, token: str, folder: Path, timeout_s: int = 300) -> dict:
    """Runs the user's script in a process of its own, as a user would; gives what it saw."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    env |= {
        "MLFLOW_TRACKING_URI": url, "MLFLOW_TRACKING_TOKEN": token, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "GIT_PYTHON_REFRESH": "quiet",
    }
    done = subprocess.run([sys.executable, SCRIPT], cwd=folder, env=env, capture_output=True, text=True, timeout=timeout_s)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def seen_by_the_oracle(oracle, tmp_path_factory):
    return run_script(oracle.url, oracle.token, tmp_path_factory.mktemp("client"))


def test_the_script_works_against_a_real_server(seen_by_the_oracle):
    assert seen_by_the_oracle["predictions"] == seen_by_the_oracle["predictions by alias"]


@pytest.mark.parametrize("base", BASE_PATHS, ids=lambda base: base or "root")
def test_the_stock_client_works_as_with_a_real_server(hokusai, base, seen_by_the_oracle, tmp_path):
    key = hokusai.mint(f"client {base}")["api_key"]
    assert run_script(hokusai.url + base, key, tmp_path) == seen_by_the_oracle


def test_the_key_may_travel_as_basic_password(hokusai, tmp_path):
    key = hokusai.mint("basic")["api_key"]
    program = "import mlflow; print(mlflow.set_experiment('basic').name)"
    env = {**os.environ, "MLFLOW_TRACKING_URI": hokusai.url, "MLFLOW_TRACKING_USERNAME": "anyone", "MLFLOW_TRACKING_PASSWORD": key}
    done = subprocess.run([sys.executable, "-c", program], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-4000:]
