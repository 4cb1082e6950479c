"""A visitor's search over the small archive: what finds what, and what never happens."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest
from archive_fixture import DAY, EVENING, TODAY, evening_recording, make_work, public_archive, turn
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import ranking
from archive.publish import publish
from archive.search import MARK_END, MARK_START, Query, Results, search
from archive.snippet import LONGEST, snippet
from archive.store import open_store
from bench.hostile import hostile_strings
from pipeline.found import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["public_archive"]


@pytest.fixture(scope="module")
def db(public_archive: Path) -> Iterator[sqlite3.Connection]:
    uri = f"file:{public_archive}?immutable=1"
    with contextlib.closing(sqlite3.connect(uri, uri=True, check_same_thread=False)) as opened:
        yield opened


def marked(results: Results) -> set[str]:
    """Return the words and phrases marked in the snippets."""
    pieces = [p for hit in results.hits for p in hit.snippet.split(MARK_START)[1:]]
    return {piece.partition(MARK_END)[0] for piece in pieces}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cooperation", {"coopérations", "coopération"}),
        ("COOPÉRATIONS", {"coopérations", "coopération"}),
        ("cooperations", {"coopérations", "coopération"}),
        ("territorial", {"territoriales", "territorial"}),
        ("nationale", {"nationaux"}),
        ("coopérer", {"coopèrent"}),
        ("animateur", {"animatrices"}),
        ("l'économie", {"économie"}),
        ("d’économie", {"économie"}),
        ("coeur", {"cœur"}),
        ("Cœurs", {"cœur"}),
        ("ESS", {"E.S.S"}),
        ("E.S.S.", {"E.S.S"}),
        ("e.s.s", {"E.S.S"}),
        ("co-construction", {"co-construction", "coconstruction"}),
        ("coconstructions", {"co-construction", "coconstruction"}),
        ("tiers-lieu", {"tiers-lieux"}),
        ("tiers lieu", {"tiers", "lieux"}),
        ("PTCE", {"PTCE", "pôle territorial de coopération économique"}),
        ("ptce", {"PTCE", "pôle territorial de coopération économique"}),
        ("coop*", {"coopérations", "coopération", "coopèrent", "coopératives"}),
        ("coo*", {"coopérations", "coopération", "coopèrent", "coopératives"}),
        ('"coeur de ville"', {"cœur de ville"}),
        ("« Main d'oeuvre »", {"main-d’œuvre"}),
        ("“économie sociale”", {"économie sociale"}),
        ('"social economie"', set()),
        ("île-de-france", {"Île-de-France"}),
        ("les communes animatrices", {"communes", "animatrices"}),
        ("la commune qui coopère", {"communes", "coopèrent"}),
    ],
)
def test_what_finds_what(db: sqlite3.Connection, text: str, found: set[str]) -> None:
    """Each rule of design section 10: what is typed marks these words and no others."""
    assert marked(search(db, Query(text))) == found


def test_a_phrase_may_cross_a_sentence_but_not_a_passage(db: sqlite3.Connection) -> None:
    """Passages are the ground on which a phrase can lie."""
    assert search(db, Query('"à tous nous parlons"')).total == 1
    assert search(db, Query('"tiers-lieux le pôle"')).total == 0


def test_a_hit_knows_where_it_stands(db: sqlite3.Connection) -> None:
    """The time is that of the first matched word; the speaker is as at that event."""
    (hit,) = search(db, Query("solidaire")).hits
    assert hit.start_ms == 30_000 + 8 * 400
    assert (hit.event_id, hit.session_id) == (DAY, f"{DAY}/ouverture")
    assert hit.recording_id == f"{DAY}/matin"
    assert (hit.person_name, hit.role, hit.organisation) == ("Bo Modèle", "directeur", "Le Phares")
    assert (hit.origin, hit.confidence) == ("automatic", 0.93)
    (hit,) = search(db, Query("coopératives")).hits
    assert (hit.role, hit.organisation) == ("président", "La Coopérative d'exemple")


def test_facets_count_under_the_other_filters(db: sqlite3.Connection) -> None:
    """A facet shows what each of its values would leave, under all filters but its own."""
    results = search(db, Query("bonjour"))
    assert [(f.value, f.count) for f in results.facets["kind"]] == [
        ("opening", 1),
        ("round-table", 1),
    ]
    assert [(f.value, f.label) for f in results.facets["event"]] == [(DAY, "PTCE et citoyenneté")]
    assert [f.value for f in results.facets["origin"]] == ["automatic", "confirmed"]
    narrowed = search(db, Query("bonjour", kind="opening"))
    assert narrowed.total == 1 == len(narrowed.hits)
    assert len(narrowed.facets["kind"]) == 2
    assert [f.value for f in narrowed.facets["person"]] == ["ana-exemple"]


@pytest.mark.parametrize(
    ("filters", "total"),
    [
        ({"person": "bo-exemple"}, 4),
        ({"organisation": "COOP"}, 1),
        ({"event": EVENING}, 2),
        ({"series": "journees"}, 8),
        ({"year": "2017"}, 6),
        ({"kind": "round-table"}, 3),
        ({"origin": "confirmed"}, 1),
        ({"recording": f"{EVENING}/soiree"}, 2),
        ({"person": "bo-exemple", "year": "2017"}, 3),
        ({"person": "nobody"}, 0),
    ],
)
def test_filters(db: sqlite3.Connection, filters: dict[str, str], total: int) -> None:
    """A filter without text lists what passes; counts and hits agree."""
    results = search(db, Query(**filters))  # type: ignore[arg-type]
    assert (results.total, len(results.hits)) == (total, total)


def test_order_by_date_is_newest_first(db: sqlite3.Connection) -> None:
    """By date the newest recording comes first, and within it what was said first."""
    hits = search(db, Query("commune", order="date")).hits
    assert [hit.date for hit in hits] == ["2019-10-05", "2017-03-28"]


def test_pages_follow_each_other(db: sqlite3.Connection) -> None:
    """Pages hold every hit once."""
    pages = [search(db, Query("coop*", page=n, size=2)) for n in (1, 2, 3, 4)]
    ids = [hit.passage_id for page in pages for hit in page.hits]
    assert len(ids) == len(set(ids)) == pages[0].total == 5


def test_one_suggestion_from_the_archives_own_words(db: sqlite3.Connection) -> None:
    """A word without a hit, alone or among others, is answered with the nearest that has one."""
    assert search(db, Query("coperation")).suggestion == "coopération"
    assert search(db, Query("économie solidère")).suggestion == "économie solidaire"
    assert search(db, Query("xqzkw")).suggestion is None
    assert search(db, Query("économie habitants")).suggestion is None
    assert search(db, Query("économie")).suggestion is None


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("ECONOMY solidère", "économie solidaire"),
        ('"économie sociale et solidère"', '"économie sociale et solidaire"'),
        ("animatrises*", "animatrices*"),
        ("l’éconnomie", "l’économie"),
        ("animatrices nimatrices", "animatrices animatrices"),
        ("commnes coopérations", "communes coopérations"),
        ('"coopération économie"', None),
    ],
)
def test_a_suggestion_changes_unknown_words_only(
    db: sqlite3.Connection, text: str, suggestion: str | None
) -> None:
    """Elisions, quotes, stars and known words stay; within a phrase unknown words count too."""
    assert search(db, Query(text)).suggestion == suggestion


def test_a_suggestion_finds_something_with_the_other_words(db: sqlite3.Connection) -> None:
    """Among words that are near, one that is said together with the rest is preferred."""
    assert search(db, Query("bonour")).suggestion == "Bonjour"
    assert search(db, Query("communes bonour")).suggestion == "communes Bonsoir"


def test_stop_words_alone_are_said_to_be_so(db: sqlite3.Connection) -> None:
    """Words too common to search get a clear note, and so does nothing at all."""
    assert search(db, Query("le la de l'")).note == "stop-words"
    assert search(db, Query("  ?! ")).note == "no-text"
    assert search(db, Query('"je suis maire et"')).total == 1


def test_many_hits_give_up_their_order(
    db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past the limit nothing is weighed: all are counted, the order is by date, and it is said."""
    monkeypatch.setattr(ranking, "MANY", 2)
    results = search(db, Query("coop*"))
    assert (results.total, results.more_than) == (5, False)
    assert (results.order, results.note) == ("date", "many")
    assert len(results.hits) == 5


