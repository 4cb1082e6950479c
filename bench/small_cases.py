# ruff: noqa: E501 (what somebody says is read in one line)
"""Write tests/data/attribution: small cases of associations' meetings, all people fictional.

    python bench/small_cases.py

Each is a JSON file: the cast, the words with their times, a vector per stretch, and per line
what is expected: a person's id (that name and no other), null (no name), "?" (that line may be
left unnamed, but has no wrong name: `true` says who it is). Vectors are drawn, not anybody's:
centres with the variance between voices, stretches with that within one, as voices.md measured
them. A second of speech is 2.6 words.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.model import Word
from pipeline.speakers.chain import BETWEEN, DIMENSIONS, SHORTNESS, WITHIN
from pipeline.speakers.phonetic import fold
from pipeline.speakers.stretches import groups

if TYPE_CHECKING:
    from collections.abc import Sequence

OUT = Path(__file__).parent.parent / "tests" / "data" / "attribution"
WORD_MS = 380
NOBODY = None

SAID = [
    "Nous avons commencé il y a six ans avec dix bénévoles et beaucoup d'envie.",
    "Aujourd'hui quarante associations de la commune se partagent le lieu et le matériel.",
    "Le budget est de douze mille euros par an et la moitié vient des adhésions.",
    "Nous avons ouvert une épicerie où chacun paie selon ses moyens.",
    "Les habitants décident ensemble des travaux chaque premier mardi du mois.",
    "Il a fallu deux ans pour que la mairie nous prête les locaux.",
    "Le plus difficile est de trouver du temps pour former les nouveaux.",
    "Nous voulons garder une trace de ce qui a été dit et décidé.",
    "La régie emploie sept personnes du quartier, dont trois à mi-temps.",
    "Les jardins partagés ont nourri trente familles l'été dernier.",
    "Personne ne possède seul ce que tout le monde entretient.",
    "Un atelier de réparation se tient deux fois par semaine dans la cour.",
    "Ce que nous avons appris tient en un mot, la patience.",
    "Les chiffres disent peu de ce qui se passe entre les gens.",
    "Nous proposons que chaque réseau mette une partie de ses moyens en commun.",
    "Il manque encore un cadre clair pour les achats groupés.",
]

TOLD = [
    "We began six years ago with ten volunteers and a great deal of goodwill.",
    "Today forty groups share the building and the tools in it.",
    "Half of our budget comes from members and the rest from the city.",
    "It took two years before we were given the keys.",
    "The hardest part is to find time to train those who come new.",
    "We want to keep a record of what was said and decided.",
    "Nobody owns alone what everybody looks after.",
    "The gardens fed thirty families last summer.",
]


def speech(seed: int, sentences: int, language: str = "fr") -> str:
    """Some sentences in an order of their own."""
    stock = SAID if language == "fr" else TOLD
    return " ".join(random.Random(seed).sample(stock, min(sentences, len(stock))))


def person(name: str, *roles: str, at: str = "", also: tuple[str, ...] = ()) -> dict[str, Any]:
    """One member of a cast."""
    made: dict[str, Any] = {"id": fold(name).lower().replace(" ", "-"), "name": name}
    made |= {"roles": list(roles), "organisations": [at] if at else [], "spellings": list(also)}
    return made


PATRICIA, LUC, OTHER_LUC = person("Patricia Almeras"), person("Luc Perrin"), person("Luc Vidal")
NADIA = person("Nadia Ferroul", "trésorière")
HENRI = person("Henri Costaz", "maire")
SOLENE = person("Solène Quintard", at="RTR")
AMADOU = person("Amadou Bricout", at="la régie de quartier")
IRENE = person("Irène Valdois")

# name, chair, speakers, language, lines (voice, text, expected[, who it truly is])
Case = tuple[str, list[dict[str, Any]], list[dict[str, Any]], str, list[tuple[Any, ...]]]

CASES: list[Case] = [
    (
        "first-names",
        [IRENE],
        [PATRICIA, NADIA, AMADOU],
        "fr",
        [
            ("i", "Bonjour à tous, la séance est ouverte. Patricia, à toi.", "?", "irene-valdois"),
            ("p", speech(1, 9), "patricia-almeras"),
            ("i", "Merci Patricia. Nadia, c'est à toi.", "irene-valdois"),
            ("n", speech(2, 9), "nadia-ferroul"),
            ("i", "Merci beaucoup Nadia. On écoute Amadou.", "irene-valdois"),
            ("a", speech(3, 9), "amadou-bricout"),
            ("i", "Merci Amadou. La séance est levée.", "irene-valdois"),
        ],
    ),
    (
        "two-people-with-one-first-name",
        [IRENE],
        [LUC, OTHER_LUC],
        "fr",
        [
            ("i", "La séance est ouverte. Luc, à toi.", "?", "irene-valdois"),
            ("l", speech(4, 8), "?", "luc-perrin"),
            ("i", "Merci Luc. Je passe la parole à Luc Vidal.", "?", "irene-valdois"),
            ("v", speech(5, 8), "luc-vidal"),
            ("i", "Merci Luc Vidal. Une pause de dix minutes.", "irene-valdois"),
        ],
    ),
    (
        "organisation-called-instead-of-a-name",
        [IRENE],
        [SOLENE, AMADOU],
        "fr",
        [
            ("i", "La séance est ouverte. La parole est au RTR.", "?", "irene-valdois"),
            (
                "s",
                "Bonjour, pour le RTR, je voudrais dire ceci. " + speech(6, 8),
                "?",
                "solene-quintard",
            ),
            ("i", "Merci au RTR. Nous écoutons la régie de quartier.", "?", "irene-valdois"),
            ("a", speech(7, 8), "?", "amadou-bricout"),
            ("i", "Merci à la régie de quartier. La séance est levée.", "?", "irene-valdois"),
        ],
    ),
    (
        "unlisted-facilitator",
        [],
        [PATRICIA, NADIA],
        "fr",
        [
            (
                "x",
                "Bonjour à tous, je vais animer cette réunion. Je donne la parole à Patricia Almeras.",
                NOBODY,
            ),
            ("p", speech(8, 9), "patricia-almeras"),
            ("x", "Merci Patricia Almeras. Je donne la parole à Nadia Ferroul.", NOBODY),
            ("n", speech(9, 9), "nadia-ferroul"),
            ("x", "Merci Nadia Ferroul. Y a-t-il des questions dans la salle ?", NOBODY),
            (
                "y",
                "Oui, bonjour, je voudrais savoir comment vous avez trouvé les locaux la première année.",
                NOBODY,
            ),
            ("n", speech(10, 4), "nadia-ferroul"),
        ],
    ),
    (
        "each-once-at-length",
        [IRENE],
        [PATRICIA, LUC, NADIA, HENRI],
        "fr",
        [
            ("i", "La séance est ouverte. La parole est à Patricia Almeras.", "irene-valdois"),
            ("p", speech(11, 15), "patricia-almeras"),
            ("i", "Merci Patricia Almeras. La parole est à Luc Perrin.", "irene-valdois"),
            ("l", speech(12, 15), "luc-perrin"),
            ("i", "Merci Luc Perrin. La parole est à Nadia Ferroul.", "irene-valdois"),
            ("n", speech(13, 15), "nadia-ferroul"),
            ("i", "Merci Nadia Ferroul. Monsieur le maire, vous avez la parole.", "irene-valdois"),
            ("h", speech(14, 15), "henri-costaz"),
        ],
    ),
    (
        "who-they-are-they-say",
        [],
        [PATRICIA, AMADOU, HENRI],
        "fr",
        [
            ("p", "Bonjour, je suis Patricia Almeras. " + speech(15, 8), "patricia-almeras"),
            (
                "a",
                "Moi c'est Amadou Bricout, de la régie de quartier. " + speech(16, 8),
                "amadou-bricout",
            ),
            ("x", speech(17, 8), NOBODY),
            ("h", "Je suis le maire, bonsoir à tous. " + speech(18, 8), "henri-costaz"),
            ("p", speech(19, 5), "patricia-almeras"),
        ],
    ),
    (
        "mentioned-is-not-speaking",
        [IRENE],
        [PATRICIA, NADIA],
        "fr",
        [
            (
                "i",
                "La séance est ouverte. Nadia Ferroul n'a pas pu venir. Quelqu'un la remplace.",
                "?",
                "irene-valdois",
            ),
            ("x", "Comme disait Patricia Almeras, il faut agir. " + speech(20, 8), NOBODY),
            ("i", "Merci. La parole est à Patricia Almeras.", "?", "irene-valdois"),
            ("p", speech(21, 9), "patricia-almeras"),
        ],
    ),
    (
        "another-order-than-announced",
        [IRENE],
        [PATRICIA, LUC, NADIA, AMADOU],
        "fr",
        [
            ("i", "La séance est ouverte. La parole est à Amadou Bricout.", "irene-valdois"),
            ("a", speech(22, 8), "amadou-bricout"),
            ("i", "Merci Amadou Bricout. La parole est à Nadia Ferroul.", "irene-valdois"),
            ("n", speech(23, 8), "nadia-ferroul"),
            ("i", "Merci Nadia Ferroul. La parole est à Patricia Almeras.", "irene-valdois"),
            ("p", speech(24, 8), "patricia-almeras"),
        ],
    ),
    (
        "calls-from-the-room",
        [IRENE],
        [PATRICIA, LUC],
        "fr",
        [
            ("i", "La séance est ouverte. La parole est à Patricia Almeras.", "?", "irene-valdois"),
            ("p", speech(25, 7), "patricia-almeras"),
            ("x", "Très bien ! Bravo ! C'est tout à fait juste !", NOBODY),
            ("p", speech(26, 7), "patricia-almeras"),
            ("i", "S'il vous plaît, laissez Patricia Almeras terminer.", "?", "irene-valdois"),
            ("p", speech(27, 5), "patricia-almeras"),
            ("i", "Merci Patricia Almeras. La parole est à Luc Perrin.", "?", "irene-valdois"),
            ("l", speech(28, 7), "luc-perrin"),
        ],
    ),
    (
        "names-misheard",
        [IRENE],
        [PATRICIA, SOLENE, AMADOU],
        "fr",
        [
            (
                "i",
                "La séance est ouverte. La parole est à Patrissia Almérasse.",
                "?",
                "irene-valdois",
            ),
            ("p", speech(29, 8), "patricia-almeras"),
            ("i", "Merci. La parole est à Solenne Kintar.", "?", "irene-valdois"),
            ("s", speech(30, 8), "solene-quintard"),
            ("i", "Merci. La parole est à Amadou Brico.", "?", "irene-valdois"),
            ("a", speech(31, 8), "amadou-bricout"),
        ],
    ),
    (
        "two-who-lead",
        [IRENE, HENRI],
        [PATRICIA, NADIA],
        "fr",
        [
            (
                "i",
                "Bonjour, je suis Irène Valdois. Je donne la parole à Patricia Almeras.",
                "irene-valdois",
            ),
            ("p", speech(32, 8), "patricia-almeras"),
            (
                "h",
                "Merci Patricia Almeras. Je suis Henri Costaz. La parole est à Nadia Ferroul.",
                "?",
                "henri-costaz",
            ),
            ("n", speech(33, 8), "nadia-ferroul"),
        ],
    ),
    (
        "in-english",
        [IRENE],
        [PATRICIA, LUC],
        "en",
        [
            (
                "i",
                "Welcome everyone, the meeting is open. Please welcome Patricia Almeras.",
                "?",
                "irene-valdois",
            ),
            ("p", speech(34, 7, "en"), "patricia-almeras"),
            ("i", "Thank you, Patricia. Over to you, Luc Perrin.", "?", "irene-valdois"),
            ("l", speech(35, 7, "en"), "luc-perrin"),
            ("i", "Thank you, Luc. Are there any questions from the floor?", "?", "irene-valdois"),
            ("x", "As Patricia said, how long did it take to be given the keys?", NOBODY),
        ],
    ),
    (
        "programme-of-another-day",
        [HENRI],
        [SOLENE, AMADOU],
        "fr",
        [
            (
                "x",
                "Bonjour à tous, la séance est ouverte. La parole est à Gaston Meurisse.",
                NOBODY,
            ),
            ("y", speech(36, 9), NOBODY),
            ("x", "Merci Gaston Meurisse. La parole est à Lucile Tornier.", NOBODY),
            ("z", speech(37, 9), NOBODY),
            ("x", "Merci Lucile Tornier. La séance est levée.", NOBODY),
        ],
    ),
]


def write(case: Case, seed: int) -> None:
    """Write one case."""
    name, chair, speakers, language, lines = case
    words: list[Word] = []
    who: list[str] = []
    at, dice = 500, np.random.default_rng(seed)
    for voice, text, *_ in lines:
        for token in text.split():
            words.append(Word(at, at + WORD_MS - 20, token))
            who.append(voice)
            at += WORD_MS
        at += int(dice.integers(0, 900))
    voices = sorted(set(who))
    centres = {v: dice.standard_normal(DIMENSIONS) * np.sqrt(BETWEEN) for v in voices}
    speaks = dict(zip(words, who, strict=True))
    rows = []
    for group in groups(words):
        seconds = max(0.2, (group[-1].end_ms - group[0].start_ms) / 1000)
        noise = np.sqrt(WITHIN + SHORTNESS / seconds) * dice.standard_normal(DIMENSIONS)
        row = centres[speaks[group[len(group) // 2]]] + noise
        rows.append(np.round(row / np.linalg.norm(row), 3).tolist())
    made = {
        "language": language,
        "chair": chair,
        "speakers": speakers,
        "lines": [
            {"words": len(t.split()), "expected": e, "true": rest[0] if rest else e}
            for _, t, e, *rest in lines
        ],
        "words": [[w.start_ms, w.end_ms, w.text] for w in words],
        "vectors": rows,
    }
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    (OUT / f"{name}.json").write_text(text.replace('],"', '],\n"') + "\n", "utf-8")


def main(cases: Sequence[Case] = CASES) -> None:
    """Write every case."""
    OUT.mkdir(parents=True, exist_ok=True)
    for seed, case in enumerate(cases):
        write(case, seed)


if __name__ == "__main__":
    main()
