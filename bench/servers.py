"""The servers that are compared, each on a data folder of its own, with what they cost."""

from __future__ import annotations

import os
import time
from pathlib import Path

from harness.hokusai_server import HokusaiServer
from harness.mlflow_server import MlflowServer
from harness.postgres import Postgres
from harness.process import Process, free_port
from harness.raw import Connection

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class FastTrackMl:
    """FastTrackML with its default database."""

    token = ""
    has_registry = False

    def __init__(self, folder: Path, program: str):
        folder.mkdir(parents=True, exist_ok=True)
        self.database_file = folder / "fasttrackml.db"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = Process(
            [program, "server", "--listen-address", f"127.0.0.1:{port}", "--database-uri", f"sqlite://{self.database_file}", "--log-level", "error", "--default-artifact-root", str(folder / "artifacts")],
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


class Mlflow(MlflowServer):
    """`mlflow server` with its default number of workers and its default database."""

    token = ""
    has_registry = True

    def __init__(self, folder: Path):
        self.database_file = folder / "mlflow.db"
        super().__init__(folder, workers=4)


class Hokusai(HokusaiServer):
    """Ours, with a PostgreSQL cluster of its own if it is given one."""

    has_registry = True
    database_file = None

    def __init__(self, folder: Path, cluster: Postgres | None, database_url: str | None, has_auth: bool):
        self.cluster, self.has_auth = cluster, has_auth
        super().__init__(folder, database_url, () if has_auth else ("--no-auth",), {"RUST_LOG": "warn"})

    def stop(self):
        super().stop()
        if self.cluster is not None:
            self.cluster.stop()


def start(name: str, folder: Path, fml: str):
    """Starts a server by name; gives it and the seconds until its first healthy answer."""
    cluster = Postgres() if name == "hokusai, PostgreSQL" else None
    database_url = cluster.new_database() if cluster else None
    started = time.monotonic()
    if name == "fasttrackml":
        server = FastTrackMl(folder, fml)
    elif name == "mlflow":
        server = Mlflow(folder)
    else:
        server = Hokusai(folder, cluster, database_url, has_auth=name != "hokusai --no-auth")
    answer = Connection(server.url, token(server)).send("GET", "/health")
    if answer.status != 200:
        raise SystemExit(f"error: {name} is not healthy: {answer.status}")
    return server, time.monotonic() - started


def token(server) -> str:
    """The key to send; none where there is no authentication."""
    return server.token if getattr(server, "has_auth", True) else ""


def cpu_s(server) -> float:
    """CPU seconds of the server, its children and its database so far."""
    return sum(_cpu_ticks(pid) for pid in _pids(server)) / TICKS_PER_S


def memory_mb(server) -> float:
    """Resident megabytes of the server's processes and their children, without a database beside them."""
    pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in _own(server))
    return sum(pages) * PAGE_BYTES / 1e6


def _pids(server) -> list[int]:
    cluster = getattr(server, "cluster", None)
    return _own(server) + (_tree(cluster.pid) if cluster and cluster.pid else [])


def _own(server) -> list[int]:
    """The processes of a server that is one process, or several."""
    processes = getattr(server, "processes", None) or [server.process]
    return [pid for process in processes for pid in _tree(process.pid)]


def _tree(pid: int) -> list[int]:
    found = [pid]
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += _tree(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass  # a helper of the database that has ended meanwhile
    return found


def _cpu_ticks(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0  # its parent has its time among that of ended children
    # The name in parentheses may hold spaces: count from behind it.
    fields = stat.rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15])
