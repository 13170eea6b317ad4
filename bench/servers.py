"""The servers that are compared, each on a data folder of its own, with what they cost."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from harness.hokusai_server import HokusaiServer
from harness.mlflow_server import MlflowServer
from harness.process import Process, free_port
from harness.raw import Connection

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class FastTrackMl:
    """FastTrackML with its default database."""

    token = ""
    has_registry = False

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = Process(
            [str(Path(sys.executable).parent / "fml"), "server", "--listen-address", f"127.0.0.1:{port}", "--database-uri", f"sqlite://{folder}/fasttrackml.db", "--log-level", "error", "--default-artifact-root", str(folder / "artifacts")],
            folder / "server.log",
            cwd=folder,
        )
        self.process.wait_until(self._is_healthy, timeout_s=60, pause_s=0.005)

    def _is_healthy(self) -> bool:
        try:
            return Connection(self.url, None, timeout_s=5).send("GET", "/health").status == 200
        except OSError:
            return False

    def stop(self):
        self.process.stop()


def start(name: str, folder: Path):
    """Starts a server by name; gives it and the seconds until its first healthy answer."""
    started = time.monotonic()
    if name == "hokusai":
        server = HokusaiServer(folder, env={"RUST_LOG": "warn"})
    elif name == "hokusai --no-auth":
        server = HokusaiServer(folder, flags=("--no-auth",), env={"RUST_LOG": "warn"})
        server.has_auth = False
    elif name == "mlflow":
        server = MlflowServer(folder, workers=4)  # its default
        server.token = ""
    else:
        server = FastTrackMl(folder)
    Connection(server.url, token(server)).send("GET", "/health")
    return server, time.monotonic() - started


def token(server) -> str:
    """The key to send; none where there is no authentication."""
    return server.token if getattr(server, "has_auth", True) else ""


def cpu_s(server) -> float:
    """CPU seconds of the server and its children so far."""
    return sum(_cpu_ticks(pid) for pid in _tree(server.process.pid)) / TICKS_PER_S


def memory_mb(server) -> float:
    """Resident megabytes of the server and its children."""
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in _tree(server.process.pid)) * PAGE_BYTES / 1e6


def _tree(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _tree(int(child))
    return found


def _cpu_ticks(pid: int) -> int:
    # The name in parentheses may hold spaces: count from behind it.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15])
