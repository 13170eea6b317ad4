"""A disk that forgets what was not synced."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from trace import Event

SECTOR = 512


@dataclass
class Change:
    """A write or a new length that is in the page cache only."""

    done: int
    offset: int
    data: bytes | None

    def apply(self, content: bytearray):
        if self.data is None:
            del content[self.offset :]
            content.extend(bytes(self.offset - len(content)))
            return
        end = self.offset + len(self.data)
        content.extend(bytes(max(0, end - len(content))))
        content[self.offset : end] = self.data


@dataclass
class File:
    """A file: what is on the disk, and what is not yet."""

    synced: bytearray = field(default_factory=bytearray)
    cached: list[Change] = field(default_factory=list)
    position: int = 0
    """Where the next write without an offset goes."""


@dataclass
class Folder:
    """A folder: the names on the disk, those that processes see, and the changes in between."""

    synced: dict[str, File | Folder] = field(default_factory=dict)
    seen: dict[str, File | Folder] = field(default_factory=dict)
    cached: list[tuple[int, str, File | Folder | None]] = field(default_factory=list)

    def put(self, done: int, name: str, node: File | Folder | None):
        if node is None:
            self.seen.pop(name, None)
        else:
            self.seen[name] = node
        self.cached.append((done, name, node))


class Disk:
    """Everything below one folder, whose own name is on the disk."""

    def __init__(self, root: str, is_deaf: Callable[[object], bool] = lambda node: False):
        self.root = root.rstrip("/")
        self.top = Folder()
        self._is_deaf = is_deaf

    def play(self, event: Event):
        """Takes an event; what lies elsewhere is none of this disk's."""
        node, folder, name = self._find(event.path)
        if folder is None:
            return
        match event.kind:
            case "create" if node is None:
                folder.put(event.done, name, File())
            case "mkdir":
                folder.put(event.done, name, Folder())
            case "write":
                offset = node.position if event.offset is None else event.offset
                node.position = offset + len(event.data) if event.offset is None else node.position
                node.cached.append(Change(event.done, offset, event.data))
            case "truncate":
                node.cached.append(Change(event.done, event.offset, None))
            case "rename":
                _, target, new_name = self._find(event.other)
                folder.put(event.done, name, None)
                target.put(event.done, new_name, node)
            case "unlink":
                folder.put(event.done, name, None)
            case "sync" if not self._is_deaf(node):
                self._sync(node, event.begun)

    def cut(self, folder: Path, dice: random.Random):
        """Writes what is there after a cut now: what was synced, and some of the rest."""
        # Half of the cuts lose all that may be lost; the others show what a half-written cache leaves.
        self._leave(self.top, folder, dice, luck=dice.choice((0.0, dice.random())))

    def _find(self, path: str) -> tuple[File | Folder | None, Folder | None, str]:
        """The node of a path as processes see it, its folder, and its name there."""
        if path == self.root:
            return self.top, self.top, ""
        if not path.startswith(self.root + "/"):
            return None, None, ""
        *parents, name = os.path.normpath(path[len(self.root) + 1 :]).split("/")
        folder = self.top
        for parent in parents:
            folder = folder.seen[parent]
        return (folder if name == "." else folder.seen.get(name)), folder, name

    def _sync(self, node: File | Folder, begun: int):
        """What was done before the sync began is on the disk when it returns."""
        if isinstance(node, File):
            for change in node.cached:
                if change.done < begun:
                    change.apply(node.synced)
            node.cached = [change for change in node.cached if change.done >= begun]
            return
        for done, name, entry in node.cached:
            if done < begun:
                self._name(node.synced, name, entry)
        node.cached = [change for change in node.cached if change[0] >= begun]

    @staticmethod
    def _name(names: dict[str, File | Folder], name: str, entry: File | Folder | None):
        if entry is None:
            names.pop(name, None)
        else:
            names[name] = entry

    def _leave(self, node: Folder, path: Path, dice: random.Random, luck: float):
        path.mkdir(exist_ok=True)
        names = dict(node.synced)
        # File systems keep the order of names' changes: a first part of them is there.
        for _, name, entry in node.cached[: round(len(node.cached) * luck)]:
            self._name(names, name, entry)
        for name, entry in names.items():
            if isinstance(entry, Folder):
                self._leave(entry, path / name, dice, luck)
            else:
                (path / name).write_bytes(self._content(entry, dice, luck))

    @staticmethod
    def _content(file: File, dice: random.Random, luck: float) -> bytearray:
        if not file.cached or luck == 0:
            return file.synced
        content = bytearray(file.synced)
        for change in file.cached:
            if dice.random() >= luck:
                continue
            if change.data is not None and len(change.data) > SECTOR and dice.random() < 0.3:
                whole = dice.randrange(len(change.data) // SECTOR) * SECTOR
                Change(change.done, change.offset, change.data[:whole]).apply(content)
            else:
                change.apply(content)
        return content
