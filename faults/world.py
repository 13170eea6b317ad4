"""What a scenario is made of: services, front doors, and the verifier, all real processes, all ended with it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "conformance"))

from harness.hokusai_server import BINARY, HokusaiServer  # noqa: E402
from harness.process import Process, free_port  # noqa: E402
from harness.raw import Connection  # noqa: E402

AUTH, REGISTRY = "auth.example.test", "registry.example.test"
HOSTS = ("--allowed-host", AUTH, "--allowed-host", REGISTRY)
WRITE = ["model:read", "model:write", "mlflow:access"]


@dataclass
class Verdict:
    """What `hokusai verify --json` said."""

    code: int
    report: dict
    took_s: float
    stderr: str

    @property
    def causes(self) -> list[dict]:
        return self.report.get("causes", [])

    @property
    def top(self) -> str:
        return self.causes[0]["code"] if self.causes else ""

    @property
    def failed(self) -> list[str]:
        return [f"{check['id']}: {check['detail']}" for check in self.report.get("checks", []) if check["state"] == "failed"]


class World:
    """One scenario's processes."""

    def __init__(self, shared):
        self.shared = shared
        self.folder = Path(tempfile.mkdtemp(prefix="hokusai-faults-"))
        self._ends = []
        self._count = 0

    def close(self):
        for end in reversed(self._ends):
            end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def when_closed(self, end):
        self._ends.append(end)

    def process(self, name: str, command: list, env: dict | None = None, **popen) -> Process:
        child = Process([str(part) for part in command], self.folder / f"{name}.log", env=env, **popen)
        self.when_closed(child.stop)
        return child

    # Services

    def services(self, *flags: str, hosts: tuple[str, ...] = HOSTS, database_url: str | None = None, env: dict | None = None) -> HokusaiServer:
        self._count += 1
        server = HokusaiServer(self.folder / f"server{self._count}", database_url, (*hosts, *flags), env)
        self.when_closed(server.stop)
        return server

    def apart(self, auth_url: str | None = None, scopes: list[str] | None = None) -> Apart:
        """Auth and registry in a process each."""
        return Apart(self, auth_url, scopes or ["keys:validate"])

    # Front doors

    def haproxy(self, config: str, *ports: int) -> Process:
        path = self.folder / f"haproxy-{ports[0]}.cfg"
        path.write_text(f"global\n    log stderr local0\ndefaults\n    mode http\n    retries 1\n    timeout connect 2s\n    timeout client 30s\n    timeout server 30s\n{config}")
        child = self.process(f"haproxy-{ports[0]}", ["haproxy", "-db", "-f", path])
        child.wait_until(lambda: all(listens(port) for port in ports), timeout_s=20)
        return child

    def front_door(self, table: str, port: int, *flags: str) -> Path:
        """Hokusai's own, in clear."""
        path = self.folder / f"routes-{port}.toml"
        path.write_text(table)
        child = self.process(f"door-{port}", [BINARY, "serve", "front-door", "--routes", path, "--data-dir", self.folder / f"door-{port}", *flags])
        child.wait_until(lambda: listens(port), timeout_s=20)
        time.sleep(0.3)  # the first health check of each target
        return path

    # The verifier

    def verify(self, *arguments: str, key: str, clock: str | None = None, netns: Process | None = None, report: Path | None = None) -> Verdict:
        before = ["faketime", "-f", clock] if clock else []
        if netns:
            before = ["nsenter", "-t", str(netns.pid), "-n", *before]
        command = [*before, str(BINARY), "verify", "--json", *map(str, arguments)]
        if report:
            command += ["--report", str(report)]
        env = {"PATH": os.environ["PATH"], "HOKUSAI_API_KEY": key}
        started = time.monotonic()
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
        took = time.monotonic() - started
        assert key not in done.stdout + done.stderr, "the report shows the key"
        try:
            shown = json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"no report: {done.returncode} {done.stderr}") from None
        return Verdict(done.returncode, shown, took, done.stderr)

    def verify_clear(self, server, *arguments: str, key: str | None = None, auth: str | None = None, registry: str | None = None, **more) -> Verdict:
        """The services' own listeners."""
        return self.verify("--auth", auth or server.auth_url, "--registry", registry or server.url, *arguments, key=key or server.token, **more)

    def verify_door(self, port: int, *arguments: str, key: str, **more) -> Verdict:
        """A front door in clear, under its hosts."""
        return self.verify(
            "--auth", f"http://{AUTH}", "--registry", f"http://{REGISTRY}", "--resolve", f"{AUTH}=127.0.0.1:{port}", "--resolve", f"{REGISTRY}=127.0.0.1:{port}",
            *arguments, key=key, **more,
        )

    def verify_tls(self, port: int, *arguments: str, key: str, plain: int | None = None, **more) -> Verdict:
        """A front door with TLS, under its hosts; port 80 is `plain`, or nobody's."""
        plain = plain or free_port()
        resolve = [part for host in (AUTH, REGISTRY) for part in
                   ("--resolve", f"{host}:443=127.0.0.1:{port}", "--resolve", f"{host}:80=127.0.0.1:{plain}")]
        return self.verify("--auth", f"https://{AUTH}", "--registry", f"https://{REGISTRY}", *resolve, "--ca", self.shared.authority.pem, *arguments, key=key, **more)


class Apart:
    """Auth and registry in a process each; both can be stopped, frozen and killed alone."""

    def __init__(self, world: World, auth_url: str | None, scopes: list[str]):
        folder = world.folder
        key_file = folder / "first-key"
        self.auth = world.process("auth", [BINARY, "serve", "auth", "--data-dir", folder / "auth", "--auth-listen", "127.0.0.1:0", "--bootstrap-key-file", key_file, "--announce", *HOSTS],
                                  stdout=(folder / "auth.out").open("wb"))
        self.auth_url = self.auth.wait_until(lambda: announced(folder / "auth.out", "auth"), timeout_s=60)
        self.token = key_file.read_text().strip()
        answer = Connection(self.auth_url, self.token).json("POST", "/api/v1/keys", {"name": "registry", "service_id": "platform", "scopes": scopes})
        assert answer.status == 200, answer
        credential = folder / "registry-key"
        credential.write_text(answer.body["api_key"])
        self.registry = world.process("registry", [BINARY, "serve", "registry", "--data-dir", folder / "registry", "--registry-listen", "127.0.0.1:0",
                                                   "--auth-url", auth_url or self.auth_url, "--auth-key-file", credential, "--announce", *HOSTS],
                                      stdout=(folder / "registry.out").open("wb"))
        self.url = self.registry.wait_until(lambda: announced(folder / "registry.out", "registry"), timeout_s=60)


class Mute:
    """A target that answers `/health` and nothing else, ever."""

    def __init__(self, world: World):
        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                while data := self.request.recv(65536):
                    if data.startswith((b"GET /health", b"HEAD /health")):
                        self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"OK\"}")

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        world.when_closed(self._server.shutdown)


def announced(path: Path, service: str) -> str | None:
    for line in path.read_text().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            return None
        if entry["service"] == service:
            return entry["url"]
    return None


def listens(port: int, host: str = "127.0.0.1") -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
        return True
    except OSError:
        return False


def address(url: str) -> str:
    """HOST:PORT of a URL."""
    return url.removeprefix("http://")
