"""Cuts the power of a recorded server at many places, and looks at what is left; then does it to disks that lie, which must be noticed."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "conformance"))

from checks import Found, digest  # noqa: E402
from disk import Disk  # noqa: E402
from harness import hokusai_server  # noqa: E402
from harness.hokusai_server import HokusaiServer  # noqa: E402
from harness.raw import Connection  # noqa: E402
from recording import Recording, record  # noqa: E402
from syscalls import Call  # noqa: E402

# How much of what was not synced stays: mostly nothing, sometimes all, else a part, sector by sector.
KEEP = (0.0, 0.0, 0.0, 0.5, 0.1, 0.9, 1.0)
# So many cuts go by until one is also opened by a server, which is asked for what it was told and told more.
SERVER_EVERY = 8
# Enough to notice what is weakened on purpose.
WEAK_CUTS = 20
WEAK_SECONDS = 3
FULL, NORMAL = b"PRAGMA synchronous = FULL;", b"PRAGMA synchronous = 1   ;"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cuts", type=int, default=150)
    arguments.add_argument("--seconds", type=float, default=8, help="how long the recorded server works")
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    given = arguments.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="hokusai-power-cut-", dir="/dev/shm") as folder:
        started = time.monotonic()
        scratch, binary = Path(folder), hokusai_server.BINARY
        recording = record(scratch, binary, given.seconds, given.seed)
        describe(recording, time.monotonic() - started)
        problems = every_file(recording)
        problems += honest_disk(recording, scratch, given.cuts, given.seed)
        problems += lying_disks(recording, scratch, given.seed)
        problems += weakened_server(scratch, binary, given.seed)
    for problem in problems[:20]:
        print(f"FAIL  {problem}")
    print(f"{len(problems)} problems (seed {given.seed})")
    return 1 if problems else 0


def describe(recording: Recording, took_s: float):
    counts = Counter(call.name for call in recording.trace.calls)
    written = sum(len(call.data) for call in recording.trace.calls)
    print(f"recorded {len(recording.trace.answered)} answers, {sum(counts.values())} changes of files ({dict(counts.most_common())}), "
          f"{written / 1e6:.0f} MB, {checkpoints(recording)} checkpoints, in {took_s:.0f} s", flush=True)
    assert checkpoints(recording) >= 3, "without checkpoints under load half of the truth is missing"


def every_file(recording: Recording) -> list[str]:
    """A cut right after each answer about a file, of which only that file is looked at: what comes between two answers is short."""
    started = time.monotonic()
    problems = []
    disk = Disk(recording.root, recording.trace.calls)
    answers = sorted((recording.trace.answered[request], thing) for thing, states in recording.promises.states.items() if thing[0] == "file" for _, request in states)
    for place, thing in answers:
        disk.run_to(place + 1)
        content = disk.synced(f"data/artifacts/files/{thing[1]}")
        state = None if content is None else digest(content)
        acceptable = recording.promises.acceptable(thing, lambda request: recording.is_answered(request, place + 1))
        if state not in acceptable:
            problems.append(f"cut at {place + 1}: {thing} is {state!r}, and was said to be {acceptable}")
    print(f"{'FAIL' if problems else 'ok'}    a cut right after each of {len(answers)} answers about files: {len(problems)} problems ({time.monotonic() - started:.0f} s)", flush=True)
    return problems


def honest_disk(recording: Recording, scratch: Path, cuts: int, seed: int) -> list[str]:
    started = time.monotonic()
    problems = []
    opened = 0
    for number, (place, lost, data) in enumerate(cut_often(recording, scratch, cuts, seed, lambda call: False)):
        problems += [f"cut at {place}: {lost[0]}, and {len(lost) - 1} more"] if lost else []
        if number % SERVER_EVERY == 0 and place > recording.trace.answered["announcement"]:
            problems += [f"cut at {place}: {what}" for what in open_again(data)]
            opened += 1
    print(f"{'FAIL' if problems else 'ok'}    {cuts} cuts, {opened} of them opened by a server: {len(problems)} problems ({time.monotonic() - started:.0f} s)", flush=True)
    return problems


def lying_disks(recording: Recording, scratch: Path, seed: int) -> list[str]:
    """A test that can't fail shows nothing: each sync that the promises rest on is left out, and something must be lost."""
    artifacts = f"{recording.root}/data/artifacts"
    lies: dict[str, Callable[[Call], bool]] = {
        "the sync of a directory into which an artifact is renamed": lambda call: call.path.startswith(f"{artifacts}/files"),
        "the sync of an artifact's content": lambda call: call.path.startswith(f"{artifacts}/incoming/"),
        "the sync of a database before its log is begun anew": lambda call: call.path.endswith(".sqlite"),
        "the sync of the folder in which a first start makes its own": lambda call: call.path == str(recording.root),
    }
    return [problem for name, ignores in lies.items() for problem in must_be_noticed(f"a disk that ignores {name}", recording, scratch, seed, ignores)]


