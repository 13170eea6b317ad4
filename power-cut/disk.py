"""A disk that forgets: what a power cut leaves of files and directories when only what was synced is sure to stay.

Stricter than any file system that we know: a file's content and its name are synced apart, also a new directory's name; of what was not
synced any part may stay, whole writes or single sectors, in any order.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from syscalls import Call

SECTOR = 512


@dataclass(slots=True)
class Change:
    """A change that is not synced. A sync that begins after `done` covers it."""

    done: int
    apply: Callable[[object, Callable[[], bool]], None]


@dataclass(eq=False)
class Node:
    pending: list[Change] = field(default_factory=list)

    def sync(self, begun: int):
        later = []
        for change in self.pending:
            if change.done < begun:
                change.apply(self.synced, _always)
            else:
                later.append(change)
        self.pending = later


@dataclass(eq=False)
class File(Node):
    synced: bytearray = field(default_factory=bytearray)
    #: What programs see.
    size: int = 0


@dataclass(eq=False)
class Directory(Node):
    synced: dict[str, Node] = field(default_factory=dict)
    #: What programs see.
    names: dict[str, Node] = field(default_factory=dict)


class Disk:
    """Follows calls up to a place in their order; can be cut off there, again and again."""

    def __init__(self, root: Path, calls: list[Call], ignores: Callable[[Call], bool] = lambda call: False):
        """`ignores`: syncs that do nothing on this disk."""
        self._root = str(root)
        self._top = Directory()
        # A sync has done its work when it ends, everything else may have begun to when it begins.
        steps = [(call.ended if call.name in _SYNCS else call.begun, call) for call in calls if not (call.name in _SYNCS and ignores(call))]
        self._steps = sorted(steps, key=lambda step: step[0])
        self._next = 0

    def run_to(self, place: int):
        """Goes on until all that began before `place` is on its way and all syncs that ended before it are done."""
        while self._next < len(self._steps) and self._steps[self._next][0] < place:
            self._step(self._steps[self._next][1])
            self._next += 1

    def synced(self, path: str) -> bytes | None:
        """The content of the file at `path` below the root, if nothing that is not synced stays."""
        node: Node | None = self._top
        for part in path.split("/"):
            node = node.synced.get(part) if isinstance(node, Directory) else None
        return bytes(node.synced) if isinstance(node, File) else None

    def cut(self, to: Path, choose: random.Random, keep: float):
        """Writes what is left into the folder `to`. `keep`: how likely a part that is not synced stays."""
        self._write(self._top, to, lambda: choose.random() < keep)

    def _write(self, directory: Directory, to: Path, stays: Callable[[], bool]):
        to.mkdir()
        names = dict(directory.synced)
        for change in directory.pending:
            change.apply(names, stays)
        for name, node in names.items():
            if isinstance(node, Directory):
                self._write(node, to / name, stays)
            else:
                content = bytearray(node.synced)
                for change in node.pending:
                    change.apply(content, stays)
                (to / name).write_bytes(content)

    def _step(self, call: Call):
        match call.name:
            case "openat" | "open":
                self._open(call)
            case "write" | "pwrite64":
                self._file_write(call)
            case "ftruncate":
                if (file := self._find(call.path)) is not None:
                    file.size = call.size
                    file.pending.append(Change(call.ended, _truncation(call.size)))
            case "fsync" | "fdatasync":
                # Nobody sees a file again whose last name is gone.
                if (node := self._find(call.path)) is not None:
                    node.sync(call.begun)
            case "mkdir" | "mkdirat":
                self._name(call, call.path, Directory())
            case "unlink" | "unlinkat" | "rmdir":
                self._name(call, call.path, None)
            case "rename" | "renameat" | "renameat2":
                moved = self._find(call.path)
                assert moved is not None, call.path
                self._name(call, call.target, moved)
                self._name(call, call.path, None)

    def _open(self, call: Call):
        file = self._find(call.path)
        if file is None and "O_CREAT" in call.flags:
            self._name(call, call.path, File())
        elif file is not None and "O_TRUNC" in call.flags:
            file.size = 0
            file.pending.append(Change(call.ended, _truncation(0)))

    def _file_write(self, call: Call):
        file = self._find(call.path)
        if file is None:
            return
        offset = file.size if call.offset is None else call.offset
        file.size = max(file.size, offset + len(call.data))
        file.pending.append(Change(call.ended, _writing(offset, call.data)))

    def _name(self, call: Call, path: str, node: Node | None):
        parent, name = os.path.split(path)
        directory = self._find(parent)
        assert isinstance(directory, Directory), path
        if node is None:
            directory.names.pop(name, None)
        else:
            directory.names[name] = node
        directory.pending.append(Change(call.ended, _naming(name, node)))

    def _find(self, path: str) -> Node | None:
        node: Node | None = self._top
        for part in path.removeprefix(self._root).strip("/").split("/"):
            if part:
                node = node.names.get(part) if isinstance(node, Directory) else None
        return node


def _writing(offset: int, data: bytes):
    def apply(content: bytearray, stays: Callable[[], bool]):
        start = 0
        while start < len(data):
            end = len(data) if stays is _always else min(len(data), start + SECTOR - (offset + start) % SECTOR)
            if stays():
                if len(content) < offset + end:
                    content.extend(bytes(offset + end - len(content)))
                content[offset + start : offset + end] = data[start:end]
            start = end

    return apply


def _truncation(size: int):
    def apply(content: bytearray, stays: Callable[[], bool]):
        if stays():
            del content[size:]
            content.extend(bytes(size - len(content)))

    return apply


def _naming(name: str, node: Node | None):
    def apply(names: dict[str, Node], stays: Callable[[], bool]):
        if stays():
            if node is None:
                names.pop(name, None)
            else:
                names[name] = node

    return apply


def _always() -> bool:
    return True


_SYNCS = ("fsync", "fdatasync")
