"""corrections.yaml, beside a programme: corrections as somebody wrote and reviewed them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, get_args

from archive.corrections.entries import FILE, Entry
from archive.corrections.model import Kind
from pipeline.reading.fields import Fields
from pipeline.reading.keys import CORRECTIONS as KEYS
from pipeline.reading.yaml_file import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from archive.corrections.desk import Reach
    from archive.errors import FileFault

_NEEDED: dict[Kind, tuple[str, ...]] = {
    "speaker": ("at", "person"),
    "text": ("at", "words"),
    "confirm": ("at",),
    "replace": ("wrong", "right"),
    "withdraw": ("at",),
    "restore": ("at",),
}
"""What each kind cannot do without."""


def read_corrections(folder: Path) -> tuple[tuple[Entry, ...], tuple[FileFault, ...]]:
    """Read an event's corrections.yaml, absent or not; return its entries and its faults."""
    path = folder / FILE
    if not path.exists():
        return (), ()
    file = read_yaml(path)
    if file.root is None:
        return (), tuple(file.faults)
    top = Fields(file, file.root, FILE, KEYS[FILE])
    entries = [
        _entry(Fields(file, node, "correction", KEYS["correction"]))
        for node in top.nodes("corrections")
    ]
    return tuple(entries), tuple(file.faults)


def _entry(fields: Fields) -> Entry:
    kind = cast("Kind", fields.word("kind", get_args(Kind), "confirm"))
    fields.require("kind")
    for key in _NEEDED[kind]:
        fields.require(key)

    def told(key: str) -> str:
        return fields.text(key) or ""

    return Entry(
        kind=kind,
        at=told("at"),
        reach=cast("Reach", fields.word("reach", ("turn", "voice", "session"), "turn")),
        person=told("person"),
        name=told("name"),
        role=told("role"),
        organisation=told("organisation"),
        words=told("words"),
        what=fields.word("what", ("name", "words"), "name"),
        wrong=told("wrong"),
        right=told("right"),
        within=told("session"),
        by=told("by"),
        why=told("why"),
        line=fields.line,
    )