def weakened_server(scratch: Path, binary: Path, seed: int) -> list[str]:
    """The same server, but for what it says to SQLite about syncs."""
    program = binary.read_bytes()
    assert program.count(FULL) == 1, f"`{FULL.decode()}` is {program.count(FULL)} times in {binary}"
    weak = scratch / "weakened"
    weak.write_bytes(program.replace(FULL, NORMAL))
    weak.chmod(0o755)
    recording = record(scratch, weak, WEAK_SECONDS, seed)
    return must_be_noticed("`synchronous = NORMAL`", recording, scratch, seed, lambda call: False)


def must_be_noticed(name: str, recording: Recording, scratch: Path, seed: int, ignores: Callable[[Call], bool]) -> list[str]:
    cuts = [lost for _, lost, _ in cut_often(recording, scratch, WEAK_CUTS, seed, ignores)]
    lost = [first for first, *_ in filter(None, cuts)]
    print(f"{'ok' if lost else 'FAIL'}    {name} is noticed in {len(lost)} of {WEAK_CUTS} cuts{': ' + lost[0] if lost else ''}", flush=True)
    return [] if lost else [f"{name} is not noticed: this suite is blind"]


def checkpoints(recording: Recording) -> int:
    """How often a database was written after its log."""
    last, count = {}, 0
    for call in recording.trace.calls:
        if call.path.endswith("-wal"):
            last[call.path] = call.name
        elif call.name == "pwrite64" and last.get(f"{call.path}-wal") == "fsync":
            last[f"{call.path}-wal"] = ""
            count += 1
    return count


def cut_often(recording: Recording, scratch: Path, cuts: int, seed: int, ignores: Callable[[Call], bool]):
    """Yields the place of each cut, what was lost or broken, and the folder with what is left."""
    choose = random.Random(seed)
    disk = Disk(recording.root, recording.trace.calls, ignores)
    for place in sorted(place_of_cut(recording, choose) for _ in range(cuts)):
        disk.run_to(place)
        left = scratch / "after"
        keep = choose.choice(KEEP)
        disk.cut(left, choose, keep)
        found = Found(left / "data")
        lost = [f"{what} (kept {keep} of what was not synced)" for what in (*found.broken, *broken_promises(recording, found, place))]
        yield place, lost, left
        shutil.rmtree(left)


def place_of_cut(recording: Recording, choose: random.Random) -> int:
    """Just after an answer, around a sync, or anywhere."""
    trace = recording.trace
    match choose.randrange(3):
        case 0:
            return choose.choice(list(trace.answered.values())) + 1
        case 1:
            sync = choose.choice([call for call in trace.calls if call.name == "fsync"])
            return choose.choice((sync.begun, sync.ended, sync.ended + 1))
        case _:
            return choose.randrange(trace.length + 1)


def broken_promises(recording: Recording, found: Found, place: int):
    for thing in recording.promises.states:
        acceptable = recording.promises.acceptable(thing, lambda request: recording.is_answered(request, place))
        if found.states.get(thing) not in acceptable:
            yield f"{thing} is {found.states.get(thing)!r:.60}, and was said to be {' or '.join(f'{state!r:.60}' for state in acceptable)}"


def open_again(folder: Path) -> list[str]:
    """A server opens what is left, answers and takes more."""
    server = HokusaiServer(folder)
    try:
        registry = Connection(server.url, server.token)
        search = registry.json("POST", "/api/2.0/mlflow/runs/search", {"experiment_ids": ["0"], "max_results": 10})
        create = registry.json("POST", "/api/2.0/mlflow/experiments/create", {"name": "after the cut"})
        ready = registry.send("GET", "/ready")
        audit = Connection(server.auth_url, server.token).send("GET", "/api/v1/audit/verify")
        answers = {"search": search, "create": create, "ready": ready, "audit verify": audit}
        wrong = [f"{what} answers {answer.status} {answer.raw!r}" for what, answer in answers.items() if answer.status != 200]
        return wrong if audit.body["is_whole"] else [*wrong, f"the audit log is broken: {audit.body}"]
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
