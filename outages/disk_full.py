"""The disk is full: a real file system, mounted with a size."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import re
import subprocess
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from harness.hokusai_server import HokusaiServer
from harness.raw import Connection

import rows
from load import API, Load

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
MIB = 1 << 20
# What the log says of a group that the disk did not take, and how many it was.
LOST_GROUP = re.compile(r'"message":"a group of writes (could not be committed|lost its transaction)[^}]*"group.size":(\d+)')


@contextmanager
def small_disk(folder: Path, mib: int):
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0700", "hokusai-small", folder], capture_output=True, text=True)
    assert mounted.returncode == 0, f"no file system of {mib} MiB can be mounted here, and without one this shows nothing: {mounted.stderr}"
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def free_bytes(folder: Path) -> int:
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize


def fill(disk: Path, leave: int) -> Path:
    """Takes all space but so much."""
    ballast = disk / "ballast"
    with ballast.open("ab") as file:
        while (room := free_bytes(disk) - leave) > 0:
            try:
                file.write(b"\0" * min(room, MIB))
                file.flush()
            except OSError:
                break
    return ballast


def amid_a_group_commit(scratch: Path, seconds: float) -> list[str]:
    """The disk fills while many write at once, again and again; the last time the server is killed before there is space again."""
    with small_disk(scratch / "data", 128) as disk:
        server = HokusaiServer(scratch, flags=("--free-space-floor-mib", "0"), env={"HOKUSAI_LOG": "info"})
        problems = []
        load = Load(server.url, server.token, heavy=6).start()
        load.until_done(20)
        for cycle in range(2):
            ballast = fill(disk, leave=256 * 1024 * (cycle + 1))
            problems += refuses_for_a_while(load, server, f"cycle {cycle}", seconds / 4)
            ballast.unlink()
            took = load.until_done(10)
            print(f"   cycle {cycle}: writes go on {took:.2f} s after there was space again")
            time.sleep(0.3)
        fill(disk, leave=0)
        problems += refuses_for_a_while(load, server, "before the kill", seconds / 4)
        alive, log = server.process.child.poll() is None, server.log_text()
        load.stop()
        server.kill()
        there, unsound = rows.of_sqlite(server.data)
        (disk / "ballast").unlink()
        server.start()
        again = Connection(server.url, server.token).json("POST", API + "runs/create", {"experiment_id": "0"})
        server.stop()
    reasons = Counter(re.findall(r'"error":"([^"]*)"', log))
    lost = [int(size) for _, size in LOST_GROUP.findall(log)]
    print(f"   {load.told}; reads {dict(load.reads.statuses)}; {len(lost)} groups were refused, of up to {max(lost, default=0)} writes")
    problems += [] if set(load.told.statuses) <= {200, 507} else [f"a full disk was called something else: {dict(load.told.statuses)} {reasons}"]
    problems += [] if alive else [f"the server is down: {server.process.child.returncode} {log[-1500:]}"]
    problems += [] if max(lost, default=0) > 1 else ["the disk was never full in the middle of a group"]
    problems += [] if again.status == 200 else [f"after a restart: {again}"]
    problems += [] if set(load.reads.statuses) == {200} else [f"reads were refused: {dict(load.reads.statuses)}"]
    return problems + unsound + load.told.compare(there)


def refuses_for_a_while(load: Load, server, when: str, seconds: float) -> list[str]:
    """Waits until writes are refused for want of space, and for a while longer."""
    deadline = time.monotonic() + 20
    before = load.told.statuses[507]
    while load.told.statuses[507] == before:
        if time.monotonic() > deadline:
            return [f"{when}: no write was refused although the disk is full"]
        time.sleep(0.01)
    time.sleep(seconds)
    live = Connection(server.url, None).send("GET", "/live")
    return [] if live.status == 200 else [f"{when}: /live says {live.status}"]


class Uploader(threading.Thread):
    """Uploads files of its own, one after the other, chunk by chunk, and notes what it was told of each."""

    def __init__(self, url: str, token: str, run: str, number: int, size: int, stop: threading.Event, announces: bool):
        super().__init__()
        self.told: dict[str, tuple[int, bytes]] = {}
        self.contents: dict[str, list[bytes]] = {}
        self._url, self._token, self._run, self._number = url.removeprefix("http://"), token, run, number
        self._size, self._stop_, self._announces = size, stop, announces

    def run(self):
        dice, count = random.Random(self._number), 0
        while not self._stop_.is_set():
            # Every third name comes twice: a file that is replaced.
            name = f"u{self._number}-{count - (count % 3 == 2)}"
            content = dice.randbytes(self._size)
            path = f"0/{self._run}/artifacts/{name}"
            status, raw = self._send(path, content)
            if status == 200:
                self.contents[path] = [content]
            elif status not in (507, 503):
                self.contents.setdefault(path, [b""]).append(content)
            self.told[path] = (status, raw)
            count += 1
            if status != 200:
                self._stop_.wait(0.05)

    def _send(self, path: str, content: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._url, timeout=60)
        try:
            connection.putrequest("PUT", f"{ARTIFACTS}/{path}")
            connection.putheader("Authorization", f"Bearer {self._token}")
            if self._announces:
                connection.putheader("Content-Length", str(len(content)))
            else:
                connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders()
            try:
                for start in range(0, len(content), 64 * 1024):
                    part = content[start : start + 64 * 1024]
                    connection.send(part if self._announces else b"%x\r\n%s\r\n" % (len(part), part))
                if not self._announces:
                    connection.send(b"0\r\n\r\n")
            except (BrokenPipeError, ConnectionResetError):
                pass  # It answered before it had all of it.
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            return 0, repr(error).encode()
        finally:
            connection.close()


def amid_an_upload(scratch: Path, seconds: float) -> list[str]:
    """Without a reserve, uploads fill the disk to the last byte, with and without saying how long they are."""
    with small_disk(scratch / "disk", 64) as disk:
        server = HokusaiServer(disk, flags=("--free-space-floor-mib", "0"))
        problems, refused = upload_until_full(server, disk / "data/artifacts", seconds / 2, "is full")
        problems += [] if refused else ["no upload was refused"]
        server.stop()
    return problems


def where_only_the_database_is(scratch: Path, seconds: float) -> list[str]:
    """Artifacts have all the space that they want, and the database cannot record one of them."""
    with small_disk(scratch / "disk", 64) as disk:
        store = scratch / "artifacts"
        server = HokusaiServer(disk, flags=("--artifacts-url", f"file:{store}"))
        load = Load(server.url, server.token).start()
        load.until_done(20)
        fill(disk, leave=MIB)
        problems, refused = upload_until_full(server, store, seconds / 4, "the database has no space left", size=64 * 1024, make_room=(disk / "ballast").unlink)
        load.until_done(10)
        load.stop()
        server.stop()
        there, unsound = rows.of_sqlite(server.data)
    print(f"   {load.told}")
    problems += [] if refused else ["no upload was refused"]
    return problems + unsound + load.told.compare(there)


def the_reserve_is_the_databases(scratch: Path, seconds: float) -> list[str]:
    """With a reserve, uploads stop above it, and not one write to the database is refused meanwhile."""
    floor = 24 * MIB
    with small_disk(scratch / "disk", 96) as disk:
        server = HokusaiServer(disk, flags=("--free-space-floor-mib", str(floor // MIB)))
        load = Load(server.url, server.token).start()
        lowest, watching = [free_bytes(disk)], threading.Event()

        def watch():
            """What uploads leave: what is free, and what the database already took of it."""
            while not watching.is_set():
                database = sum(file.stat().st_size for file in server.data.glob("*.sqlite*"))
                lowest[0] = min(lowest[0], free_bytes(disk) + database)
                time.sleep(0.002)

        watcher = threading.Thread(target=watch)
        watcher.start()
        problems, refused = upload_until_full(server, disk / "data/artifacts", seconds / 2, "`free-space-floor-mib`")
        ready = Connection(server.url, None).send("GET", "/ready").body["checks"][1]
        watching.set(), watcher.join(), load.stop()
        server.stop()
        there, unsound = rows.of_sqlite(server.data)
    print(f"   floor {floor // MIB} MiB, uploads never left less than {lowest[0] / MIB:.1f} MiB; the database: {load.told}")
    # A chunk of each upload that was on its way.
    slack = 2 * MIB
    problems += [] if refused else ["no upload was refused"]
    problems += [] if lowest[0] > floor - slack else [f"uploads took the reserve: {lowest[0]} bytes were left of {floor}"]
    problems += [] if set(load.told.statuses) == {200} else [f"the database was stopped: {dict(load.told.statuses)}"]
    problems += [] if ready["floor_bytes"] == floor else [f"/ready says {ready}"]
    return problems + unsound + load.told.compare(there)


def upload_until_full(server, store: Path, seconds: float, says: str, size: int = 3 * MIB, make_room=None) -> tuple[list[str], int]:
    """Uploads until there is no space and for a while longer; looks at every file and row; deletes some, and uploads again."""
    key = Connection(server.url, server.token)
    run = key.json("POST", API + "runs/create", {"experiment_id": "0"}).body["run"]["info"]["run_id"]
    stop = threading.Event()
    uploaders = [Uploader(server.url, server.token, run, number, size, stop, number % 2 == 0) for number in range(4)]
    for uploader in uploaders:
        uploader.start()
    deadline = time.monotonic() + 30
    while not any(status == 507 for uploader in uploaders for status, _ in list(uploader.told.values())) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(seconds)
    stop.set()
    for uploader in uploaders:
        uploader.join(60)
    told = {path: said for uploader in uploaders for path, said in uploader.told.items()}
    contents = {path: content for uploader in uploaders for path, content in uploader.contents.items()}
    refused = {path for path, (status, _) in told.items() if status == 507}
    problems = [f"{path}: {status} {raw[:200]!r}" for path, (status, raw) in told.items() if status not in (200, 507)]
    problems += [f"{path}: the refusal does not say '{says}': {told[path][1]!r}" for path in refused if says.encode() not in told[path][1]][:3]
    files = {str(path.relative_to(store / "files")): path for path in (store / "files").rglob("*") if path.is_file()}
    recorded = rows.uploads_of_sqlite(server.data)
    for path in told.keys() | files.keys() | recorded.keys():
        problems += wrong_about(path, files.get(path), recorded.get(path), contents.get(path))
    problems += [f"{stray.name} was left in incoming/" for stray in (store / "incoming").iterdir()]
    if make_room:
        make_room()
    victims = [path for path in sorted(contents) if contents[path] != [b""]][:8]
    for path in victims:
        key.send("DELETE", f"{ARTIFACTS}/{path}")
    again = key.send("PUT", f"{ARTIFACTS}/0/{run}/artifacts/again", b"x" * MIB)
    problems += [] if again.status == 200 else [f"with space again: {again.status} {again.raw!r}"]
    print(f"   {len(contents)} files kept, {len(refused)} names refused last, {len(problems)} problems; after a deletion an upload gets {again.status}")
    return problems, len(refused)


def wrong_about(path: str, file: Path | None, row: tuple[int, str] | None, contents: list[bytes] | None) -> list[str]:
    """Whether the file and its row are what the last acknowledged upload says, or nothing if there was none."""
    if contents is None:
        there = [what for what, found in (("file", file), ("row", row)) if found]
        return [f"{path} was called failed, and its {' and '.join(there)} is there"] if there else []
    if file is None:
        return [f"{path} was called done and is not there"]
    raw = file.read_bytes()
    if raw not in contents:
        return [f"{path} has other bytes than the last upload that was called done"]
    if row is None:
        return [f"{path} is there and has no row"]
    # A replaced file that the full database could not record is read again when somebody asks for its digest.
    return [] if row[1] in ("", hashlib.sha256(raw).hexdigest()) else [f"{path} has a digest of something else"]