HOSTILE = [
    '"', '""', '"a', "a*b", "***", "NEAR(a b)", "a AND", "OR", "NOT a", "text:a", "-a", "^a",
    "(", ")", "a)", "{a}", "'; DROP TABLE passages; --", "\x00", "a\x00b", "\ud800", "𝕒𝕓", "ﬁn",
    "%", "_", "\\", "«»", "«", "a" * 10_000, "e " * 5_000, '"' + "oe" * 300 + '"', "œ" * 400,
    "1 OR 1=1", "<script>", "\u202eabc", "é\u0301", "ç*", "*", "a*", "+a", "a:b", "l'", "’", "d''",
    "\x02\x03", "٣", "½", "ʼa", "あ", "🙂", "-", "co-", "-co", "a.b.c.", "...", "a..b",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_never_raises(db: sqlite3.Connection, text: str) -> None:
    """Whatever is typed, in the text or in a filter, there is an answer."""
    search(db, Query(text))
    search(db, Query(text, person=text, kind=text, order="date"))


def test_five_hundred_hostile_strings_are_answered(db: sqlite3.Connection) -> None:
    """Syntax, code, odd letters and excess find something or nothing, and show no SQL of ours."""
    strings = hostile_strings()
    assert len(strings) == len(set(strings)) == 500
    for text in strings:
        told = as_text(search(db, Query(text)), "fr")
        assert "passages_fts" not in told
        assert "MATCH" not in told


PIECES = st.sampled_from(
    ['"', "*", "(", "NEAR(", " AND ", "'", "«", "coop", "é", "l’", "\x00", "-"]
)


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=80) | st.lists(PIECES | st.text(max_size=3), max_size=20).map("".join),
    st.text(max_size=10) | st.none(),
    st.integers(),
    st.integers(),
)
def test_any_text_never_raises(
    db: sqlite3.Connection, text: str, value: str | None, page: int, size: int
) -> None:
    """Any string in the text or a filter, and any page number, are answered."""
    search(db, Query(text, page=page, size=size, year=value, organisation=value))


