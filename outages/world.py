"""Services as processes of their own, a database that can be stopped, and a replica behind a network that can be cut."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path

from harness.hokusai_server import BINARY
from harness.postgres import BINARIES, run_sql
from harness.process import Process
from harness.raw import Connection

sys.path.append(str(Path(__file__).resolve().parent.parent / "faults"))

from certificates import Authority  # noqa: E402

NEAR, FAR = "10.77.0.1", "10.77.0.2"
AUTH_NAME = "auth.example.test"
SEARCH = "/api/2.0/mlflow/experiments/search?max_results=1"
VALIDATE = "/api/v1/keys/validate"
# A revocation is known on every reachable replica within this.
BOUND_S = 1.0
# How much later than promised something may be seen to happen: a question each 50 ms, on a machine that does other things too.
LATE_S = 0.5
EARLY_S = 2.5


class Ports:
    """This network namespace is ours alone, so that nobody else takes them."""

    last = 20_000

    @classmethod
    def next(cls) -> int:
        cls.last += 1
        return cls.last


class Service:
    """`hokusai serve PART`, which can be killed and started again at the same address."""

    def __init__(self, folder: Path, part: str, *flags: str, host: str = "127.0.0.1", network: Network | None = None, env: dict | None = None):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._part, self._env = folder, part, env
        address = f"{host}:{Ports.next()}"
        self.url = f"http://{address}"
        self.data = folder / "data"
        inside = ["nsenter", "-t", str(network.pid), "-n"] if network else []
        self._command = [*inside, str(BINARY), "serve", part, f"--{part}-listen", address, "--data-dir", str(self.data), *map(str, flags)]
        self.start()

    def start(self):
        self.process = Process(self._command, self.folder / f"{self._part}.log", env=self._env)
        connection = Connection(self.url, None, timeout_s=5)

        def answers():
            try:
                return connection.send("GET", "/live").status == 200
            except OSError:
                connection.close()
                return False

        self.process.wait_until(answers, timeout_s=60)

    def is_up(self) -> bool:
        return self.process.child.poll() is None

    def kill(self):
        self.process.kill()

    def stop(self):
        self.process.stop()


class Auth(Service):
    """The auth service with its first key."""

    def __init__(self, folder: Path, *flags: str):
        key = folder / "first-key"
        super().__init__(folder, "auth", "--bootstrap-key-file", str(key), *flags)
        self.token = key.read_text().strip()

    def mint(self, name: str, scopes: tuple[str, ...] = ("model:read", "model:write", "mlflow:access")) -> dict:
        answer = Connection(self.url, self.token).json("POST", "/api/v1/keys", {"name": name, "scopes": list(scopes)})
        assert answer.status == 200, answer.raw
        return answer.body

    def revoke(self, key: dict) -> float:
        """When the revocation was acknowledged."""
        answer = Connection(self.url, self.token).send("DELETE", f"/api/v1/keys/{key['key_id']}")
        assert answer.status == 200, answer.raw
        return time.monotonic()

    def credential(self, folder: Path) -> Path:
        """A registry's own key, in a file."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "registry-key"
        file.write_text(self.mint("registry", ("keys:validate",))["api_key"])
        return file


def registry(auth: Auth, folder: Path, window_s: int, *flags: str, auth_url: str | None = None, **more) -> Service:
    """A registry that asks the auth service over HTTP."""
    flags += ("--auth-url", auth_url or auth.url, "--auth-key-file", str(auth.credential(folder)), "--auth-stale-window", str(window_s))
    return Service(folder, "registry", *flags, **more)


class Database:
    """A PostgreSQL server that ends as if its machine had lost power, and starts again on the same files and port."""

    def __init__(self, folder: Path, host: str = "127.0.0.1"):
        self._folder, self._host, self.port = folder, host, Ports.next()
        folder.mkdir()
        account = pwd.getpwnam("postgres")
        # The way to it is not for other accounts.
        for above in (folder.parent, folder):
            above.chmod(0o755)
        os.chown(folder, account.pw_uid, account.pw_gid)
        self._as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        subprocess.run([*self._as_user, BINARIES / "initdb", "-D", folder / "data", "-U", "hokusai", "--auth=trust", "--no-locale", "-E", "UTF8", "--no-sync"],
                       check=True, capture_output=True, cwd=folder)
        with (folder / "data/pg_hba.conf").open("a") as hba:
            hba.write("host all all 10.77.0.0/24 trust\n")
        self.start()
        run_sql(self.url("postgres"), "CREATE DATABASE hokusai")

    def url(self, name: str = "hokusai") -> str:
        return f"postgres://hokusai@{self._host}:{self.port}/{name}"

    def start(self):
        self._process = Process(
            [*self._as_user, str(BINARIES / "postgres"), "-D", str(self._folder / "data"), "-p", str(self.port), "-c", f"listen_addresses={self._host}",
             "-c", f"unix_socket_directories={self._folder}", "-c", "max_connections=100"], self._folder / "postgres.log", cwd=self._folder)
        ready = [BINARIES / "pg_isready", "-q", "-d", self.url("postgres")]
        self._process.wait_until(lambda: subprocess.run(ready).returncode == 0, timeout_s=60, pause_s=0.05)

    def crash(self):
        """Ends at once, without a checkpoint: what was committed is in its log or nowhere."""
        os.kill(self._process.pid, signal.SIGQUIT)
        self._process.child.wait()

    def stop(self):
        # Does not wait for clients that were cut off and are still believed to be there.
        os.kill(self._process.pid, signal.SIGINT)
        self._process.child.wait()


