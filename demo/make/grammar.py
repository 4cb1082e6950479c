"""A grammar of plenary French, small enough for a small model.

`sentence(dice)` draws from all of it; `training_sentence` from three quarters of it and
`kept_sentence` from the quarter that training never sees, which the events and the measurements
use. Which quarter a sentence is in depends on its text alone.
"""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.make import words

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Person:
    """A name drawn from the lists, and how its roles are written."""

    name: str
    woman: bool

    def role(self, dice: random.Random) -> str:
        """One of the roles, in this person's form."""
        return dice.choice(words.ROLES)[0 if self.woman else 1]


def person(dice: random.Random) -> Person:
    """Any first name with any surname."""
    woman = dice.random() < 0.5
    first = dice.choice(words.WOMEN if woman else words.MEN)
    return Person(f"{first} {dice.choice(words.SURNAMES)}", woman)


def topics(dice: random.Random, joint: str = " et ") -> str:
    """Two different topics, joined."""
    return joint.join(noun.text for noun in dice.sample(words.TOPICS, 2))


def elided(before: str, after: str) -> str:
    """Two words, the first losing its vowel before a vowel or a mute h: "d'habitants"."""
    return f"{before[:-1]}'{after}" if after[0] in "aeiouhé" else f"{before} {after}"


SLOTS: dict[str, Callable[[random.Random], str]] = {
    "name": lambda dice: person(dice).name,
    "org": lambda dice: dice.choice(words.ORGANISATIONS).text,
    "de_org": lambda dice: dice.choice(words.ORGANISATIONS).after_de(),
    "à_org": lambda dice: dice.choice(words.ORGANISATIONS).after_a(),
    "topic": lambda dice: dice.choice(words.TOPICS).text,
    "de_topic": lambda dice: dice.choice(words.TOPICS).after_de(),
    "à_topic": lambda dice: dice.choice(words.TOPICS).after_a(),
    "topics": topics,
    "place": lambda dice: dice.choice(words.PLACES),
    "number": lambda dice: dice.choice(words.NUMBERS),
    "year": lambda dice: dice.choice(words.YEARS),
    "verb": lambda dice: dice.choice(words.VERBS),
    "de_verb": lambda dice: elided("de", dice.choice(words.VERBS)),
    "judged": lambda dice: dice.choice(words.JUDGEMENTS),
    "answer": lambda dice: dice.choice(words.ANSWERS),
    "group": lambda dice: dice.choice(words.GROUPS),
    "de_people": lambda dice: elided("de", dice.choice(words.PEOPLE)),
    "people": lambda dice: dice.choice(words.PEOPLE),
    "event": lambda dice: dice.choice(words.EVENTS),
    "wish": lambda dice: dice.choice(words.WISHES),
    "thing": lambda dice: dice.choice(words.THINGS),
    "room": lambda dice: dice.choice(words.ROOMS),
}
"""What a template's braces may hold. `{who}` is besides: a name, a role and an organisation."""

