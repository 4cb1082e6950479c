"""names.py: what is said of whom, and what is not. All people are fictional."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Cast, CastMember, Word
from pipeline.names import find_cues
from pipeline.speakers.phonetic import sound
from pipeline.speakers.phrases import LANGUAGES

CAST = Cast(
    chair=(CastMember("odile-garnier", "Odile Garnier"),),
    speakers=(
        CastMember("claire-morel", "Claire Morel", (), ("trésorière",), ("RTR",)),
        CastMember("clara-maurel", "Clara Maurel", (), ("directrice",), ()),
        CastMember("hugues-le-roux", "Hugues Le Roux", (), ("maire",), ("la régie de quartier",)),
        CastMember("samira-benali", "Samira Benali", ("Samira Ben Ali",)),
        CastMember("francois-tessier", "François Tessier", (), ("directrice",), ()),
    ),
)


def said(text: str) -> tuple[Word, ...]:
    return tuple(Word(i * 300, i * 300 + 250, word) for i, word in enumerate(text.split()))


def heard(text: str, language: str = "fr") -> set[tuple[str, str | None]]:
    return {(cue.kind, cue.person) for cue in find_cues(said(text), CAST, language)}


@pytest.mark.parametrize(
    ("text", "kind", "person"),
    [
        ("La parole est à Claire Morel.", "hand-over", "claire-morel"),
        ("Je donne la parole à Samira Benali, merci.", "hand-over", "samira-benali"),
        ("Nous écoutons maintenant Hugues Le Roux.", "hand-over", "hugues-le-roux"),
        ("Samira va nous présenter la suite.", "hand-over", "samira-benali"),
        ("Hugues, c'est à toi.", "hand-over", "hugues-le-roux"),
        ("À vous, Samira Benali.", "hand-over", "samira-benali"),
        ("On écoute notre trésorière.", "hand-over", "claire-morel"),
        ("Monsieur le maire, vous avez la parole.", "hand-over", "hugues-le-roux"),
        ("Monsieur Le Roux, vous avez la parole.", "hand-over", "hugues-le-roux"),
        ("La parole est à la régie de quartier.", "hand-over", "hugues-le-roux"),
        ("Une question de Samira Benali.", "hand-over", "samira-benali"),
        ("Est à Mme Samira Benali.", "hand-over", "samira-benali"),
        ("On va entendre la régie de quartier.", "hand-over", "hugues-le-roux"),
        ("C'est au tour de Samira.", "hand-over", "samira-benali"),
        ("Et maintenant, Samira Benali !", "hand-over", "samira-benali"),
        ("Samira, tu voulais réagir ?", "hand-over", "samira-benali"),
        ("Samira a une question.", "hand-over", "samira-benali"),
        ("Je laisse Samira se présenter.", "hand-over", "samira-benali"),
        ("Merci au RTR.", "thanks", "claire-morel"),
        ("Bonjour, Claire Morel, pour le RTR.", "introduction", "claire-morel"),
        ("Pour le RTR, je voudrais dire un mot.", "introduction", "claire-morel"),
        ("Je suis maire de cette commune.", "introduction", "hugues-le-roux"),
        ("En tant que trésorière, je voudrais répondre.", "introduction", "claire-morel"),
        ("Merci Claire Morel.", "thanks", "claire-morel"),
        ("Merci beaucoup, Samira, pour ces mots.", "thanks", "samira-benali"),
        ("Bonjour, je suis Clara Maurel.", "introduction", "clara-maurel"),
        ("Moi c'est Samira, bonjour.", "introduction", "samira-benali"),
        ("Je suis la coordinatrice du RTR.", "introduction", "claire-morel"),
        ("Y a-t-il une question dans la salle ?", "question", None),
        ("La séance est ouverte.", "chair", None),
        ("La séance est levée, bonne soirée.", "chair", None),
    ],
)
def test_phrase_says_who(text: str, kind: str, person: str | None) -> None:
    """Hand-overs, thanks, introductions, questions and formulas name whom they name."""
    assert (kind, person) in heard(text)


@pytest.mark.parametrize(
    "text",
    [
        "Comme disait Samira Benali, il faut agir.",
        "Samira Benali n'a pas pu venir et nous remercie.",
        "Samira Benali, de la coopérative, n'a pas pu venir.",
        "Je suis d'accord avec Samira Benali sur ce point.",
        "En l'absence de Samira Benali, nous avançons.",
        "Le projet de Samira Benali avance bien.",
    ],
)
def test_mention_gives_no_floor(text: str) -> None:
    """Who is spoken of, or absent, was given no floor, was not thanked, is not speaking."""
    kinds = {kind for kind, person in heard(text) if person == "samira-benali"}
    assert kinds
    assert kinds <= {"mention", "absence"}


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("La parole est à Samira Benalé.", "samira-benali"),
        ("La parole est à Samirra Ben Ali.", "samira-benali"),
        ("La parole est à M. Le Rouks.", "hugues-le-roux"),
        ("La parole est Mme à Samira Benali.", "samira-benali"),
        ("La parole est à Odille Garnié.", "odile-garnier"),
    ],
)
def test_misspelled_name_is_heard(text: str, person: str) -> None:
    """A name counts as a recogniser writes it, by letters and by sound."""
    assert ("hand-over", person) in heard(text)


def test_close_names_are_kept_apart() -> None:
    """Exact spelling tells two close names apart; where sound is all, neither is named."""
    assert ("hand-over", "claire-morel") in heard("La parole est à Claire Morel.")
    assert ("hand-over", "clara-maurel") in heard("La parole est à Clara Maurel.")
    named = {p for _, p in heard("La parole est à Madame Morel.")}
    assert not named & {"claire-morel", "clara-maurel"}


def test_shared_first_name_and_role_name_nobody() -> None:
    """A role of two people, a first name of two people: nobody."""
    twins = Cast((), (CastMember("a", "Luc Perrin"), CastMember("b", "Luc Vidal")))
    assert all(c.person is None for c in find_cues(said("La parole est à Luc."), twins, "fr"))
    assert all(person is None for _, person in heard("La parole est à notre directrice."))


def test_stranger_is_no_one_of_the_cast() -> None:
    """A floor given to someone unlisted says so, also where a first name is shared."""
    assert ("hand-over", None) in heard("La parole est à M. Hugues Vasseur.")
    assert not {p for _, p in heard("La parole est à M. Hugues Vasseur.")} - {None}


def test_common_word_is_no_first_name() -> None:
    """The word "Français" is nearly "François", and names nobody."""
    assert not heard("Il faut que chaque Français le sache.")


def test_quote_and_place() -> None:
    """A cue keeps its words, its span and its middle."""
    cue = next(
        c
        for c in find_cues(said("Bonjour. La parole est à Claire Morel."), CAST, "fr")
        if c.kind == "hand-over"
    )
    assert cue.quote == "parole est à Claire Morel."
    assert (cue.span.start_ms, cue.span.end_ms) == (600, 2050)
    assert cue.at_ms == 1325


def test_languages_stand_beside_each_other() -> None:
    """English has the same kinds of phrases; a language without a table gives no cue."""
    kinds = [{phrase.kind for phrase in LANGUAGES[code].phrases} for code in ("fr", "en")]
    assert kinds[0] == kinds[1]
    assert ("hand-over", "claire-morel") in heard("The floor is to Claire Morel.", "en")
    assert ("thanks", "samira-benali") in heard("Thank you very much, Samira Benali.", "en-GB")
    assert not heard("La parole est à Claire Morel.", "xx")


@pytest.mark.parametrize(
    ("text", "kind", "person"),
    [
        ("The floor is yours, Samira Benali.", "hand-over", "samira-benali"),
        ("Let's hear from Samira.", "hand-over", "samira-benali"),
        ("Next up is Claire Morel.", "hand-over", "claire-morel"),
        ("Samira, you wanted to respond?", "hand-over", "samira-benali"),
        ("A question from Samira.", "hand-over", "samira-benali"),
        ("My name is Samira Benali.", "introduction", "samira-benali"),
        ("Speaking for the RTR, I would say yes.", "introduction", "claire-morel"),
        ("Samira Benali couldn't make it today.", "absence", "samira-benali"),
        ("As Samira said, we must act.", "mention", "samira-benali"),
    ],
)
def test_english_says_who(text: str, kind: str, person: str) -> None:
    """The English table names whom the French one would."""
    found = heard(text, "en")
    assert (kind, person) in found
    assert kind in {"hand-over", "introduction"} or ("hand-over", person) not in found


def test_sound_key() -> None:
    """What is said alike has one key; what is not, has not."""
    for one, other in [("Rauman", "Roman"), ("Maurel", "Morel"), ("Philippe", "Filip")]:
        assert sound(one) == sound(other)
    for one, other in [("Claire", "Clara"), ("Dupont", "Dumont"), ("Garnier", "Granier")]:
        assert sound(one) != sound(other)


@given(
    st.lists(
        st.sampled_from(
            [
                "La",
                "parole",
                "est",
                "à",
                "Merci",
                "Samira",
                "Benali",
                "Hugues",
                "M.",
                "je",
                "suis",
                ",",
                ".",
                "Xavier",
                "Zoé",
                "n'a",
                "pas",
                "pu",
                "!",
            ]
        ),
        max_size=30,
    )
)
def test_nobody_outside_the_cast(words: list[str]) -> None:
    """Whatever is said, a cue names somebody of the cast or nobody; an empty cast, nobody."""
    ids = {m.id for m in CAST.people}
    cues = find_cues(said(" ".join(words)), CAST, "fr")
    assert {c.person for c in cues} <= ids | {None}
    empty = find_cues(said(" ".join(words)), Cast(), "fr")
    assert {c.person for c in empty} <= {None}
