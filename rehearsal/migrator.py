"""`hokusai migrate` as an operator runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from harness.hokusai_server import BINARY


@dataclass
class Ended:
    code: int
    kind: str
    text: str
    stderr: str


class Migrator:
    """One migration's directory, and the commands on it."""

    def __init__(self, folder: Path, key: str, authority: Path):
        self.dir = folder / "migration"
        self._key = key
        self._authority = authority
        self._env = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "HOKUSAI_API_KEY": key,
            "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true",
            # A custom endpoint counts only as a flag: this one leads nowhere.
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        }

    def plan(self, *arguments: str) -> dict:
        done = self._call("plan", "--json", *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["plan"]

    def run(self, *arguments: str) -> Ended:
        return self._ended(self._call("run", "--json", *self._run_flags(*arguments)))

    def roll_back(self, *arguments: str) -> Ended:
        return self._ended(self._call("rollback", "--json", *self._run_flags(*arguments)))

    def run_until(self, event: str, step: str) -> None:
        """Runs, and kills the process with SIGKILL as soon as the journal says `event` of `step`."""
        process = subprocess.Popen(self._command("run", "--json", *self._run_flags()), env=self._env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            if self.says(event, step):
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.01)
        process.wait()

    def says(self, event: str, step: str) -> bool:
        return any(entry["event"] == event and name(entry.get("step")) == step for entry in self.entries())

    def entries(self) -> list[dict]:
        path = self.dir / "journal.jsonl"
        if not path.exists():
            return []
        whole = path.read_text().split("\n")[:-1]
        return [json.loads(line) for line in whole]

    @property
    def record(self) -> str:
        return (self.dir / "record.md").read_text()

    @property
    def report(self) -> str:
        return (self.dir / "report.md").read_text()

    def _run_flags(self, *more: str) -> list[str]:
        python = () if "--python" in more else ("--python", os.environ["MLFLOW_PYTHON"])
        return ["--yes", "--ca", str(self._authority), *python, *more]

    def _command(self, verb: str, *arguments: str) -> list[str]:
        return [str(BINARY), "migrate", verb, "--dir", str(self.dir), *map(str, arguments)]

    def _call(self, verb: str, *arguments: str) -> subprocess.CompletedProcess:
        done = subprocess.run(self._command(verb, *arguments), env=self._env, capture_output=True, text=True, timeout=300)
        assert self._key not in done.stdout + done.stderr, "the key was shown"
        return done

    def _ended(self, done: subprocess.CompletedProcess) -> Ended:
        if not done.stdout.strip():
            return Ended(done.returncode, "error", done.stderr, done.stderr)
        shown = json.loads(done.stdout)
        reports = [path.read_text() for path in (self.dir / "report.md", self.dir / "report-direct.md") if path.exists()]
        return Ended(done.returncode, shown["ended"], shown["text"], done.stderr + "\n".join(reports) if done.returncode else "")

    def must_not_hold_the_key(self):
        for path in self.dir.iterdir():
            assert self._key not in path.read_text(errors="replace"), f"{path.name} holds the key"
            assert path.stat().st_mode & 0o077 == 0, f"{path.name} is readable by others"


def name(step: dict | None) -> str:
    """A step of the journal as the program names it."""
    if not step:
        return ""
    return f"{step['name']}-{step['percent']}" if "percent" in step else step["name"]
