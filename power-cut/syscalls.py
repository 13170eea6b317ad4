"""Reads what strace wrote: the calls with which a process changes files, and the answers that it sent, in their order."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CHANGING = (
    "openat open creat write pwrite64 writev pwritev pwritev2 ftruncate truncate fallocate fsync fdatasync sync_file_range sync syncfs msync "
    "rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat mkdir mkdirat rmdir copy_file_range sendfile splice sendto sendmsg mmap"
)
# Paths are shown with every descriptor; all text is hexadecimal; nothing is cut off; calls that are not asked for cost nothing.
COMMAND = ["strace", "--follow-forks", "--decode-fds=path", "-xx", "--string-limit=67108864", "--seccomp-bpf", f"--trace={','.join(CHANGING.split())}",
           # Now and then a sync is slow: who relies on one that another thread still waits for is found out.
           "--inject=fsync:delay_enter=20ms:when=2+5"]


@dataclass(slots=True)
class Call:
    """A call that succeeded. `begun` and `ended` are its places in the order of the record; others may run in between."""

    thread: int
    name: str
    begun: int
    ended: int
    path: str
    #: Of a rename: the new name.
    target: str = ""
    #: Of a write; none appends.
    offset: int | None = None
    data: bytes = b""
    #: Of a truncation.
    size: int = 0
    flags: str = ""


@dataclass
class Trace:
    calls: list[Call] = field(default_factory=list)
    #: Place at which the answer with an id was handed to the network.
    answered: dict[str, int] = field(default_factory=dict)
    #: Places of lines written to the process' standard output.
    printed: list[int] = field(default_factory=list)
    length: int = 0


def read(record: Path, root: Path, stdout: Path) -> Trace:
    """The calls that change something below `root`. A call that changes files in a way that is not known here is an error."""
    trace = Trace()
    for line in _whole_calls(record):
        if (found := _CALL.match(line.text)) is None:
            continue
        name, arguments, result = found.groups()
        if result.startswith(("-", "?")):
            continue
        if (answer := arguments.find(_REQUEST_ID)) >= 0:
            start = answer + len(_REQUEST_ID)
            trace.answered[_text(arguments[start : start + 16 * 4])] = line.begun
        elif name == "write" and _hex(str(stdout)) in arguments[:2048]:
            trace.printed.append(line.begun)
        elif (call := _change(name, arguments, root, line)) is not None:
            trace.calls.append(call)
        trace.length = line.ended
    trace.calls.sort(key=lambda call: call.begun)
    return trace


@dataclass(slots=True)
class _Line:
    thread: int
    begun: int
    ended: int
    text: str


def _whole_calls(record: Path) -> Iterator[_Line]:
    """One line a call: the two halves of one that others interrupted are put together."""
    open_halves: dict[int, tuple[int, str]] = {}
    with record.open() as lines:
        for place, line in enumerate(lines):
            thread, rest = line.split(None, 1)
            rest = rest.rstrip()
            if rest.startswith(("+++", "---", *_EVENTFD)):
                continue
            if rest.endswith(" <unfinished ...>"):
                open_halves[int(thread)] = (place, rest.removesuffix(" <unfinished ...>"))
            elif rest.startswith("<... "):
                # The first half of a call that was not asked for (the end of an eventfd's write) was left out above.
                if (half := open_halves.pop(int(thread), None)) is not None:
                    yield _Line(int(thread), half[0], place, half[1] + rest.split(" resumed>", 1)[1])
            else:
                yield _Line(int(thread), place, place, rest)


def _change(name: str, arguments: str, root: Path, line: _Line) -> Call | None:
    paths = _paths(name, arguments)
    inside = [path for path in paths if path == str(root) or path.startswith(f"{root}/")]
    # The shared memory of SQLite is no data: it is made anew by whoever opens the database first.
    if not inside or inside[0].endswith("-shm"):
        return None
    call = Call(line.thread, name, line.begun, line.ended, inside[0])
    match name:
        case "openat" | "open":
            call.flags = re.search(r"O_[A-Z_|]+", arguments[arguments.rindex('"') :]).group()
            return call if "O_CREAT" in call.flags or "O_TRUNC" in call.flags else None
        case "write" | "pwrite64":
            call.data = bytes.fromhex(_string(arguments).replace("\\x", ""))
            call.offset = int(arguments.rsplit(", ", 1)[1]) if name == "pwrite64" else None
        case "ftruncate":
            call.size = int(arguments.rsplit(", ", 1)[1])
        case "rename" | "renameat" | "renameat2":
            assert len(inside) == 2, f"a rename that leaves {root}: {paths}"
            call.target = inside[1]
        case "mmap":
            assert "PROT_WRITE" not in arguments or "MAP_SHARED" not in arguments, f"writes through memory are not recorded: {inside[0]}"
            return None
        case "fsync" | "fdatasync" | "mkdir" | "mkdirat" | "unlink" | "unlinkat" | "rmdir":
            pass
        case _:
            raise AssertionError(f"`{name}` changes {inside[0]}, and the model of a disk does not know it")
    return call


def _paths(name: str, arguments: str) -> list[str]:
    """What a call names: descriptors, and names relative to a descriptor or to the working folder."""
    paths = []
    base = ""
    # The content of a write is no path.
    head = arguments.split('"', 1)[0] if name in _BY_DESCRIPTOR else arguments
    for descriptor, given in _NAMED.findall(head):
        if given:
            paths.append(os.path.normpath(os.path.join(base, _text(given))))
        else:
            base = _text(descriptor)
            if name in _BY_DESCRIPTOR:
                paths.append(base)
    return paths


def _string(arguments: str) -> str:
    start = arguments.index('"') + 1
    end = arguments.index('"', start)
    assert not arguments.startswith("...", end + 1), "strace cut a write off"
    return arguments[start:end]


def _text(hexadecimal: str) -> str:
    return bytes.fromhex(hexadecimal.replace("\\x", "")).decode()


def _hex(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


_CALL = re.compile(r"(\w+)\((.*)\) += (\S+)")
_NAMED = re.compile(r'<((?:\\x[0-9a-f]{2})+)>|"((?:\\x[0-9a-f]{2})*)"')
_BY_DESCRIPTOR = {"write", "pwrite64", "writev", "pwritev", "pwritev2", "ftruncate", "fallocate", "fsync", "fdatasync", "sync_file_range", "syncfs", "copy_file_range",
                  "sendfile", "splice", "sendto", "sendmsg", "mmap"}
_REQUEST_ID = _hex("x-request-id: ")
_EVENTFD = tuple(f"write({number}<{_hex('anon_inode:[eventfd]')}" for number in range(1, 64))
