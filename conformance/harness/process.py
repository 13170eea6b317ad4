"""Starting and stopping a server process, with its output in a file that tests may read."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path


class ServerFailed(Exception):
    """A server did not start; the message ends with its last lines of output."""


class Process:
    """A child process in its own group; `log` holds its standard error."""

    def __init__(self, command: list[str], log: Path, env: dict[str, str] | None = None, **popen):
        self.command = command
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log_file = log.open("ab")
        popen.setdefault("stdout", self._log_file)
        self.child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stderr=self._log_file,
            env={**os.environ, **(env or {})},
            start_new_session=True,
            **popen,
        )

    @property
    def pid(self) -> int:
        return self.child.pid

    def wait_until(self, is_ready, timeout_s: float, pause_s: float = 0.02):
        """Calls `is_ready` until it gives something true; fails when the process ends or time is up."""
        deadline = time.monotonic() + timeout_s
        while True:
            if self.child.poll() is not None:
                raise ServerFailed(f"{self.command[0]} ended with {self.child.returncode}\n{self.tail()}")
            found = is_ready()
            if found:
                return found
            if time.monotonic() > deadline:
                self.kill()
                raise ServerFailed(f"{self.command[0]} is not ready after {timeout_s} s\n{self.tail()}")
            time.sleep(pause_s)

    def tail(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def kill(self):
        """`kill -9` of the whole group, and waits for the end."""
        self._signal(signal.SIGKILL)
        self.child.wait()
        self._log_file.close()

    def stop(self, timeout_s: float = 20):
        """Asks to end, waits, and kills what does not."""
        if self.child.poll() is None:
            self._signal(signal.SIGTERM)
            try:
                self.child.wait(timeout_s)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def _signal(self, number: int):
        try:
            os.killpg(self.child.pid, number)
        except ProcessLookupError:
            pass


def free_port() -> int:
    """A port that is free now; only for servers that can't be asked to choose one themselves."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
