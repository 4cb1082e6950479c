"""Corrections against programmes, films and people that do the unforeseen."""

from __future__ import annotations

import random
from string import ascii_lowercase
from typing import TYPE_CHECKING

import pytest
from archive_fixture import EVENING, turn
from evening import RECORDING, SESSION, asked, desk, programme, published, put, store

from archive.corrections.applied import Corrected
from archive.corrections.overlay import EDGE_MS
from archive.corrections.place import Place, read_place
from archive.corrections.report import open_questions
from archive.errors import ArchiveFault

if TYPE_CHECKING:
    from archive.store import Store

__all__ = ["store"]

NEW = {"name": "Lou Nouvel", "sort_name": "Nouvel Lou", "role": "jardinière"}


def test_what_lies_across_two_captures_goes_with_each(store: Store) -> None:
    """The programme puts the second capture first: both halves of the stretch stay withdrawn."""
    first, second = turn(SESSION, 9_000, "Avantchose."), turn(SESSION, 11_000, "Aprèschose.")
    put(store, [first, second], [("a", 0, 10_000), ("b", 10_000, 10_000)])
    desk(store).withdraw(Place(RECORDING, 8_000, 12_000))
    second, first = turn(SESSION, 1_000, "Aprèschose."), turn(SESSION, 19_000, "Avantchose.")
    put(store, [second, first], [("b", 0, 10_000), ("a", 10_000, 10_000)])
    public = published(store)
    assert b"chose" not in public


def test_a_name_does_not_run_on_into_another_capture(store: Store) -> None:
    """Another capture takes the second's place: nobody is named in it who was not heard there."""
    said = [turn(SESSION, 8_500, "Bonjour à vous."), turn(SESSION, 11_000, "Bonsoir.")]
    put(store, said, [("a", 0, 10_000), ("b", 10_000, 10_000)])
    desk(store).name_speaker(Place(RECORDING, 8_000, 12_000), "bo-exemple", "turn", {})
    said[1] = turn(SESSION, 11_000, "Voici tout autre chose.")
    put(store, said, [("a", 0, 10_000), ("c", 10_000, 10_000)])
    turns = Corrected(store.db.conn).laid(RECORDING).turns
    named = [(t["start_ms"], t["person_id"]) for t in turns]
    assert named == [(8_500, "bo-exemple"), (11_000, None)]


def test_a_stretch_past_the_end_does_not_run_on_into_what_comes_after(store: Store) -> None:
    """A later programme puts another capture there: nobody listened to it."""
    put(store, [turn(SESSION, 8_500, "Bonjour à vous.")], [("a", 0, 10_000)])
    desk(store).name_speaker(Place(RECORDING, 8_000, 12_000), "bo-exemple", "turn", {})
    said = [turn(SESSION, 8_500, "Bonjour à vous."), turn(SESSION, 10_600, "Autre chose.")]
    put(store, said, [("a", 0, 10_000), ("b", 10_000, 10_000)])
    turns = Corrected(store.db.conn).laid(RECORDING).turns
    assert [t["person_id"] for t in turns] == ["bo-exemple", None]


def test_a_turn_across_two_captures_stays_one(store: Store) -> None:
    """Named, it is kept as two stretches of sound; it is shown as one turn."""
    put(
        store,
        [turn(SESSION, 9_000, "Bonjour à vous tous ici.")],
        [("a", 0, 10_000), ("b", 10_000, 9_000)],
    )
    desk(store).name_speaker(Place(RECORDING, 9_100), "bo-exemple", "turn", {})
    (found,) = Corrected(store.db.conn).laid(RECORDING).turns
    assert (found["person_id"], found["start_ms"], found["end_ms"]) == ("bo-exemple", 9_000, 11_000)


