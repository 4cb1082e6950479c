"""What crosses the wire between machines: sound without loss, and answers that are only data."""

from __future__ import annotations

import json

import pytest
from stations import IDENTITY, task

from archive.errors import CaptureFault
from pipeline.executors.parcel import answered, pack, read_answer, unpack
from pipeline.executors.schema import Refused
from pipeline.model import Look, Recognised, Segment, Span, Version, Word

WORDS = (Segment((Word(0, 20, "l'été", 0.123456789), Word(20, 60, "«oui»", 1)), -0.25),)
HEARD = Recognised(
    WORDS,
    (Look(Span(0, 60), "pieces", (Version("batched", 50, ()), Version("pieces", 0, WORDS))),),
    ((("fr", 0.75),),),
)


@pytest.mark.parametrize("samples", [1, 900, 100_000])
def test_sound_travels_without_loss(samples: int) -> None:
    """What is unpacked is what was packed, to the last sample, whatever the length."""
    sent = task(samples)
    assert unpack(pack(sent, IDENTITY)) == sent


def test_damaged_sound_is_not_heard() -> None:
    """A worker refuses sound that does not have the hash that it travels with."""
    parcel = pack(task(900), IDENTITY)
    object.__setattr__(parcel, "flac", parcel.flac[:-1] + b"x")
    with pytest.raises(CaptureFault, match="damaged"):
        unpack(parcel)


def test_an_answer_is_read_as_it_was_given() -> None:
    """Words, looks, languages and every digit of a probability come back the same."""
    parcel = pack(task(900), IDENTITY)
    read = read_answer(answered(parcel, "salle-2", 70, HEARD), parcel)
    assert (read.machine, read.took_ms, read.outcome) == ("salle-2", 70, HEARD)


WRONG = {
    "no JSON": b"{",
    "no UTF-8": b"\xff",
    "a list": b"[]",
    "too deep": b"[" * 100_000,
    "a number for a list": (b'"segments": [', b'"segments": 7, "x": ['),
    "a word too many parts": (b"[0, 20,", b"[0, 0, 20,"),
    "a word that ends before it starts": (b"[0, 20,", b"[20, 0,"),
    "an empty word": (b"[0, 20,", b"[0, 0,"),
    "words out of order": (b"[20, 60,", b"[10, 60,"),
    "a word after its window": (b"[20, 60,", b"[20, 61,"),
    "a time that is no whole number": (b"[0, 20,", b"[0, 20.5,"),
    "a time that is true": (b"[0, 20,", b"[false, 20,"),
    "a probability over 1": (b"0.123456789", b"1.5"),
    "a probability that is text": (b"0.123456789", b'"0.1"'),
    "no number": (b"0.123456789", b"Infinity"),
    "a control character": ("l'été".encode(), b"l\\u0007"),
    "a segment without words": (b'"segments": [[[[', b'"segments": [[[], 0], [[['),
    "languages of other windows": (b'[[["fr", 0.75]]]', b'[[["fr", 0.75]], [["fr", 0.75]]]'),
    "no machine": (b'"salle-2"', b'""'),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_no_answer_is_refused(wrong: bytes | tuple[bytes, bytes]) -> None:
    """Anything that is not exactly words inside their windows raises Refused, and only that."""
    parcel = pack(task(900), IDENTITY)
    answer = answered(parcel, "salle-2", 70, HEARD)
    if isinstance(wrong, tuple):
        assert wrong[0] in answer
        answer = answer.replace(*wrong)
    else:
        answer = wrong
    with pytest.raises(Refused):
        read_answer(answer, parcel)


def test_an_error_is_taken_as_text() -> None:
    """A sentence from another machine is never a format string, and its kind one of ours."""
    parcel = pack(task(900), IDENTITY)
    answer = json.loads(answered(parcel, "salle-2", 70, CaptureFault("{x}", "see {y}", x=1, y=2)))
    assert answer["error"] == {"kind": "CaptureFault", "sentence": "1", "next_step": "see 2"}
    answer["error"] = {"kind": "Faults", "sentence": "{a.b:>9999999999}", "next_step": "{0}"}
    error = read_answer(json.dumps(answer).encode(), parcel).outcome
    assert str(error) == "{a.b:>9999999999}\n  → {0}"
