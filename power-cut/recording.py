"""Records a real server under load: every call that changes its files, and the moment of every answer."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import syscalls
from checks import digest
from harness import hokusai_server
from harness.hokusai_server import HokusaiServer
from load import Load, Promises


@dataclass
class Recording:
    root: Path
    trace: syscalls.Trace
    promises: Promises

    def is_answered(self, request: str, place: int) -> bool:
        return self.trace.answered[request] < place


def record(folder: Path, binary: Path, seconds: float, seed: int) -> Recording:
    """One life of a server, from an empty folder to an orderly stop."""
    root, log = folder / "before", folder / "strace.log"
    hokusai_server.BINARY = binary
    server = HokusaiServer(root, wrapper=(*syscalls.COMMAND, f"--output={log}"))
    try:
        load = Load(server.url, server.auth_url, server.token, seed)
        load.run(seconds)
        # strace itself would let go of the server when asked to end; it ends after the server, with the whole record written.
        os.kill(_only_child(server.process.pid), signal.SIGTERM)
        server.process.child.wait(timeout=60)
    finally:
        server.stop()
    trace = syscalls.read(log, root, root / "announced.jsonl")
    log.unlink()
    # Who reads that the services are there may rely on the key's file.
    trace.answered["announcement"] = trace.printed[-1]
    promises = load.promises
    promises.asked(("first key",), digest((root / "bootstrap-key").read_bytes()), "announcement")
    shutil.rmtree(root)
    unseen = [request for states in promises.states.values() for _, request in states if request not in trace.answered]
    assert not unseen, f"{len(unseen)} answers are missing in the record"
    return Recording(root, trace, promises)


def _only_child(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)
