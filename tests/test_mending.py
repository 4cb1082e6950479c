"""Names of the programme are spelled its way; what was heard is kept, and common words stay."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from archive_fixture import TODAY, make_work

from archive.publish import publish
from archive.search import Query, search
from pipeline import sidecar
from pipeline.mending import mend
from pipeline.model import Turn, Word
from pipeline.passages import passages
from pipeline.rows import turn_rows

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("Claire Morel", "Denis Rousseau", "Samira Benali", "Bernard Roman", "RTES", "Rivemont")


def said(text: str) -> tuple[Word, ...]:
    return tuple(Word(n * 300, n * 300 + 300, word, 0.5) for n, word in enumerate(text.split()))


def mended(text: str, names: tuple[str, ...] = NAMES, language: str = "fr") -> str:
    return " ".join(word.text for word in mend(said(text), names, language))


@pytest.mark.parametrize(
    ("heard", "shown"),
    [
        ("Merci Claire Maurel, bonjour.", "Merci Claire Morel, bonjour."),
        ("La parole est à Denis Rousso.", "La parole est à Denis Rousseau."),
        ("Madame Benalli nous dit", "Madame Benali nous dit"),
        ("C'est l'avis d'Benalli.", "C'est l'avis d'Benali."),
        ("à Rivemond, demain", "à Rivemont, demain"),
        ("Bernard Rauman arrive", "Bernard Roman arrive"),
    ],
)
def test_near_misses_are_respelt(heard: str, shown: str) -> None:
    """By letters and by sound together, with what stands around the word left as it is."""
    assert mended(heard) == shown
    for before, after in zip(said(heard), mend(said(heard), NAMES, "fr"), strict=True):
        assert after.heard == (before.text if before.text != after.text else None)
        assert (after.span, after.probability) == (before.span, before.probability)


@pytest.mark.parametrize(
    "text",
    [
        "Il a écrit un roman sur le moral des rivaux.",  # common words, like names in sound
        "Roman, morale, mortel, rousse.",
        "Claire Dumont et Denis Moreau sont là.",  # other people
        "Clara Morel est une autre.",
        "Claire. Maurel est son nom",  # a sentence ends between them; see below
        "le RTS et la RTBF",  # too short to be told apart
        "maurel benalli",  # no names, as they are written
    ],
)
def test_common_words_and_other_names_stay(text: str) -> None:
    """What is a word of the language, somebody else's name or no name at all is not touched."""
    kept = mended(text, ("Claire Morel", "Denis Rousseau", "Bernard Roman", "RTES"))
    assert kept == text.replace("Maurel", "Morel")


def test_who_is_like_two_is_neither() -> None:
    """A form as near to two names, or equal to another, stays as it was heard."""
    assert mended("Madame Maurel parle", ("Ana Morel", "Bo Maurell")) == "Madame Maurel parle"
    assert mended("Madame Maurel parle", ("Ana Morel", "Bo Maurel")) == "Madame Maurel parle"
    assert mended("Madame Maurel parle", ("Ana Morel",), "tlh") == "Madame Maurel parle"


def test_what_the_programme_spells_is_never_changed() -> None:
    """The programme's own spelling is the last word."""
    assert mended("Claire Morel et Samira Benali") == "Claire Morel et Samira Benali"


def test_the_real_recording_has_no_name_put_into_it(material: Path) -> None:
    """Of 558 real words none is taken for one of the demo's names."""
    path = material / "whisper-outputs-fr" / "outputs" / "medium_fr" / "smartphone.mp3.words.json"
    words = [word for segment in sidecar.read(path).segments for word in segment.words]
    assert mend(words, NAMES, "fr") == tuple(words)


def test_passages_keep_what_was_heard() -> None:
    """The row of a passage has the heard form under the word's place."""
    words = mend(said("Merci Claire Maurel."), NAMES, "fr")
    turn = Turn(words, "voice-1")
    assert len(passages(turn)) == 1
    [row] = turn_rows("s", [turn])
    assert row["passages"][0]["text"] == "Merci Claire Morel."
    assert row["passages"][0]["heard"] == '{"2":"Maurel."}'


def test_what_was_heard_is_found(tmp_path: Path) -> None:
    """A search for the heard form finds the passage that shows the mended one."""
    work = make_work(tmp_path)
    with closing(sqlite3.connect(work)) as db:
        [(passage, text)] = db.execute(
            "SELECT id, text FROM passages WHERE text LIKE '%tiers-lieux%' LIMIT 1"
        ).fetchall()
        place = next(n for n, word in enumerate(text.split()) if "tiers-lieux" in word)
        heard = f'{{"{place}": "Thierlyeuz,"}}'
        db.execute("UPDATE passages SET heard = ? WHERE id = ?", [heard, passage])
        db.commit()
    made = publish(work, tmp_path / "public", today=TODAY, names="all")
    with closing(sqlite3.connect(made.path)) as db:
        found = search(db, Query("thierlyeuz"))
        assert found.total >= 1
        assert "tiers-lieux" in found.hits[0].snippet
