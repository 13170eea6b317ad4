"""The oracle: a real `mlflow server` with its default (SQLite) store in a folder of its own."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

from .process import Process, free_port


class MlflowServer:
    """One running `mlflow server`."""

    name = "mlflow"
    token = "none"  # it has no authentication and ignores the header

    def __init__(self, folder: Path, workers: int = 1):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        scripts = Path(sys.executable).parent
        self.process = Process(
            [
                str(scripts / "mlflow"), "server",
                "--backend-store-uri", f"sqlite:///{folder}/mlflow.db",
                "--artifacts-destination", str(folder / "artifacts"),
                "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers),
            ],
            folder / "server.log",
            env={
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                # the launcher starts uvicorn through the PATH
                "PATH": f"{scripts}:{os.environ['PATH']}",
            },
            cwd=folder,
        )
        self.process.wait_until(self._is_healthy, timeout_s=180, pause_s=0.1)

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self):
        self.process.stop()
