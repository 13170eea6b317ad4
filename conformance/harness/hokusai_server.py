"""The server under test: a real `hokusai serve` on ports of its own choosing."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from .process import Process
from .raw import Connection

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("HOKUSAI_BIN", ROOT / "target/debug/hokusai"))
WRITE_SCOPES = ["model:read", "model:write", "mlflow:access"]


class HokusaiServer:
    """Auth service and registry in one process, with a data folder that outlives it."""

    name = "hokusai"

    def __init__(self, folder: Path, database_url: str | None = None, flags: tuple[str, ...] = (), env: dict[str, str] | None = None, wrapper: tuple[str, ...] = ()):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.database_url = database_url
        self._key_file = folder / "bootstrap-key"
        self._flags = flags
        self._env = env or {}
        self._wrapper = wrapper
        self.start()

    def start(self):
        """Starts the process (again) on the same data; the ports are new."""
        flags = ["--data-dir", str(self.data), "--bootstrap-key-file", str(self._key_file), *self._flags]
        if self.database_url:
            flags += ["--database-url", self.database_url]
        self.process, services = serve(("auth", "registry"), [], flags, self.folder, self._env, self._wrapper)
        self.auth_url = services["auth"]
        self.url = services["registry"]

    @property
    def token(self) -> str:
        """The admin key that the first start made."""
        return self._key_file.read_text().strip()

    def mint(self, name: str, scopes: list[str] | None = None, **more) -> dict:
        """Makes a key; gives the whole reply, its secret in `api_key`."""
        return mint(self.auth_url, self.token, name, WRITE_SCOPES if scopes is None else scopes, **more)

    def revoke(self, key_id: str):
        answer = Connection(self.auth_url, self.token).json("DELETE", f"/api/v1/keys/{key_id}")
        assert answer.status == 200, f"{answer.status} {answer.raw!r}"

    def command(self, *arguments: str) -> str:
        """Runs `hokusai …` against this server's auth service with the admin key; gives its standard output."""
        env = {**os.environ, "HOKUSAI_AUTH_URL": self.auth_url, "HOKUSAI_API_KEY": self.token}
        return subprocess.run([BINARY, *arguments], env=env, check=True, capture_output=True, text=True).stdout

    def log_text(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self):
        self.process.kill()

    def stop(self):
        self.process.stop()


def serve(services: tuple[str, ...], role: list[str], flags: list[str], folder: Path, env: dict[str, str] | None = None, wrapper: tuple[str, ...] = ()) -> tuple[Process, dict[str, str]]:
    """Starts `hokusai serve` (one `role` of it, if given) on ports of its own choosing; gives the process and the URL of each service."""
    if not BINARY.exists():
        raise FileNotFoundError(f"{BINARY} is not there: build it with `cargo build`, or name it in HOKUSAI_BIN")
    folder.mkdir(parents=True, exist_ok=True)
    announced = folder / "announced.jsonl"
    listeners = [text for service in services for text in (f"--{service}-listen", "127.0.0.1:0")]
    with announced.open("wb") as stdout:
        process = Process([*wrapper, str(BINARY), "serve", *role, *listeners, "--announce", *flags], folder / "server.log", env=env, stdout=stdout)
    return process, process.wait_until(lambda: _announced(announced, services), timeout_s=60, pause_s=0.005)


def mint(auth_url: str, token: str, name: str, scopes: list[str], **more) -> dict:
    """Makes a key with the key `token`; gives the whole reply, its secret in `api_key`."""
    answer = Connection(auth_url, token).json("POST", "/api/v1/keys", {"name": name, "service_id": "platform", "scopes": scopes, **more})
    assert answer.status == 200, f"{answer.status} {answer.raw!r}"
    return answer.body


def _announced(path: Path, wanted: tuple[str, ...]) -> dict[str, str] | None:
    services = {}
    for line in path.read_text().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            return None
        services[entry["service"]] = entry["url"]
    return services if set(wanted) <= services.keys() else None
