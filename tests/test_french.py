"""French as search compares it: folding, tokens like the index, elision, lemmas."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.french import (
    fold,
    is_stop_word,
    lemma,
    lemmas,
    lemmas_without_accents,
    participles,
    spellings,
    tokens,
    written,
)

LETTERS = "aàâbcçdeéèêëfgiîïjklmnoôœpqrstuùûüvxyæzABCÉÈÀŒ'’-. \"?!:0123456789«»"


def indexed(text: str) -> list[str]:
    """Return the tokens that SQLite's own tokenizer makes of a text, in order."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE t USING fts5(x, tokenize='unicode61 remove_diacritics 2')")
    db.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)")
    db.execute("INSERT INTO t VALUES (?)", [text])
    return [row[0] for row in db.execute("SELECT term FROM v ORDER BY offset")]


@given(st.text(LETTERS, max_size=60))
def test_tokens_are_those_of_the_index(text: str) -> None:
    """For French text, our tokens are what unicode61 remove_diacritics 2 makes of it."""
    assert tokens(text) == indexed(text)


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    """Folding is settled, whatever the text."""
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Cœur", "coeur"),
        ("ÉTÉ", "ete"),
        ("Ça", "ca"),
        ("Lætitia", "laetitia"),
        ("Haÿ", "hay"),
    ],
)
def test_fold(said: str, meant: str) -> None:
    """Case, accents, œ and æ make no difference."""
    assert fold(said) == meant


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("l'économie", ["économie"]),
        ("l’économie d’aujourd'hui", ["économie", "aujourd'hui"]),
        ("jusqu'à ce qu’il", ["à", "ce", "il"]),
        ("quelqu'un", ["quelqu'un"]),
        ("la loi E.S.S. de 2014", ["la", "loi", "E.S.S", "de", "2014"]),
        ("co-construction, tiers-lieux.", ["co-construction", "tiers-lieux"]),
        ("fin.Début", ["fin", "Début"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    """Elisions fall off with either apostrophe; compounds and acronyms stay whole."""
    assert [word.text for word in written(text)] == words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("coopérations", "coopération"),
        ("territoriales", "territorial"),
        ("étaient", "être"),
        ("co-constructions", "coconstruction"),
        ("tiers-lieux", "tiers-lieu"),
        ("E.S.S", "ESS"),
        ("œuvres", "oeuvre"),
        ("main-d’œuvre", "main-d'oeuvre"),
        ("Chevaux", "cheval"),
        ("cœurs", "coeur"),
        ("PTCEs", "PTCE"),
        ("instrumentalisez", "instrumentaliser"),
        ("territorialisée", "territorialiser"),
        ("bancarisent", "bancarisé"),
    ],
)
def test_forms_of_one_word_share_a_lemma(one: str, other: str) -> None:
    """Plurals, feminines, verb forms, hyphens, points and œ lead to the same lemma."""
    assert lemma(one) == lemma(other)


def test_a_noun_that_is_a_participle_too_keeps_its_plural() -> None:
    """What the dictionary knows as a verb's form alone also leads to the noun of its plural."""
    assert lemma("craintes") in lemmas("crainte")
    assert lemma("adoptés") in lemmas("adopté")
    assert lemmas("maison") == {"maison"}


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("épanouir", {"epanoui", "epanouie", "epanouis", "epanouies", "epanouissant"}),
        ("vocifèrent", {"vocifere", "vociferee", "vociferes", "vociferees", "vociferant"}),
        ("partageons", {"partage", "partagee", "partages", "partagees", "partagant", "partageant"}),
        ("hiver", set()),
        ("plaisir", set()),
        ("enseignant", set()),
    ],
)
def test_participles_of_regular_verbs(word: str, forms: set[str]) -> None:
    """A regular verb leads to its participles, which the dictionary takes for adjectives."""
    assert set(participles(word)) == forms


def test_lemma_without_accents() -> None:
    """A form typed without its accents leads to the lemma of the form that has them."""
    assert lemma("coopération") in lemmas_without_accents("cooperations")
    assert lemmas_without_accents("zzzz") == frozenset()


def test_stop_words_mind_accents() -> None:
    """Where "sur" says nothing, "sûr" does."""
    assert is_stop_word("Sur")
    assert not is_stop_word("sûr")
    assert not is_stop_word("été")


def test_spellings_join_and_part_ligatures() -> None:
    """An index form with oe is sought with œ too, and the other way round."""
    assert set(spellings("coeur")) == {"coeur", "cœur"} == set(spellings("cœur"))
    assert spellings("ville") == ("ville",)
    assert len(spellings("oe" * 50)) <= 16
