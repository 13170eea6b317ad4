"""See README.md."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import check
import trace
from disk import Disk, Folder
from harness import hokusai_server
from harness.hokusai_server import HokusaiServer
from harness.raw import Connection
from load import Write, Writes, write

ROUNDS = 120
"""Writes of each client: some 600 that are acknowledged, and a checkpoint or two."""
WEAK_CUTS = 60
STARTS = 5
"""So many of the disks get a real server."""
FULL, NORMAL = b"PRAGMA synchronous = FULL;", b"PRAGMA synchronous = 1   ;"


def record(folder: Path, binary: Path) -> tuple[list[trace.Event], Writes]:
    """Runs a server under load; gives what it did and what was asked for."""
    hokusai_server.BINARY = binary
    server = HokusaiServer(folder, wrapper=(*trace.COMMAND, "-o", str(folder / "calls")))
    try:
        writes = write(server, ROUNDS)
    finally:
        server.stop()
    return list(trace.read(folder / "calls")), writes


def answered(event: trace.Event, writes: Writes) -> list[Write]:
    """The writes that an answer acknowledges."""
    if event.kind != "write" or not event.data.startswith(b"HTTP/1.1 200"):
        return []
    head = event.data.split(b"\r\n\r\n", 1)[0].decode("latin-1").lower()
    ids = [line.partition(":")[2].strip() for line in head.split("\r\n") if line.startswith("x-request-id:")]
    return [writes.by_id[request] for request in ids if request in writes.by_id]


def cuts(data: Path, events: list[trace.Event], writes: Writes, count: int, scratch: Path, is_deaf: Callable[[object], bool] = lambda node: False, starts: int = 0) -> list[str]:
    """Plays the events and cuts the power at `count` of them, syncs and answers above all; gives what was lost."""
    dice = random.Random(1)
    telling = [number for number, event in enumerate(events) if event.kind == "sync" or answered(event, writes)]
    first = next(number for number in telling if answered(events[number], writes))
    moments = sorted(dice.choice([number for number in telling if number >= first]) + dice.choice((0, 0, 1)) for _ in range(count))
    disk, acknowledged, found, position = Disk(str(data), is_deaf), set(), [], 0
    for index, moment in enumerate(moments):
        while position <= min(moment, len(events) - 1):
            disk.play(events[position])
            acknowledged.update(answered(events[position], writes))
            position += 1
        left = scratch / "left"
        shutil.rmtree(left, ignore_errors=True)
        disk.cut(left, dice)
        found += [f"cut {index} after event {moment}: {problem}" for problem in check.problems(left, acknowledged)]
        if starts and index % (count // starts) == 0:
            found += [f"cut {index}: {problem}" for problem in serves(left, scratch / f"server-{index}")]
        tell(f"{index + 1} of {count} cuts, {len(acknowledged)} writes acknowledged, {len(found)} problems", index + 1 == count)
    return found


def serves(left: Path, folder: Path) -> list[str]:
    """What a real server says of a disk."""
    folder.mkdir()
    shutil.copytree(left, folder / "data")
    (folder / "bootstrap-key").write_text("none")
    server = HokusaiServer(folder)
    try:
        answers = {url: Connection(url, None).send("GET", "/ready").status for url in (server.url, server.auth_url)}
    finally:
        server.stop()
    return [f"{url} answers {status}" for url, status in answers.items() if status != 200]


def tell(text: str, is_last: bool):
    if sys.stderr.isatty():
        print(f"\r{text}", end="\n" if is_last else "", file=sys.stderr, flush=True)
    elif is_last:
        print(text, flush=True)


def weakened(binary: Path, folder: Path) -> Path:
    """The same binary, but for what SQLite is told about syncs."""
    program = binary.read_bytes()
    if program.count(FULL) != 1:
        raise ValueError(f"`{FULL.decode()}` is {program.count(FULL)} times in {binary}")
    patched = folder / "weakened"
    patched.write_bytes(program.replace(FULL, NORMAL))
    patched.chmod(0o755)
    return patched


def main() -> int:
    parser = argparse.ArgumentParser(prog="power-cut/run", description=__doc__)
    parser.add_argument("--cuts", type=int, default=200)
    wanted = parser.parse_args()
    binary, ended = hokusai_server.BINARY, []
    with tempfile.TemporaryDirectory(prefix="hokusai-cut-") as name:
        folder = Path(name)
        events, writes = record(folder / "whole", binary)
        data = folder / "whole/data"
        print(f"{len(events)} calls recorded, {sum(event.kind == 'sync' for event in events)} of them syncs", flush=True)
        lost = cuts(data, events, writes, wanted.cuts, folder, starts=STARTS)
        ended += [f"lost: {problem}" for problem in lost[:20]]
        if not cuts(data, events, writes, WEAK_CUTS, folder, is_deaf=lambda node: isinstance(node, Folder)):
            ended.append("a disk that is deaf to syncs of directories lost nothing: this suite can't see what it looks for")
        events, writes = record(folder / "weak", weakened(binary, folder))
        if not cuts(folder / "weak/data", events, writes, WEAK_CUTS, folder):
            ended.append("`synchronous = NORMAL` lost nothing: this suite can't see what it looks for")
    print("\n".join(ended) or f"{wanted.cuts} power cuts, nothing acknowledged was lost; both weakened ones lost something")
    return 1 if ended else 0


if __name__ == "__main__":
    sys.exit(main())
