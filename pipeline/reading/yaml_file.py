"""A YAML file that a person wrote, as a tree that remembers its lines.

YAML 1.2 read on ruamel.yaml's event stream, strictly: no anchor, alias, tag, merge key,
directive, second document or duplicate key. No scalar is given a type here, so `14:30`
stays a time and `no` a word; whoever reads a value knows what it should be
(pipeline/reading/fields.py).

French typography cuts YAML values (" : ", " #", ", " between brackets). Such a line is
answered with the same line, quoted; the reading then goes on as if it had been written
so, and the faults further down are reported in the same look.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from archive.errors import FileFault
from pipeline.reading.yaml_quotes import mend, parse, quote, quote_flow, quote_item, quote_value

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_DEPTH = 12  # the deepest file of the format has 6 levels; a bomb of brackets has thousands

_TO_SPACE = str.maketrans({"\x85": " ", "\u2028": " ", "\u2029": " "})
_ODD_INDENT = re.compile("^ *[\t\u00a0\u2007\u202f]\\s*\\S")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as it is written. `line` counts from 1.

    `plain`: no quotes around it. `comment`: a plain value with " #" behind it on its
    line, so that a title may have lost its end there.
    """

    line: int
    text: str
    plain: bool
    comment: bool

    @property
    def empty(self) -> bool:
        """Nothing is said: no value, or YAML's null."""
        return not self.text or (self.plain and self.text in {"~", "null"})


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    line: int
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping; `lines` says where each key stands."""

    line: int
    nodes: dict[str, Node]
    lines: dict[str, int]


Node: TypeAlias = Scalar | Items | Entries


class YamlFile:
    """A file being read: its lines, its tree, and the faults found so far.

    `root` is None when there is no tree to read; `faults` then says why.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[str] = []
        self.faults: list[FileFault] = []
        self.root: Entries | None = None

    def fault(
        self, line: int, sentence: str, next_step: str, *, lead: str = "", **facts: object
    ) -> None:
        """Note one mistake; the reading goes on."""
        self.faults.append(
            FileFault(sentence, next_step, path=self.path, line=line, lead=lead, **facts)
        )

    def quoted(self, line: int, *, comment: bool = False, item: bool = False) -> str:
        """Return line `line` with its value in quotes, without its indentation.

        With `comment`, what stands behind " #" belongs to the value; with `item`, all
        that stands behind the dash of a list does.
        """
        raw = self.lines[line - 1]
        whole = quote_item(raw) if item else None
        return (whole or quote_value(raw, comment=comment) or "").strip()


def read_yaml(path: Path) -> YamlFile:
    """Read `path`; whatever is wrong with it as YAML stands in `faults` of the result."""
    file = YamlFile(path)
    text = _decode(file)
    if text is None:
        return file
    file.lines = text.split("\n")
    if _odd_indentation(file):
        return file
    events = _events(file)
    if events is not None:
        _plant(file, events)
    return file


def _plant(file: YamlFile, events: list[Event]) -> None:
    """Give the file its root, or the reason why it has none."""
    step = "see docs/files.md for what it holds; `plenary init` writes an example"
    try:
        root = _Tree(file, events).root()
    except _TooDeep as error:
        step = "close the brackets that are open above"
        file.fault(error.line, "the levels are nested deeper than any of this format", step)
        return
    if isinstance(root, Entries):
        file.root = root
    elif root is None or (isinstance(root, Scalar) and root.empty):
        file.fault(1, "the file is empty", step)
    elif not file.faults:
        file.fault(root.line, "the file does not begin with `key: value`", step)


def _decode(file: YamlFile) -> str | None:
    try:
        data = file.path.read_bytes()
    except OSError as error:
        file.faults.append(
            FileFault(
                "cannot be read ({reason})",
                "check that the file is there and that you may read it",
                path=file.path,
                reason=error.strerror,
            )
        )
        return None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        file.fault(1, "the file is UTF-16", "save it again as UTF-8 in your editor")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        sentence = "the file is not UTF-8 (byte 0x{byte:02x}; perhaps Latin-1 or Windows-1252)"
        file.fault(line, sentence, "save it again as UTF-8 in your editor", byte=data[error.start])
        return None
    return re.sub(r"\r\n?", "\n", text).translate(_TO_SPACE)


def _odd_indentation(file: YamlFile) -> bool:
    odd = [number for number, line in enumerate(file.lines, 1) if _ODD_INDENT.match(line)]
    if odd:
        file.fault(
            odd[0],
            "a tab or a no-break space stands at the start of {count} line(s)",
            "indent with ordinary spaces, two for each level",
            count=len(odd),
        )
    return bool(odd)


def _events(file: YamlFile) -> list[Event] | None:
    """Parse; note each line that YAML cannot read, and go on with it quoted where that helps."""
    while True:
        try:
            return parse(file.lines)
        except MarkedYAMLError as error:
            mended = mend(file.lines, error)
            if mended is None:
                mark = error.problem_mark or error.context_mark
                file.fault(
                    1 if mark is None else mark.line + 1,
                    "this line is not YAML, or does not fit the lines above it ({problem})",
                    "check its indentation, its colon and its quotes",
                    problem=error.problem or error.context,
                )
                return None
            number, quoted = mended
            file.fault(
                number + 1,
                "YAML cannot read this line: a text with `:`, a quote or a sign needs quotes",
                "write it so: {quoted}",
                quoted=quoted.strip(),
            )
            file.lines[number] = quoted
        except YAMLError as error:
            position = getattr(error, "position", 0)
            before = "\n".join(file.lines)[:position].count("\n")
            file.fault(before + 1, "an invisible control character stands here", "delete it")
            return None