class Network:
    """A network namespace with one cable to ours, and a firewall of its own. It ends with the process that holds it."""

    def __init__(self, folder: Path):
        self._holder = Process(["unshare", "--net", "sleep", "infinity"], folder / "network.log")
        self._holder.wait_until(self._is_apart, timeout_s=10)
        run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(self.pid))
        run("ip", "addr", "add", f"{NEAR}/24", "dev", "near")
        run("ip", "link", "set", "near", "up")
        for command in (["addr", "add", f"{FAR}/24", "dev", "far"], ["link", "set", "far", "up"], ["link", "set", "lo", "up"]):
            self.run("ip", *command)
        self.run("nft", "add", "table", "inet", "cut")
        for hook in ("input", "output"):
            self.run("nft", "add", "chain", "inet", "cut", hook, f"{{ type filter hook {hook} priority 0; }}")

    @property
    def pid(self) -> int:
        return self._holder.pid

    def run(self, *command: str):
        run("nsenter", "-t", str(self.pid), "-n", *command)

    def cut(self, port: int) -> float:
        """Drops, without a word, every packet to that port of ours and from it."""
        self.run("nft", "add", "rule", "inet", "cut", "output", "tcp", "dport", str(port), "drop")
        self.run("nft", "add", "rule", "inet", "cut", "input", "tcp", "sport", str(port), "drop")
        return time.monotonic()

    def heal(self) -> float:
        """When it began: what is answered from then on may be due to it."""
        began = time.monotonic()
        self.run("nft", "flush", "table", "inet", "cut")
        return began

    def close(self):
        self._holder.kill()

    def _is_apart(self) -> bool:
        return os.readlink(f"/proc/{self.pid}/ns/net") != os.readlink("/proc/self/ns/net")


def run(*command: str):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


class Door:
    """A front door that ends TLS for the auth service: a key travels between machines in no other way."""

    def __init__(self, folder: Path, auth: Auth):
        folder.mkdir()
        authority, self.port = Authority(folder), Ports.next()
        chain = authority.issue("auth", (AUTH_NAME,))
        self.trusted = authority.pem
        self.url = f"https://{AUTH_NAME}:{self.port}"
        hosts = folder / "hosts"
        hosts.write_text(Path("/etc/hosts").read_text() + f"\n{NEAR} {AUTH_NAME}\n")
        run("mount", "--bind", str(hosts), "/etc/hosts")  # in our mount namespace only
        table = folder / "routes.toml"
        table.write_text(f"""
[[listener]]
name = "https"
protocol = "https"
port = {self.port}
certificates = [{{ names = ["{AUTH_NAME}"], chain = "{chain.name}", key = "auth.key" }}]
rule = [{{ name = "auth", priority = 1, host = "{AUTH_NAME}", forward = "auth" }}]
[target_group.auth]
targets = ["{auth.url.removeprefix('http://')}"]
[intent."{AUTH_NAME}"]
may = ["auth"]
[intent."*"]
may = []
""")
        self.process = Process([str(BINARY), "serve", "front-door", "--routes", str(table), "--data-dir", str(folder / "data"),
                                "--front-door-listen", f"https={NEAR}:{self.port}"], folder / "door.log")

    def stop(self):
        self.process.stop()
        run("umount", "/etc/hosts")


def never(prober, status: int, what: str, since: float = 0.0, until: float = float("inf")) -> list[str]:
    """Problems if the prober was answered so."""
    count = prober.statuses(since, until)[status]
    if not count:
        return []
    first = prober.first(status, since)
    return [f"{what} was answered {status}, {count} times, first {first - since:.2f} s after" if since else f"{what} was answered {status}, {count} times"]


def window_for(seconds: float) -> int:
    """A stale window that ends well within the outage."""
    return max(3, round(seconds * 0.6))


def held_for_the_window(prober, what: str, cut: float, window_s: int, back: float) -> list[str]:
    """A known key works until the stated window ends and not after it, until the service is back; it is never called wrong."""
    last = prober.last(200, cut, back)
    held = (last or cut) - cut
    print(f"   {what} was accepted for {held:.2f} s of a window of {window_s} s; answers in all {dict(prober.statuses())}")
    problems = [f"{what} was answered {status}" for status in prober.statuses() if status not in (200, 503)]
    # It counts from what was heard last, and a busy machine hears late.
    if held < window_s - EARLY_S:
        problems.append(f"{what} worked for {held:.2f} s only, the window is {window_s} s")
    if held > window_s + LATE_S:
        problems.append(f"{what} was accepted for {held:.2f} s, the window is {window_s} s")
    return problems


def dies_within(prober, what: str, revoked: float, bound_s: float) -> list[str]:
    """A revoked key is accepted no longer than that."""
    last = prober.last(200, revoked)
    after = (last or revoked) - revoked
    print(f"   {what} was last accepted {after:.2f} s after its revocation, the bound is {bound_s:.1f} s")
    return [] if after <= bound_s + (LATE_S if bound_s > BOUND_S else 0) else [f"{what} was accepted {after:.2f} s after its revocation"]
