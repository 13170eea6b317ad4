"""Migrations on Hokusai's own front door: two tables in one process, and clients of many addresses that never notice."""

from __future__ import annotations

import http.client
import json
import shutil
import ssl
import subprocess
from contextlib import contextmanager
from pathlib import Path

from certificates import Authority
from clients import Clients
from harness.hokusai_server import BINARY, HokusaiServer
from migrator import Migrator
from world import AUTH, HOSTS, REGISTRY, World, address, free_port, listens

INTENT = f"""
[intent."{AUTH}"]
may = ["auth-new"]
[intent."{REGISTRY}"]
may = ["registry"]
[intent."*"]
may = []
"""
DOOR = "127.0.0.30"
STEPS = ("apply", "attach", "verify-directly", "shift-1", "shift-50", "shift-100", "hold", "proof", "clean-up")


class Stage:
    """Services, a front door with TLS, and in front of auth a proxy of its own that only the new table reaches."""

    def __init__(self, world: World, folder: Path, names_auth: bool):
        self.world, self.folder = world, folder
        self.authority = Authority(folder)
        self.certificate = self.authority.issue("good")
        self.server = HokusaiServer(folder / "server", flags=HOSTS)
        world.when_closed(self.server.stop)
        self.relay_port = free_port()
        self.relay = self._relay()
        self.data = folder / "door"
        self.data.mkdir(mode=0o700)
        self.current, self.next = folder / "current.toml", folder / "next.toml"
        auth, registry = address(self.server.auth_url), address(self.server.url)
        shared = [self._rule("registry", 20, REGISTRY, "registry")]
        shared += [self._rule("auth", 10, AUTH, "auth")] if names_auth else [self._path("health", 50, "/health", "auth"), self._path("generic-api", 100, "/api*", "registry")]
        self.current.write_text(self._listener(*shared) + self._group("auth", auth) + self._group("registry", registry))
        self.write_next(f"127.0.0.1:{self.relay_port}")
        door = world.process("door", [BINARY, "serve", "front-door", "--routes", self.current, "--accept-unproven", "--data-dir", self.data])
        door.wait_until(lambda: listens(443, DOOR) and (self.data / "front-door.sock").exists(), timeout_s=20)
        self.migrator = Migrator(folder, self.server.token, self.authority.pem)

    def _relay(self):
        path = self.world.folder / "relay.cfg"
        path.write_text(f"""defaults
    mode tcp
    timeout connect 2s
    timeout client 60s
    timeout server 60s
listen relay
    bind 127.0.0.1:{self.relay_port}
    server auth {address(self.server.auth_url)}
""")
        child = self.world.process("relay", ["haproxy", "-db", "-f", path])
        child.wait_until(lambda: listens(self.relay_port), timeout_s=20)
        return child

    def write_next(self, auth: str, chain: Path | None = None):
        """The new side: auth has its own rule and its own group."""
        rules = (self._rule("auth", 10, AUTH, "auth-new"), self._rule("registry", 20, REGISTRY, "registry"))
        self.next.write_text(self._listener(*rules, chain=chain) + self._group("auth-new", auth) + self._group("registry", address(self.server.url)) + INTENT)

    def _listener(self, *rules: str, chain: Path | None = None) -> str:
        certificate = f'{{ names = ["{AUTH}", "{REGISTRY}"], chain = "{chain or self.certificate.with_suffix(".crt")}", key = "{self.certificate.with_suffix(".key")}" }}'
        return f'[[listener]]\nname = "https"\nprotocol = "https"\nport = 443\nbind = "{DOOR}"\ncertificates = [{certificate}]\ndefault = {{ respond = 404 }}\n' + "".join(rules)

    def _rule(self, name: str, priority: int, host: str, group: str) -> str:
        return f'[[listener.rule]]\nname = "{name}"\npriority = {priority}\nhost = "{host}"\nforward = "{group}"\n'

    def _path(self, name: str, priority: int, path: str, group: str) -> str:
        return f'[[listener.rule]]\nname = "{name}"\npriority = {priority}\npath = "{path}"\nforward = "{group}"\n'

    def _group(self, name: str, target: str) -> str:
        return f'[target_group.{name}]\ntargets = ["{target}"]\nhealth = {{ path = "/health", interval_s = 5, timeout_s = 2 }}\n'

    def plan(self, *more: str) -> dict:
        resolve = [part for host in (AUTH, REGISTRY) for part in ("--resolve", f"{host}={DOOR}")]
        return self.migrator.plan(
            "--cloud", "front-door", "--admin-socket", self.data / "front-door.sock", "--current", self.current, "--next", self.next,
            "--auth", f"https://{AUTH}", "--registry", f"https://{REGISTRY}", *resolve, "--weights", "1,50,100", "--hold-s", "3", "--rounds", "1",
            "--health-checks", "2", "--health-wait-s", "8", *more,
        )

    def status(self) -> dict:
        done = subprocess.run([BINARY, "front-door", "status", "--json", "--data-dir", self.data], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def load(self) -> Clients:
        context = ssl.create_default_context(cafile=str(self.authority.pem))

        def connect(host: str, number: int):
            class Connection(http.client.HTTPSConnection):
                def connect(inner):
                    import socket
                    plain = socket.create_connection((DOOR, 443), timeout=10, source_address=(f"127.0.{number}.7", 0))
                    inner.sock = context.wrap_socket(plain, server_hostname=host)

            return Connection(host, timeout=10)

        return Clients("", AUTH, REGISTRY, self.server.token, count=8, connect=connect)


@contextmanager
def stage(folder: Path, names_auth: bool):
    world = World(None)
    try:
        yield Stage(world, folder, names_auth)
    finally:
        world.close()


def healthy(folder: Path) -> str:
    with stage(folder, names_auth=True) as it, it.load() as clients:
        it.plan()
        ended = it.migrator.run()
        assert (ended.code, ended.kind) == (0, "finished"), ended
        status = it.status()
        assert status["next"] is None and [group["name"] for group in status["current"]["groups"]] == ["auth-new", "registry"], status
        it.migrator.must_not_hold_the_key()
        assert "MLflow" in it.migrator.record
    assert not clients.failed, f"{clients.failed} {clients.reasons}"
    return f"{sum(clients.done.values())} requests of clients from start to clean-up, none failed"


def incident(folder: Path) -> str:
    with stage(folder, names_auth=False) as it, it.load() as clients:
        it.plan()
        ended = it.migrator.run()
        assert (ended.code, ended.kind) == (0, "finished"), ended
        entries = it.migrator.entries()
        baseline = next(entry["probes"] for entry in entries if entry["event"] == "baseline")
        red = [probe for probe, light in baseline.items() if light == "red"]
        assert any(probe.startswith("auth.") for probe in red), baseline
        verified = [entry for entry in entries if entry["event"] == "verified"]
        assert not any(entry["regressions"] for entry in verified), "a probe that was green failed"
        moved = [entry for entry in verified if entry["step"].get("percent", 100) == 100]
        assert moved
        for entry in moved:
            assert not [probe for probe, light in entry["probes"].items() if light == "red"], entry
    assert clients.failed["auth"] and not clients.failed["registry"], f"{clients.failed} {clients.reasons}"
    return f"{len(red)} probes red before, all green once all traffic has moved; {clients.done['registry']} requests of the registry's clients, none failed"


def faults(folder: Path) -> str:
    """A fault at each step: it goes back by itself, to exactly what was."""
    seen = []
    for step in STEPS[:-1]:
        (folder / step).mkdir()
        with stage(folder / step, names_auth=True) as it:
            before = it.status()
            fault = FAULTS[step]
            fault.before(it)
            it.plan()
            ended = fault.run(it, step)
            assert (ended.code, ended.kind) == (1, "rolled-back"), f"{step}: {ended}"
            assert f"({step}: " in ended.text, f"{step}: {ended.text}"
            after = it.status()
            assert after["next"] is None and after["current"]["digest"] == before["current"]["digest"], f"{step}: {after}"
            assert all(listener["next_percent"] == 0 for listener in after["listeners"]), f"{step}: {after}"
            seen.append(step)
        shutil.rmtree(folder / step)
    return "went back by itself from " + ", ".join(seen)


class Fault:
    """Breaks the new side once the step has begun."""

    def before(self, it: Stage):
        pass

    def run(self, it: Stage, step: str):
        it.migrator.run_until("began", step)
        it.relay.stop()
        return it.migrator.run()


class BrokenTable(Fault):
    """The new table's certificate is gone when it is to be loaded."""

    def before(self, it: Stage):
        self.chain = it.folder / "own.crt"
        shutil.copy(it.certificate.with_suffix(".crt"), self.chain)
        it.write_next(f"127.0.0.1:{it.relay_port}", self.chain)

    def run(self, it: Stage, step: str):
        self.chain.unlink()
        return it.migrator.run()


class DeadTarget(Fault):
    def run(self, it: Stage, step: str):
        it.relay.stop()
        return it.migrator.run()


class WrongService(Fault):
    """The group of auth holds the registry: healthy, and wrong."""

    def before(self, it: Stage):
        it.write_next(address(it.server.url))

    def run(self, it: Stage, step: str):
        return it.migrator.run()


class NoClient(Fault):
    def run(self, it: Stage, step: str):
        return it.migrator.run("--python", "/nonexistent/python")


FAULTS = {
    "apply": BrokenTable(), "attach": DeadTarget(), "verify-directly": WrongService(), "shift-1": Fault(), "shift-50": Fault(), "shift-100": Fault(),
    "hold": Fault(), "proof": NoClient(),
}


def killed(folder: Path) -> str:
    """`kill -9` of the migrator at each step, one after another, and the same command again."""
    with stage(folder, names_auth=True) as it, it.load() as clients:
        it.plan()
        kills = []
        for step in STEPS:
            it.migrator.run_until("began", step)
            if not any(entry["event"] == "finished" for entry in it.migrator.entries()):
                kills.append(step)
        ended = it.migrator.run()
        assert (ended.code, ended.kind) == (0, "finished"), ended
        assert len(kills) >= len(STEPS) - 1, kills
        status = it.status()
        assert status["next"] is None and [group["name"] for group in status["current"]["groups"]] == ["auth-new", "registry"], status
    assert not clients.failed, f"{clients.failed} {clients.reasons}"
    return f"killed at {', '.join(kills)}; the same end, {sum(clients.done.values())} requests of clients, none failed"


SCENARIOS = {"door-healthy": healthy, "door-incident": incident, "door-faults": faults, "door-killed": killed}