def test_a_short_word_in_another_file_is_nobodys(store: Store) -> None:
    """The capture is another: that somebody says "merci" there too tells nothing."""
    put(store, [turn(SESSION, 1_000, "Merci.")])
    desk(store).name_speaker(Place(RECORDING, 1_000), "bo-exemple", "turn", {})
    desk(store).write_text(Place(RECORDING, 1_000), "Assez.")
    put(store, [turn(SESSION, 1_200, "Merci.", person="cleo-essai")], [("b", 0, 90_000)])
    (found,) = Corrected(store.db.conn).laid(RECORDING).turns
    assert (found["person_id"], found["passages"][0]["text"]) == ("cleo-essai", "Merci.")
    assert any("moved" in line for line in open_questions(store.db.conn))


def test_a_name_is_given_though_both_ends_lie_near_one_change_of_turns(store: Store) -> None:
    """Another model hears the short turn's change in its middle: the name is not lost for it."""
    put(
        store, [turn(SESSION, 0, "Un."), turn(SESSION, 1_000, "Oui."), turn(SESSION, 2_000, "Non.")]
    )
    desk(store).name_speaker(Place(RECORDING, 1_000, 1_400), "bo-exemple", "turn", {})
    put(
        store,
        [turn(SESSION, 700, "Un."), turn(SESSION, 1_150, "Oui."), turn(SESSION, 5_000, "Non.")],
    )
    turns = Corrected(store.db.conn).laid(RECORDING).turns
    assert [t["person_id"] for t in turns] == [None, "bo-exemple", None]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_order_of_captures_no_name_strays_and_nothing_comes_back(
    store: Store, seed: int
) -> None:
    """Stretches at random, named or withdrawn; then other programmes of the same films."""
    chance = random.Random(seed)
    films = {c: ["".join(chance.choices(ascii_lowercase, k=9)) for _ in range(24)] for c in "abc"}

    def arrange(order: str) -> None:
        captures = [(c, 10_000 * n, 10_000) for n, c in enumerate(order)]
        said = [
            turn(SESSION, at + 400 * n, " ".join(films[c][n : n + 4]), voice=f"voice-{n % 3}")
            for c, at, _ in captures
            for n in range(0, 24, 4)
        ]
        put(store, said, captures)

    arrange("abc")
    places = {w: 10_000 * k + 400 * n for k, c in enumerate("abc") for n, w in enumerate(films[c])}
    gone, named = set(), set()
    for _ in range(5):
        start = chance.randrange(27_000)
        end = start + chance.randrange(400, 9_000)
        if chance.random() < 0.5:
            desk(store).withdraw(Place(RECORDING, start, end))
            gone |= {w for w, at in places.items() if at < end and at + 400 > start}
        else:
            desk(store).name_speaker(Place(RECORDING, start, end), "bo-exemple", "turn", {})
            first, last = start - EDGE_MS - 200, end + EDGE_MS - 200
            named |= {w for w, at in places.items() if first <= at < last}
    for order in ("abc", "cab", "ba", "c"):
        arrange(order)
        public = published(store).decode("latin-1").lower()
        assert not [word for word in gone if word in public]
        his = "SELECT p.text FROM passages p JOIN turns t ON t.id = p.turn_id WHERE person_id <> ''"
        assert {word for (text,) in asked(store, his) for word in text.split()} <= named


def test_a_role_from_elsewhere_never_stops_a_publication(store: Store) -> None:
    """The event that gave a newcomer her role leaves, the organisation was never there."""
    put(store, [turn(SESSION, 1_000, "Bonsoir."), turn(SESSION, 5_000, "Merci.")])
    told = NEW | {"organisation": "COOP"}
    for start in (1_000, 5_000):
        desk(store).name_speaker(Place(RECORDING, start), "lou", "turn", told)
    published(store)
    assert asked(store, "SELECT role, organisation_id FROM roles WHERE person_id = 'lou'") == [
        ("jardinière", "COOP")
    ]
    event = programme()
    store.put_event(EVENING, {**event, "organisations": (), "roles": ()})
    published(store)
    assert asked(store, "SELECT role, organisation_id FROM roles WHERE person_id = 'lou'") == [
        ("jardinière", None)
    ]
    store.db.execute("UPDATE corrections SET recording_id = 'gone/gone'")
    published(store)
    assert asked(store, "SELECT role FROM roles WHERE person_id = 'lou'") == []


