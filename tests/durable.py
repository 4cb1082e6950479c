"""What a disk holds after each durable operation of a run, replayed from its log.

The state just before an operation is what SIGKILL at that operation leaves. After a power cut
less may be there, and a disk may choose what: of the contents no more than was written when
the file was last synced, of the names all of them, or no more than when their folder was.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from faults import Operation


class Loss(Enum):
    """What is lost when a run ends here."""

    NOTHING = "killed"
    CONTENTS = "power cut, every name kept"
    NAMES = "power cut, only synced names kept"


@dataclass
class Node:
    """A file, a folder or a link: what is in it, and what of that has been synced."""

    kind: str  # file | folder | link
    data: bytes = b""
    names: dict[str, Node] = field(default_factory=dict)
    synced_data: bytes = b""
    synced_names: dict[str, Node] = field(default_factory=dict)

    def sync(self) -> None:
        self.synced_data = self.data
        self.synced_names = dict(self.names)


# Below the data folder: a path to a file's content, a link's goal, or None for a folder.
State = dict[str, bytes | str | None]


class Disk:
    """The data folder, as the operations so far have made it."""

    def __init__(self) -> None:
        self._root: Node | None = None

    def do(self, operation: Operation) -> None:
        """Apply an operation. Raises KeyError where the log has lost one before it."""
        getattr(self, f"_{operation.name}")(operation)

    def state(self, loss: Loss, torn: Operation | None = None) -> State:
        """Return what is there; `torn` is a write that was cut off half way."""
        found: State = {}
        if self._root is not None:
            _collect(self._root, "", loss, found)
        if torn is not None and loss is Loss.NOTHING and torn.name == "write":
            content = found.get(torn.path)
            if isinstance(content, bytes):
                half = torn.data[: len(torn.data) // 2]
                found[torn.path] = _with(content, torn.offset, half)
        return found

    def _folder(self, path: str) -> tuple[dict[str, Node], str]:
        """Return the names of the folder that holds `path`, and the last part of it."""
        assert self._root is not None
        node = self._root
        *above, name = path.split("/")
        for part in above:
            node = node.names[part]
        return node.names, name

    def _node(self, path: str) -> Node | None:
        if path.endswith(" (deleted)"):
            return None
        if path.startswith("/"):  # the data folder itself, left whole by the log
            return self._root
        names, name = self._folder(path)
        return names[name]

    def _mkdir(self, operation: Operation) -> None:
        if operation.path.startswith("/"):
            self._root = Node("folder")
            return
        names, name = self._folder(operation.path)
        names[name] = Node("folder")

    def _open(self, operation: Operation) -> None:
        names, name = self._folder(operation.path)
        if name not in names:
            names[name] = Node("file")
        if operation.flags & os.O_TRUNC:
            names[name].data = b""

    def _write(self, operation: Operation) -> None:
        node = self._node(operation.path)
        if node is not None:
            node.data = _with(node.data, operation.offset, operation.data)

    def _cut(self, operation: Operation) -> None:
        node = self._node(operation.path)
        if node is not None:
            node.data = node.data[: operation.offset].ljust(operation.offset, b"\0")

    def _fsync(self, operation: Operation) -> None:
        node = self._node(operation.path)
        if node is not None:
            node.sync()

    def _unlink(self, operation: Operation) -> None:
        names, name = self._folder(operation.path)
        del names[name]

    _rmdir = _unlink

    def _rename(self, operation: Operation) -> None:
        names, name = self._folder(operation.path)
        others, other = self._folder(operation.other)
        others[other] = names.pop(name)

    def _symlink(self, operation: Operation) -> None:
        names, name = self._folder(operation.other)
        names[name] = Node("link", os.fsencode(operation.path))

    def _link(self, operation: Operation) -> None:
        node = self._node(operation.path)
        assert node is not None
        names, name = self._folder(operation.other)
        names[name] = node


def _with(content: bytes | bytearray, offset: int, data: bytes) -> bytes:
    return (
        bytes(content[:offset]).ljust(offset, b"\0") + data + bytes(content[offset + len(data) :])
    )


def _collect(folder: Node, prefix: str, loss: Loss, found: State) -> None:
    names: Mapping[str, Node] = folder.synced_names if loss is Loss.NAMES else folder.names
    for name, node in names.items():
        path = prefix + name
        if node.kind == "folder":
            found[path] = None
            _collect(node, path + "/", loss, found)
        elif node.kind == "link":
            found[path] = os.fsdecode(node.data)
        else:
            found[path] = node.data if loss is Loss.NOTHING else node.synced_data


def read(folder: Path) -> State:
    """Return what a real folder holds."""
    found: State = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = str(path.readlink())
        else:
            found[name] = None if path.is_dir() else path.read_bytes()
    return found


def lay_out(state: State, folder: Path) -> None:
    """Make a real folder that holds the state; `folder` must not exist yet."""
    folder.mkdir(parents=True)
    for name, content in state.items():
        path = folder / name
        if content is None:
            path.mkdir()
        elif isinstance(content, str):
            path.symlink_to(content)
        else:
            path.write_bytes(content)
