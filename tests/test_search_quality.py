"""What search finds of what readers judged to be answers, in real sittings."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bench.judged import addresses, ask, read_glossary, read_judged
from bench.search_quality import plain, score
from bench.sittings import publish_sittings, read_sittings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.judged import Judged

RULES = (
    *("accents", "case", "plurals", "elisions", "oe", "hyphens", "acronyms", "phrases"),
    *("prefixes", "names", "glossary", "words"),
)
MISSED = {
    # The dictionary knows "mort" as a noun alone.
    "meurent": {"20130126/953", "20130131/1135", "20130131/657"},
}


@dataclass(frozen=True)
class Asked:
    """A judged query, what our search found and what plain FTS5 found, best first."""

    judged: Judged
    ours: list[str]
    plain: list[str]


@pytest.fixture(scope="module")
def asked(
    material: Path, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, list[Asked]]:
    """Return every judged query with its answers, by the rule that it tries."""
    folder = material / "sittings-fr"
    file = root / "tests" / "data" / "judged_queries.json"
    sittings = read_sittings(folder)
    made = publish_sittings(folder, tmp_path_factory.mktemp("sittings"), read_glossary(file))
    found = defaultdict(list)
    with contextlib.closing(sqlite3.connect(made)) as db:
        where = addresses(db, sittings)
        for judged in read_judged(sittings, file):
            ours = [where[passage] for passage in ask(db, judged.query)]
            others = [where[passage] for passage in plain(db, judged.query)]
            found[judged.rule].append(Asked(judged, ours, others))
    return found


def test_enough_is_judged(asked: Mapping[str, list[Asked]]) -> None:
    """At least sixty queries are judged, some for every rule of search in French."""
    assert set(asked) == {*RULES, "verbs"}
    assert sum(map(len, asked.values())) >= 60


@pytest.mark.parametrize("rule", [*RULES, "verbs"])
def test_every_answer_is_found(asked: Mapping[str, list[Asked]], rule: str) -> None:
    """Whatever the rule, a visitor finds every passage that a reader took for an answer."""
    for one in asked[rule]:
        missed = one.judged.answers.difference(one.ours)
        assert missed == MISSED.get(one.judged.query, set()), one.judged.query


@pytest.mark.parametrize("rule", ["case", "acronyms", "phrases", "prefixes", "names", "glossary"])
def test_nothing_else_is_found(asked: Mapping[str, list[Asked]], rule: str) -> None:
    """Where a rule leaves no doubt about what is asked, nothing else is found."""
    for one in asked[rule]:
        assert one.judged.answers.issuperset(one.ours), one.judged.query


@pytest.mark.parametrize("rule", [*RULES, "verbs"])
def test_the_first_ten_are_no_worse_than_plain(asked: Mapping[str, list[Asked]], rule: str) -> None:
    """For no rule does plain FTS5 put more answers among the first ten."""
    ours, others = (
        sum(score(one.judged, getattr(one, way)).right_of_ten for one in asked[rule])
        for way in ("ours", "plain")
    )
    assert ours >= others