class _TooDeep(Exception):
    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


class _Tree:
    """Events into nodes; what the strict subset refuses becomes a fault on the way."""

    def __init__(self, file: YamlFile, events: list[Event]) -> None:
        self._file = file
        self._events: Iterator[Event] = iter(events)

    def root(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self._events:
            line = event.start_mark.line + 1
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if event.version or event.tags:
                    sentence = "a directive (%…) is not allowed here"
                    self._file.fault(1, sentence, "delete the line that begins with %")
                if documents == 2:
                    sentence = "a second document (---) is not allowed here"
                    self._file.fault(line, sentence, "keep one document per file")
                    break
            elif isinstance(event, NodeEvent):
                root = self._node(event, 0)
        return root

    def _node(self, event: Event, depth: int) -> Node:
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            step = "write the value out; a text goes in quotes: {quoted}"
            sentence = "an alias (*{anchor}) is not allowed here"
            quoted = self._file.quoted(line)
            self._file.fault(line, sentence, step, anchor=event.anchor, quoted=quoted)
            return Scalar(line, f"*{event.anchor}", plain=False, comment=False)
        if getattr(event, "anchor", None) is not None:
            step = "delete it; a text goes in quotes: {quoted}"
            sentence = "an anchor (&…) is not allowed here"
            self._file.fault(line, sentence, step, quoted=self._file.quoted(line))
        if getattr(event, "tag", None) is not None:
            step = "delete it; a text goes in quotes: {quoted}"
            sentence = "a tag (!…) is not allowed here"
            self._file.fault(line, sentence, step, quoted=self._file.quoted(line))
        if depth > MAX_DEPTH:
            raise _TooDeep(line)
        if isinstance(event, SequenceStartEvent):
            return self._items(line, depth)
        if isinstance(event, MappingStartEvent):
            return self._entries(event, line, depth)
        assert isinstance(event, ScalarEvent)
        plain = bool(event.implicit[0])
        comment = plain and not _bare(event) and self._comment_behind(event)
        return Scalar(line, event.value, plain, comment)

    def _comment_behind(self, event: Event, between: str = "") -> bool:
        """Say whether " #" follows the event on its line, with `between` (a regex) before it."""
        mark = event.end_mark
        rest = self._file.lines[mark.line][mark.column :]
        return re.match(between + r"\s+#", rest) is not None

    def _items(self, line: int, depth: int) -> Items:
        nodes: list[Node] = []
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                break
            node = self._node(event, depth + 1)
            if isinstance(event, MappingStartEvent) and event.flow_style and _bare(event):
                node = self._joined(node)
            nodes.append(node)
        return Items(line, tuple(nodes))

    def _joined(self, node: Node) -> Node:
        """Give back the text that ` : ` cut into a mapping within [brackets]."""
        assert isinstance(node, Entries)
        quoted = quote_flow(self._file.lines[node.line - 1]) or ""
        self._file.fault(
            node.line,
            "` : ` between brackets makes a mapping out of a text",
            "write it so: {quoted}",
            quoted=quoted.strip(),
        )
        return Scalar(node.line, " : ".join(node.nodes), plain=False, comment=False)

    def _entries(self, start: MappingStartEvent, line: int, depth: int) -> Entries:
        entries = Entries(line, {}, {})
        value: Event | None = None
        cut: tuple[Event, Event] | None = None
        for key in self._events:
            if isinstance(key, MappingEndEvent):
                break
            key_line = key.start_mark.line + 1
            name = self._key(key, key_line, depth)
            event = next(self._events)
            no_colon = event.start_mark.index == key.end_mark.index
            if start.flow_style and no_colon and value is not None:
                cut = (value, key)
                continue
            self._report(cut)
            cut = None
            value = event if isinstance(event, ScalarEvent) and not _bare(event) else None
            node = self._node(event, depth + 1)
            if _bare(event) and isinstance(node, Scalar):
                comment = self._comment_behind(key, r"\s*:")
                node = Scalar(key_line, "", plain=True, comment=comment)
            if name is not None:
                self._add(entries, name, key_line, node)
        self._report(cut)
        return entries

    def _key(self, key: Event, line: int, depth: int) -> str | None:
        node = self._node(key, depth + 1)
        if not isinstance(node, Scalar):
            sentence = "a list or a mapping as a key is not allowed here"
            self._file.fault(line, sentence, "write a word before the colon")
            return None
        if node.plain and node.text == "<<":
            sentence = "a merge key (<<) is not allowed here"
            self._file.fault(line, sentence, "write the entries out")
            return None
        return unicodedata.normalize("NFC", node.text).strip()

    def _add(self, entries: Entries, name: str, line: int, node: Node) -> None:
        if name in entries.nodes:
            sentence = "`{key}` stands twice (first in line {first})"
            first = entries.lines[name]
            self._file.fault(line, sentence, "keep one of the two", key=name, first=first)
            return
        entries.nodes[name] = node
        entries.lines[name] = line

    def _report(self, cut: tuple[Event, Event] | None) -> None:
        """Note a text that `, ` cut within {braces}: from the first value to the last bare key."""
        if cut is None:
            return
        first, last = cut[0].start_mark, cut[1].end_mark
        raw = self._file.lines[first.line]
        mended = raw[: first.column] + quote(raw[first.column : last.column]) + raw[last.column :]
        self._file.fault(
            first.line + 1,
            "a comma between braces cuts this text",
            "write it so: {quoted}",
            quoted=mended.strip(),
        )


def _bare(event: Event) -> bool:
    """Say whether the event has no character of its own in the file."""
    return bool(event.start_mark.index == event.end_mark.index)
