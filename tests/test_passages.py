"""Passages: paragraphs of a turn, ended by sentences, with every word once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Turn, Word
from pipeline.passages import LONGEST_WORDS, PARAGRAPH_WORDS, passages
from pipeline.sentences import ends_sentence


def _turn(texts: list[str], pause_ms: int = 0) -> Turn:
    words = []
    at = 0
    for text in texts:
        words.append(Word(at, at + 200, text))
        at += 200 + (pause_ms if ends_sentence(text) else 0)
    return Turn(tuple(words), "voice-1")


@pytest.mark.parametrize("word", ["fin.", "vraiment?", "!", "non…", "a.", "»."])
def test_sentences_end_with_their_punctuation(word: str) -> None:
    """Full stop, question mark, exclamation mark and ellipsis end a sentence."""
    assert ends_sentence(word)


@pytest.mark.parametrize("word", ["M.", "P.", "Mme.", "alors,", "trois"])
def test_abbreviations_end_nothing(word: str) -> None:
    """A title or an initial before a name is no end of a sentence."""
    assert not ends_sentence(word)


def test_a_paragraph_ends_with_a_sentence() -> None:
    """Long speech is cut at the first end of a sentence past a paragraph's length."""
    sentence = ["Nous", "parlons", "ensemble."]
    found = passages(_turn(sentence * 60))
    assert len(found) > 1
    assert all(ends_sentence(p[-1].text) for p in found)
    assert all(len(p) >= PARAGRAPH_WORDS for p in found[:-1])


def test_a_long_silence_begins_a_paragraph() -> None:
    """A pause of two seconds after a sentence is a new paragraph, a short one is not."""
    assert len(passages(_turn(["Oui.", "Non."], pause_ms=2_000))) == 2
    assert len(passages(_turn(["Oui.", "Non."], pause_ms=1_999))) == 1


@given(st.lists(st.sampled_from(["mot", "fin.", "M.", "quoi?"]), min_size=1, max_size=600))
def test_every_word_is_in_one_passage(texts: list[str]) -> None:
    """Nothing lost, nothing twice, nothing reordered, and no passage without end."""
    turn = _turn(texts)
    found = passages(turn)
    assert tuple(word for passage in found for word in passage) == turn.words
    assert all(0 < len(passage) <= LONGEST_WORDS for passage in found)
