"""The entries of one mapping, read key by key as what they should be.

Faults gather in the file and reading goes on with nothing in the place of what is
wrong, so that one look reports every mistake.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from archive.wording import Text
from pipeline.reading.values import Wrong, nearest
from pipeline.reading.yaml_file import Entries, Items, Node, Scalar, YamlFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

T = TypeVar("T")


class Fields:
    """One mapping of a file, whose keys must be among `keys`; `name` is what it is called.

    An absent or empty mapping has no entry. `line` is where the mapping begins.
    """

    def __init__(self, file: YamlFile, node: Node | None, name: str, keys: Sequence[str]) -> None:
        self.file = file
        self.name = name
        self.line = 1 if node is None else node.line
        self.lines: dict[str, int] = {}
        self._nodes: dict[str, Node] = {}
        if isinstance(node, Entries):
            self._take(node, keys)
        elif node is not None and not (isinstance(node, Scalar) and node.empty):
            sentence = "`{name}` should hold keys, one per line, and holds {what}"
            step = "write them under it, indented by two spaces: {keys}"
            what = Text("a list") if isinstance(node, Items) else Text("a text")
            file.fault(node.line, sentence, step, name=name, what=what, keys=_words(keys))

    def _take(self, node: Entries, keys: Sequence[str]) -> None:
        for key, value in node.nodes.items():
            line = node.lines[key]
            if key in keys:
                if not (isinstance(value, Scalar) and value.empty and not value.comment):
                    self._nodes[key] = value
                    self.lines[key] = line
                continue
            near = nearest(key, keys)
            if near is not None:
                step = "did you mean `{near}`?"
            elif f"{key} :" in self.file.lines[line - 1]:
                step = "if ` : ` is part of a text, write it so: {quoted}"
            else:
                step = "delete it; the keys known here are {keys}"
            self.file.fault(
                line,
                "unknown key `{key}` in `{name}`",
                step,
                key=key,
                name=self.name,
                near=near,
                keys=_words(keys),
                quoted=self.file.quoted(line),
            )

    def __contains__(self, key: str) -> bool:
        node = self._nodes.get(key)
        return node is not None and not (isinstance(node, Scalar) and node.empty)

    def at(self, key: str) -> int:
        """Return the line of `key`, or that of the mapping when it is absent."""
        return self.lines.get(key, self.line)

    def fault(self, key: str, sentence: str, next_step: str, **facts: Any) -> None:
        """Note a mistake at `key`."""
        self.file.fault(self.at(key), sentence, next_step, key=key, name=self.name, **facts)

    def text(self, key: str) -> str | None:
        """Return a text for people; None when absent."""
        return self.value(key, prose)

    def required(self, key: str) -> str:
        """Return a text for people; "" and a fault when absent."""
        found = self.text(key)
        if found == "" or key not in self._nodes:
            self.fault(key, "`{name}` has no `{key}`", "add a line `{key}: …` to it")
        return found or ""

    def require(self, key: str) -> None:
        """Note a fault when `key` is absent."""
        if key not in self:
            self.fault(key, "`{name}` has no `{key}`", "add a line `{key}: …` to it")

    def value(self, key: str, read: Callable[[str], T]) -> T | None:
        """Return what `read` makes of the value; None when absent or wrong."""
        node = self._nodes.get(key)
        return None if node is None else self.single(key, node, read)

    def word(self, key: str, known: Sequence[str], default: str) -> str:
        """Return one of the `known` words."""
        found = self.value(key, one_of(known))
        return default if found is None else found

    def values(self, key: str, read: Callable[[str], T]) -> tuple[T, ...]:
        """Return a list of values; a lone value is a list of one."""
        found = (self.single(key, node, read) for node in self.nodes(key))
        return tuple(value for value in found if value is not None)

    def nodes(self, key: str) -> tuple[Node, ...]:
        """Return the nodes of a list; a lone node is a list of one."""
        node = self._nodes.get(key)
        if node is None:
            return ()
        return node.nodes if isinstance(node, Items) else (node,)

    def inner(self, key: str, name: str, keys: Sequence[str]) -> Fields:
        """Return the mapping at `key`; one without entries when absent."""
        fields = Fields(self.file, self._nodes.get(key), name, keys)
        fields.line = self.at(key)
        return fields

    def named(self, key: str, read: Callable[[str], str]) -> Iterable[tuple[str, Node]]:
        """Give (id, node) for each entry of a mapping whose keys are ids, as `read` reads them."""
        node = self._nodes.get(key)
        if node is None or (isinstance(node, Scalar) and node.empty):
            return
        if not isinstance(node, Entries):
            step = "write one id per line under it, each with a colon"
            self.fault(key, "`{key}` should hold ids, and holds a list or a text", step)
            return
        for text, inner in node.nodes.items():
            line = node.lines[text]
            name = self.single(key, Scalar(line, text, plain=True, comment=False), read)
            if name is not None:
                yield name, replace(inner, line=line)

    def single(self, key: str, node: Node, read: Callable[[str], T]) -> T | None:
        """Return what `read` makes of one value; None and a fault when it is wrong."""
        if not isinstance(node, Scalar):
            step = "write one value; a text with a colon or a comma goes in quotes: {quoted}"
            quoted = self.file.quoted(node.line, item=node is not self._nodes.get(key))
            sentence = "`{key}` in `{name}` should be one value, and is a list or a mapping"
            self.file.fault(node.line, sentence, step, key=key, name=self.name, quoted=quoted)
            return None
        if node.comment and read is prose:
            step = "write it so: {quoted}  (or quote the title alone, with the remark behind it)"
            quoted = self.file.quoted(node.line, comment=True)
            sentence = "YAML drops everything behind ` #` in this line"
            self.file.fault(node.line, sentence, step, quoted=quoted)
            return None
        if node.empty:
            return None
        try:
            return read(node.text)
        except Wrong as wrong:
            step = "write for example {key}: {example}"
            facts = {"key": key, "value": node.text, "example": wrong.example, **wrong.facts}
            self.file.fault(node.line, wrong.sentence, step, lead="`{key}`: ", **facts)
            return None

    def path(self, key: str, default: str) -> Path:
        """Return a path, relative ones seen from the file that names it."""
        return self.value(key, path_from(self.file.path)) or path_from(self.file.path)(default)


def prose(text: str) -> str:
    """Return a text for people, its accents composed, its line breaks and doubled spaces gone."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def as_written(text: str) -> str:
    """Return a text as it stands, for references to ids: a remark may stand behind it."""
    return text


def one_of(known: Sequence[str]) -> Callable[[str], str]:
    """Return a reader of exactly these words."""

    def read(text: str) -> str:
        if text not in known:
            example = nearest(text, known) or known[0]
            raise Wrong("`{value}` is not one of {known}", example, known=", ".join(known))
        return text

    return read


def path_from(file: Path) -> Callable[[str], Path]:
    """Return a reader of paths that are relative to the folder of `file`."""

    def read(text: str) -> Path:
        return Path(os.path.abspath(file.parent / Path(text).expanduser()))  # noqa: PTH100 - resolve() would follow links, and a link is what the archivist named

    return read


def _words(keys: Iterable[str]) -> str:
    return ", ".join(keys)