@pytest.mark.parametrize(
    ("person", "told"),
    [
        ("bo-exemple", NEW),
        ("une-personne", NEW),
        ("Lou Nouvel", NEW),
        ("lou", NEW | {"organisation": "typo"}),
    ],
)
def test_a_newcomer_takes_nobodys_place(store: Store, person: str, told: dict[str, str]) -> None:
    """Not an id that is somebody else's, nor that of no address; and for no unknown house."""
    put(store, [turn(SESSION, 1_000, "Bonsoir.")])
    with pytest.raises(ArchiveFault):
        desk(store).name_speaker(Place(RECORDING, 1_000), person, "turn", told)


def test_a_spelling_of_nothing_is_refused(store: Store) -> None:
    """Recorded, it would stop every later publication."""
    put(store, [turn(SESSION, 1_000, "Bonsoir.")])
    for wrong in ("", "  ", "…"):
        with pytest.raises(ArchiveFault):
            desk(store).mend_spelling(wrong, "PTCE", "")


def test_restored_words_are_said_once(store: Store) -> None:
    """Restored twice, or heard by the next model: once; where it hears others, not forced."""
    put(store, [turn(SESSION, 1_000, "Bonsoir.")])
    store.db.execute(
        "INSERT INTO withheld VALUES (?, 4000, 4800, 'no-speech', 'Bravo Rivemont.')", [RECORDING]
    )
    for _ in range(2):
        desk(store).restore(Place(RECORDING, 4_000))
    texts = "SELECT GROUP_CONCAT(text, ' ') FROM passages"
    published(store)
    assert asked(store, texts) == [("Bonsoir. Bravo Rivemont.",)]
    put(store, [turn(SESSION, 1_000, "Bonsoir."), turn(SESSION, 4_100, "Bravo Rivemont.")])
    published(store)
    assert asked(store, texts) == [("Bonsoir. Bravo Rivemont.",)]
    put(store, [turn(SESSION, 4_100, "Tout autre chose.")])
    published(store)
    assert asked(store, texts) == [("Tout autre chose.",)]
    assert any("moved" in line for line in open_questions(store.db.conn))


def test_what_lies_after_the_end_is_not_withdrawn_without_a_word(store: Store) -> None:
    """A mistyped time must not look as if it had been done."""
    put(store, [turn(SESSION, 1_000, "Bonsoir.")])
    with pytest.raises(ArchiveFault, match="ends at 00:01:30"):
        read_place(store.db.conn, f"{RECORDING} 1:30–1:35")
    assert read_place(store.db.conn, f"{RECORDING} 1:29–1:35").end_ms == 95_000


def test_half_a_letter_is_refused_and_strange_ones_are_kept(store: Store) -> None:
    """Half of a pair of code units stops nothing later; what looks like code is a text."""
    put(store, [turn(SESSION, 1_000, "Bonsoir à tous.")])
    with pytest.raises(ArchiveFault, match="no text"):
        desk(store).write_text(Place(RECORDING, 1_000), "\udcff")
    strange = "<script>alert(1)</script> '; DROP TABLE passages;-- \u202egauche 𝒜 \\1 (.*)+$"
    desk(store).write_text(Place(RECORDING, 1_000), strange)
    desk(store).mend_spelling("p.*s", "\\g<0>", "")
    published(store)
    assert asked(store, "SELECT text FROM passages") == [(strange,)]
    desk(store).mend_spelling("passages", "\\g<0> " * 2_000, "")
    published(store)
    assert asked(store, "SELECT LENGTH(text) > 12000 FROM passages") == [(1,)]