def test_snippets_are_sentences(db: sqlite3.Connection) -> None:
    """A snippet starts with the sentence of the first match."""
    (hit,) = search(db, Query("animatrices")).hits
    assert hit.snippet.startswith("Les \x02animatrices\x03")


@given(
    st.lists(st.sampled_from(["un", "mot", "long.", "Une", "fin!", "\x02ici\x03"]), max_size=200)
)
def test_snippets_are_short_and_balanced(words: list[str]) -> None:
    """However long the passage, a snippet stays short and closes its marks."""
    shown = snippet(" ".join(words))
    assert len(shown) <= LONGEST + 10
    assert shown.count(MARK_START) == shown.count(MARK_END)
    assert ("\x02" in shown) == ("\x02ici\x03" in words)


def test_marks_in_what_was_said_do_no_harm(tmp_path: Path) -> None:
    """Control characters in a transcript are not published, so marks are ours alone."""
    work = make_work(tmp_path)
    recording, tables = evening_recording()
    said = turn(f"{EVENING}/soiree", 1_000, "Un \x02piège\x03 tendu.")
    with open_store(work) as store:
        store.put_recording(recording, {**tables, "turns": [said]})
    path = publish(work, tmp_path / "public", today=TODAY, names="all").path
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert marked(search(db, Query("tendu"))) == {"tendu"}
