"""Who speaks, on small meetings kept in tests/data/attribution (bench/small_cases.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipeline.attribute import attribute
from pipeline.model import Cast, CastMember, Word
from pipeline.names import find_cues
from pipeline.speakers.stretches import stretches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.model import Turn

CASES = sorted((Path(__file__).parent / "data" / "attribution").glob("*.json"))


def people(rows: Sequence[dict[str, Any]]) -> tuple[CastMember, ...]:
    lists = ("spellings", "roles", "organisations")
    return tuple(CastMember(r["id"], r["name"], *(tuple(r[k]) for k in lists)) for r in rows)


def decide(case: dict[str, Any], cast: Cast) -> tuple[Turn, ...]:
    words = tuple(Word(*row) for row in case["words"])
    spans = stretches(words)
    vectors = np.array(case["vectors"], np.float32)
    cues = find_cues(words, cast, case["language"])
    return attribute(words, cast, cues, spans, vectors, min_confidence=0.8)


def shares(case: dict[str, Any], turns: Sequence[Turn]) -> list[dict[str | None, float]]:
    """For each line, the share of its words under each name."""
    person = [turn.person for turn in turns for _ in turn.words]
    found, at = [], 0
    for line in case["lines"]:
        inside = person[at : at + line["words"]]
        found.append({who: inside.count(who) / len(inside) for who in set(inside)})
        at += line["words"]
    return found


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_small_case(path: Path) -> None:
    """Who is expected is named over nine tenths of the line; nobody over a tenth wrongly."""
    case = json.loads(path.read_text("utf-8"))
    cast = Cast(people(case["chair"]), people(case["speakers"]))
    for line, names in zip(case["lines"], shares(case, decide(case, cast)), strict=True):
        wrong = {who: share for who, share in names.items() if who not in {None, line["true"]}}
        assert sum(wrong.values()) <= 0.1, (line, names)
        if line["expected"] not in {None, "?"}:
            assert names.get(line["expected"], 0) >= 0.9, (line, names)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_no_programme_names_nobody(path: Path) -> None:
    """Without a programme the voices are told apart, and nobody has a name."""
    turns = decide(json.loads(path.read_text("utf-8")), Cast())
    assert all(turn.person is None for turn in turns)
    assert len({turn.voice for turn in turns}) > 1


def test_cases_are_small() -> None:
    """A dozen cases under a megabyte."""
    assert len(CASES) >= 12
    assert sum(path.stat().st_size for path in CASES) < 1_000_000
