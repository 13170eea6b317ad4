"""Reads strace's record of a server: what it did to its files, and what it answered, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = "openat,mkdir,mkdirat,pwrite64,write,writev,sendto,sendmsg,fsync,fdatasync,ftruncate,fallocate,rename,renameat,renameat2,unlink,unlinkat,linkat,copy_file_range,pwritev,pwritev2"
LONGEST = 4 << 20
"""Bytes of one call that strace shows; a longer one is noticed, since its length is in its result."""

COMMAND = ("strace", "-f", "-qq", "-y", "-xx", "-s", str(LONGEST), "--seccomp-bpf", "-e", f"trace={CALLS}")


@dataclass(frozen=True)
class Event:
    """One call that succeeded. `begun` and `done` count lines: a sync covers what was done before it began."""

    begun: int
    done: int
    kind: str
    path: str
    other: str = ""
    offset: int | None = None
    data: bytes = b""


LINE = re.compile(r"^(\d+)\s+(.*)$")
UNFINISHED = " <unfinished ...>"
RESUMED = re.compile(r"^<\.\.\. \w+ resumed>(.*)$")
CALL = re.compile(r"^(\w+)\((.*)\)\s+= (-?\d+)(.*)$", re.DOTALL)
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
DESCRIPTOR = re.compile(r"(?:\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})+)>")


def read(record: Path) -> Iterator[Event]:
    """The events of a record, in the order in which their calls returned."""
    begun_calls: dict[str, tuple[int, str]] = {}
    with record.open() as lines:
        for number, line in enumerate(lines):
            process, rest = LINE.match(line.rstrip("\n")).groups()
            begun = number
            if rest.endswith(UNFINISHED):
                begun_calls[process] = (number, rest[: -len(UNFINISHED)])
                continue
            if resumed := RESUMED.match(rest):
                begun, start = begun_calls.pop(process)
                rest = start + resumed.group(1)
            if call := CALL.match(rest):
                name, arguments, result, after = call.groups()
                if int(result) >= 0:
                    yield from event(begun, number, name, arguments, int(result), after)


def event(begun: int, done: int, name: str, arguments: str, result: int, after: str) -> Iterator[Event]:
    """The event of one call, if it is one that counts."""
    texts = [unescape(text) for text in TEXT.findall(arguments)]
    descriptors = [unescape(text).decode() for text in DESCRIPTOR.findall(arguments)]
    def path(index: int) -> str:
        text = texts[index].decode()
        return text if text.startswith("/") else f"{descriptors[min(index, len(descriptors) - 1)]}/{text}"

    match name:
        case "openat" if "O_CREAT" in arguments:
            yield Event(begun, done, "create", unescape(DESCRIPTOR.search("0" + after).group(1)).decode())
        case "mkdir" | "mkdirat":
            yield Event(begun, done, "mkdir", path(0))
        case "pwrite64":
            yield Event(begun, done, "write", descriptors[0], offset=int(arguments.rsplit(",", 1)[1]), data=whole(texts[0], result))
        case "write" | "writev" | "sendto" | "sendmsg":
            yield Event(begun, done, "write", descriptors[0], data=whole(b"".join(texts), result))
        case "fsync" | "fdatasync":
            yield Event(begun, done, "sync", descriptors[0])
        case "ftruncate":
            yield Event(begun, done, "truncate", descriptors[0], offset=int(arguments.rsplit(",", 1)[1]))
        case "rename" | "renameat" | "renameat2":
            yield Event(begun, done, "rename", path(0), path(1))
        case "unlink" | "unlinkat":
            yield Event(begun, done, "unlink", path(0))
        case "openat":
            pass
        case _:
            raise ValueError(f"{name} changes files in a way that this suite does not know")


def whole(data: bytes, result: int) -> bytes:
    """What was written; fails when strace cut it short, which would make a disk that nobody had."""
    if len(data) < result:
        raise ValueError(f"strace shows {len(data)} of {result} bytes")
    return data[:result]


def unescape(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
