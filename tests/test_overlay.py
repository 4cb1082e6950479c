"""Corrections laid over turns: what they change, and that they change nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archive_fixture import turn
from hypothesis import given
from hypothesis import strategies as st

from archive.corrections.ground import Grounds
from archive.corrections.model import Correction, Stretch
from archive.corrections.overlay import Laid, overlay

if TYPE_CHECKING:
    from collections.abc import Sequence

RECORDING = "e/r"
SHA = "a" * 64
GROUNDS = Grounds(frozenset({RECORDING}), {SHA: [(RECORDING, 0)]}, frozenset({"ana", "bo", "cleo"}))
SESSIONS = [{"id": "e/s", "from_ms": None, "to_ms": None}]


def rows(*turns: Any) -> list[dict[str, Any]]:
    """Turns as work.db holds them."""
    return [
        {
            **t,
            "id": n,
            "recording_id": RECORDING,
            "passages": [{"heard": None, **p} for p in t["passages"]],
        }
        for n, t in enumerate(turns, 1)
    ]


BASE = rows(
    turn("e/s", 1_000, "Bonjour à tous. La pétécé de Rivemont.", "Merci bien.", person="ana"),
    turn("e/s", 10_000, "Je suis d'accord avec elle.", voice="voice-2", person="bo"),
    turn("e/s", 20_000, "Et moi aussi, je crois.", voice="voice-3"),
)


def laid(*corrections: Correction, base: Sequence[dict[str, Any]] = BASE) -> Laid:
    """Lay corrections, numbered in their order."""
    numbered = [
        Correction(c.kind, c.recording, c.stretches, c.facts, id=n)
        for n, c in enumerate(corrections, 1)
    ]
    return overlay(RECORDING, base, SESSIONS, numbered, GROUNDS)


def stretch(start_ms: int, end_ms: int, **more: Any) -> Stretch:
    return Stretch(start_ms, end_ms, SHA, start_ms, **more)


def naming(person: str | None, start_ms: int, end_ms: int, kind: Any = "speaker") -> Correction:
    facts = {"what": "name"} if kind == "confirm" else {}
    return Correction(kind, RECORDING, (stretch(start_ms, end_ms, person=person),), facts)


def writing(start_ms: int, end_ms: int, heard: str, *words: str) -> Correction:
    length = (end_ms - start_ms) // max(1, len(words))
    spoken = tuple(
        (start_ms + n * length, start_ms + (n + 1) * length, w) for n, w in enumerate(words)
    )
    return Correction("text", RECORDING, (stretch(start_ms, end_ms, heard=heard, words=spoken),))


def told(found: Laid) -> list[tuple[str | None, str, str]]:
    """Who says what, and how sure the name is."""
    return [
        (t["person_id"], t["origin"], " / ".join(p["text"] for p in t["passages"]))
        for t in found.turns
    ]


def test_without_corrections_all_stays() -> None:
    """Nothing laid on: the very same rows."""
    assert laid().turns == BASE


def test_a_name_is_given_to_the_words_of_its_stretch_alone() -> None:
    """Words in the stretch change hands; those around keep their name, time and voice."""
    found = laid(naming("cleo", 10_000, 10_800))
    assert told(found)[1:3] == [
        ("cleo", "corrected", "Je suis"),
        ("bo", "automatic", "d'accord avec elle."),
    ]
    assert [t["voice"] for t in found.turns[1:3]] == ["voice-2", "voice-2"]
    assert found.turns[2]["start_ms"] == 10_800
    assert found.turns[1]["confidence"] == 1.0


def test_an_end_near_a_change_of_turns_means_the_change() -> None:
    """Four tenths of a second off, the stretch still is the turn: no word is torn off."""
    found = laid(naming("cleo", 9_700, 12_300))
    assert told(found)[1] == ("cleo", "corrected", "Je suis d'accord avec elle.")
    assert len(found.turns) == len(BASE)


def test_nobody_takes_a_name_away() -> None:
    """A person who is said to be nobody of the programme leaves the turn, and that is no doubt."""
    found = laid(naming(None, 10_000, 12_000))
    assert told(found)[1][:2] == (None, "corrected")


def test_of_two_names_the_later_holds() -> None:
    """Corrections are laid on in the order in which they were made."""
    found = laid(naming("cleo", 10_000, 12_000), naming("ana", 10_000, 12_000, "confirm"))
    assert told(found)[1][:2] == ("ana", "confirmed")


def test_a_person_whom_nobody_gives_any_more_changes_nothing() -> None:
    """A name that left the programmes is not published through an old correction: it is told."""
    found = laid(naming("gone", 10_000, 12_000))
    assert told(found) == told(laid())
    assert found.landed[1][0].state == "lost"


def test_words_are_put_in_place_of_words() -> None:
    """The words meant change, their neighbours keep text, time and passage."""
    found = laid(writing(2_600, 3_000, "pétécé", "PTCE"))
    assert told(found)[0][2] == "Bonjour à tous. La PTCE de Rivemont. / Merci bien."
    passage = found.turns[0]["passages"][0]
    assert passage["origin"] == "corrected"
    assert found.turns[0]["passages"][1] is BASE[0]["passages"][1]
    assert len(json.loads(passage["words"])) == 7


def test_words_are_found_again_though_another_model_times_and_spells_them_otherwise() -> None:
    """A near spelling three tenths of a second later is the word that was meant."""
    base = rows(turn("e/s", 1_300, "Bonjour à tous. La pétessé de Rivemont."))
    found = laid(writing(2_600, 3_000, "pétécé", "PTCE"), base=base)
    assert told(found)[0][2] == "Bonjour à tous. La PTCE de Rivemont."


def test_other_words_at_the_place_are_left_alone() -> None:
    """Where the ground has moved beyond recognition nothing is forced, and it is told."""
    base = rows(turn("e/s", 1_000, "Une autre phrase que voici, toute différente et longue."))
    found = laid(writing(2_600, 3_000, "pétécé", "PTCE"), base=base)
    assert told(found) == told(laid(base=base))
    assert found.landed[1][0].state == "lost"


def test_no_words_take_away_what_nobody_said() -> None:
    """Invented words go, and with the last of them their turn."""
    found = laid(writing(20_000, 22_000, "Et moi aussi, je crois."))
    assert len(found.turns) == 2


def test_a_sound_that_stands_elsewhere_takes_its_corrections_along() -> None:
    """The same capture later in the recording: the correction moves by as much."""
    moved = Grounds(GROUNDS.recordings, {SHA: [(RECORDING, 5_000)]}, GROUNDS.people)
    base = rows(turn("e/s", 15_000, "Je suis d'accord avec elle.", person="bo"))
    correction = Correction(
        "speaker", RECORDING, (stretch(10_000, 12_000, person="cleo"),), {}, id=1
    )
    found = overlay(RECORDING, base, SESSIONS, [correction], moved)
    assert told(found) == [("cleo", "corrected", "Je suis d'accord avec elle.")]
    assert found.landed[1][0].state == "moved"


def test_a_sound_in_another_recording_takes_its_corrections_along() -> None:
    """A programme that splits a recording otherwise loses no correction."""
    other = Grounds(frozenset({"e/r", "e/two"}), {SHA: [("e/two", 0)]}, GROUNDS.people)
    correction = Correction(
        "speaker", RECORDING, (stretch(10_000, 12_000, person="cleo"),), {}, id=1
    )
    found = overlay("e/two", BASE, SESSIONS, [correction], other)
    assert told(found)[1][0] == "cleo"
    assert not overlay(RECORDING, BASE, SESSIONS, [correction], other).landed


def test_a_capture_that_is_gone_is_looked_for_by_its_words() -> None:
    """A re-encoded file has another hash: what was heard tells where its stretch is, or nothing."""
    gone = Grounds(GROUNDS.recordings, {"b" * 64: [(RECORDING, 0)]}, GROUNDS.people)
    heard = "Je suis d'accord avec elle."
    one = Correction(
        "speaker", RECORDING, (stretch(10_000, 12_000, person="cleo", heard=heard),), {}, id=1
    )
    later = rows(turn("e/s", 40_000, "Bien."), turn("e/s", 47_000, heard, person="bo"))
    found = overlay(RECORDING, later, SESSIONS, [one], gone)
    assert told(found)[1][:2] == ("cleo", "corrected")
    assert found.landed[1][0].state == "moved"
    twice = [*later, *rows(turn("e/s", 60_000, heard, person="ana"))]
    found = overlay(RECORDING, twice, SESSIONS, [one], gone)
    assert {who for who, _, _ in told(found)} == {None, "bo", "ana"}
    assert found.landed[1][0].state == "lost"


def test_a_spelling_is_mended_wherever_it_stands_and_what_was_heard_is_kept() -> None:
    """Signs and elisions around the word stay; capitals and accents do not matter."""
    base = rows(turn("e/s", 1_000, "L'Pétécé, oui : un pétécé. Des pétécés."))
    mending = Correction("replace", None, (), {"from": "petece", "to": "PTCE", "within": ""})
    found = laid(mending, base=base)
    assert told(found)[0][2] == "L'PTCE, oui : un PTCE. Des pétécés."
    assert json.loads(found.turns[0]["passages"][0]["heard"]) == {"0": "L'Pétécé,", "4": "pétécé."}
    assert found.mended == {1: [(1_000, 1_400), (2_600, 3_000)]}


def test_a_spelling_of_several_words_is_mended() -> None:
    """Two words for three: the new ones share their time, none is lost around them."""
    base = rows(turn("e/s", 1_000, "Voici Jean dit Pain, maire."))
    facts = {"from": "Jean dit Pain", "to": "Jean Dupin", "within": "e"}
    found = laid(Correction("replace", None, (), facts), base=base)
    assert told(found)[0][2] == "Voici Jean Dupin, maire."
    assert len(json.loads(found.turns[0]["passages"][0]["words"])) == 4


def test_a_spelling_stays_within_its_session() -> None:
    """Within another event or session nothing is mended."""
    facts = {"from": "pétécé", "to": "PTCE", "within": "e/other"}
    assert told(laid(Correction("replace", None, (), facts))) == told(laid())


def test_withheld_words_come_back_where_they_were_said() -> None:
    """In the turn around them, as confirmed words; between two turns, in an unknown voice."""
    inside = stretch(3_850, 3_950, heard="x", words=((3_850, 3_900, "vraiment"),))
    between = stretch(15_000, 16_000, heard="y", words=((15_000, 16_000, "Bravo"),))
    found = laid(Correction("restore", RECORDING, (inside, between)))
    assert told(found)[0][0] == "ana"
    assert "vraiment" in told(found)[0][2]
    assert told(found)[2] == (None, "automatic", "Bravo")
    assert found.turns[2]["session_id"] == "e/s"
    assert found.turns[2]["voice"] == "voice-4"
    assert found.restored == (inside, between)


@given(
    st.lists(
        st.tuples(st.integers(0, 24_000), st.integers(1, 9_000), st.sampled_from(["ana", "cleo"])),
        max_size=6,
    )
)
def test_names_never_lose_add_or_reorder_a_word(names: list[tuple[int, int, str]]) -> None:
    """Whatever is named, the words and their times are those that were there."""

    def words(found: Sequence[dict[str, Any]]) -> list[object]:
        return [
            (text, time)
            for t in found
            for p in t["passages"]
            for text, time in zip(p["text"].split(" "), json.loads(p["words"]), strict=True)
        ]

    found = laid(*(naming(who, start, start + length) for start, length, who in names))
    assert words(found.turns) == words(BASE)