CHAIR = (
    "Bonjour à tous et bienvenue à cette {event} sur {topic}.",
    "Bienvenue {à_org} pour cette {event}.",
    "La séance est ouverte, nous allons parler {de_topic}.",
    "Nous allons parler {de_topic} et {de_topic}.",
    "Je donne la parole à {name}.",
    "Je donne la parole à {who}.",
    "La parole est à {name}.",
    "La parole est à {who}.",
    "Je passe la parole à {name} pour parler {de_topic}.",
    "Je passe la parole à {name}, {de_org}.",
    "Nous écoutons maintenant {name}.",
    "Nous accueillons {who}.",
    "À vous, {name}.",
    "Merci {name}.",
    "Merci beaucoup {name}.",
    "Merci {name} pour cette réponse {answer}.",
    "Merci beaucoup, {name}, pour ces mots sur {topic}.",
    "{name} n'a pas pu venir.",
    "{name} n'a pas pu venir et nous remercie.",
    "{name}, {de_org}, n'a pas pu venir.",
    "Y a-t-il une question sur {topic} ?",
    "Y a-t-il des questions dans la salle sur {topic} ?",
    "La parole est à la salle pour {number} minutes.",
    "Nous reprenons à {number} heures.",
    "Nous avons {number} minutes pour parler {de_topic}.",
    "Nous faisons une pause de {number} minutes.",
    "La séance est levée, {wish}.",
    "La séance est suspendue, nous reprenons à {number} heures.",
)
SPEAKER = (
    "Bonjour, je suis {name}, {de_org}.",
    "Bonjour à tous, je suis {who}.",
    "Je m'appelle {name} et je travaille avec {org}.",
    "Je suis {who}.",
    "Je suis ici pour parler {de_topic}.",
    "Il est {judged} {de_verb} {topic} {place}.",
    "Nous avons commencé il y a {number} ans avec {number} {people}.",
    "Aujourd'hui nous sommes {number} {people} {place}.",
    "{Group} veulent {verb} {topic}.",
    "{Group} peuvent {verb} {topic} {place}.",
    "{Group} ont besoin {de_topic} {place}.",
    "En {year}, nous avons créé {number} emplois {place}.",
    "En {year}, {org} a choisi {de_verb} {topic}.",
    "Le budget est de {number} mille euros par an.",
    "Ce projet a coûté {number} mille euros en {year}.",
    "Sans {group}, ces projets ne peuvent pas exister.",
    "C'est une réponse {answer} à la crise {place}.",
    "Il faut {verb} {topic} avec {group}.",
    "Il faut {number} ans pour {verb} {topic}.",
    "Nous proposons {de_verb} {topic} dès {year}.",
    "Nous voulons {verb} {topic} avec {org}.",
    "Avec {org}, nous travaillons sur {topic}.",
    "Pour {verb} {topic}, il faut du temps et {number} {people}.",
    "C'est pourquoi {org} travaille avec {number} {people}.",
    "Je pense que {topics} vont ensemble.",
    "Comme le dit {name}, il faut {verb} {topic}.",
    "Je suis d'accord avec {name} sur {topic}.",
    "Non, ce n'est pas {judged} {de_verb} {topic}.",
    "Oui, c'est {judged}, et {group} le savent.",
    "Je vous remercie de votre attention {place}.",
)
FLOOR = (
    "J'ai une question sur {topic}.",
    "J'ai une question pour {name}.",
    "Ma question porte sur {topic}.",
    "Comment {verb} {topic} {place} ?",
    "Pourquoi {group} ne peuvent pas {verb} {topic} ?",
    "Combien {de_people} travaillent avec {org} ?",
    "Merci beaucoup pour cette question sur {topic}.",
)
ASIDE = (
    "J'ai laissé {thing} {room}.",
    "Qui a pris {thing} {room} ?",
    "Je cherche {thing} depuis {number} minutes.",
)
"""What is said when the microphone is thought to be off."""

PARTS = (CHAIR, SPEAKER, SPEAKER, FLOOR, ASIDE)
"""Drawn from evenly: speakers say most."""

KEPT_SHARE = 4
"""One sentence in so many is held back from training."""


def filled(template: str, dice: random.Random) -> str:
    """The template with each of its braces drawn."""

    def drawn(match: re.Match[str]) -> str:
        slot = match.group(1)
        if slot == "who":
            who = person(dice)
            return f"{who.name}, {who.role(dice)} {SLOTS['de_org'](dice)}"
        if slot == "Group":
            text = SLOTS["group"](dice)
            return text[0].upper() + text[1:]
        return SLOTS[slot](dice)

    return re.sub(r"\{(\w+)\}", drawn, template)


def sentence(dice: random.Random) -> str:
    """Any sentence of the grammar."""
    return filled(dice.choice(dice.choice(PARTS)), dice)


def is_kept(text: str) -> bool:
    """Whether a sentence is in the share that training never sees."""
    return hashlib.sha256(text.encode()).digest()[0] % KEPT_SHARE == 0


def training_sentence(dice: random.Random) -> str:
    """A sentence that training may use."""
    while is_kept(text := sentence(dice)):
        pass
    return text


def kept_sentence(dice: random.Random) -> str:
    """A sentence that training never uses."""
    while not is_kept(text := sentence(dice)):
        pass
    return text


def templates() -> list[str]:
    """All templates."""
    return [*CHAIR, *SPEAKER, *FLOOR, *ASIDE]


def vocabulary(draws: int = 40_000) -> list[str]:
    """All words of the grammar, lower case, by drawing until no new one can be expected."""
    dice = random.Random(0)
    found: set[str] = set()
    for _ in range(draws):
        found.update(re.findall(r"[\w'-]+", sentence(dice).lower()))
    return sorted(found)


def main() -> None:
    """Print the size of the grammar and some of its sentences."""
    dice = random.Random(1)
    print(f"{len(templates())} templates, {len(vocabulary())} words")
    for _ in range(12):
        text = sentence(dice)
        print("kept " if is_kept(text) else "     ", text)


if __name__ == "__main__":
    main()
