"""The words of the demo's small world. All people and organisations are fictional."""

from __future__ import annotations

from dataclasses import dataclass

WOMEN = ("Claire", "Clara", "Samira", "Odile", "Nadia", "Juliette", "Julie", "Inès")
MEN = ("Hugues", "Denis", "Marc", "Karim", "Thomas", "Bruno")
SURNAMES = (
    "Morel",
    "Moreau",
    "Lambert",
    "Benali",
    "Fournier",
    "Garnier",
    "Tessier",
    "Rousseau",
    "Perrin",
    "Perrot",
    "Haddad",
    "Vidal",
    "Chevalier",
    "Dumont",
)
"""Several are close to one another on purpose; no two sound the same."""


@dataclass(frozen=True)
class Noun:
    """A noun with its article: "la mairie", "l'atelier", "les communs"."""

    text: str

    def after_de(self) -> str:
        """With "de" before it, contracted: "du pôle", "des communs", "de l'atelier"."""
        return contracted(self.text, "de", "du", "des")

    def after_a(self) -> str:
        """With "à" before it, contracted: "au pôle", "aux communs", "à l'atelier"."""
        return contracted(self.text, "à", "au", "aux")


def contracted(text: str, before: str, masculine: str, plural: str) -> str:
    """`before` and a noun with its article, as French contracts them."""
    for article, joined in (("le ", masculine), ("les ", plural)):
        if text.startswith(article):
            return f"{joined} {text.removeprefix(article)}"
    return f"{before} {text}"


ORGANISATIONS = tuple(
    map(
        Noun,
        (
            "la coopérative des trois rivières",
            "la régie de quartier",
            "la mairie",
            "l'atelier partagé",
            "le réseau des jardins",
            "l'école du port",
            "la maison des initiatives",
            "le collectif des halles",
            "la fabrique du canal",
            "l'AMAP",
            "la CAP",
            "la SCIC du port",
        ),
    )
)
ACRONYMS = {
    "AMAP": "association pour le maintien d'une agriculture paysanne",
    "CAP": "coopérative d'activités partagées",
    "SCIC": "société coopérative d'intérêt collectif",
}
"""What they mean; all are said as words, since espeak-ng spells some others at random."""

ROLES = (
    ("présidente", "président"),
    ("directrice", "directeur"),
    ("coordinatrice", "coordinateur"),
    ("maire adjointe", "maire adjoint"),
    ("trésorière", "trésorier"),
    ("animatrice", "animateur"),
)
"""Each for a woman and for a man."""

TOPICS = tuple(
    map(
        Noun,
        (
            "la citoyenneté économique",
            "les monnaies locales",
            "le budget participatif",
            "l'emploi des jeunes",
            "les lieux partagés",
            "les tiers-lieux",
            "la transition écologique",
            "l'investissement social",
            "l'économie solidaire",
            "la culture",
            "le logement",
            "les circuits courts",
            "les communs",
            "la santé",
            "la coopération",
            "les achats publics",
        ),
    )
)
PLACES = (
    "sur notre territoire",
    "dans les quartiers",
    "dans la commune",
    "dans chaque région",
    "au pôle de coopération",
    "dans nos villages",
)
NUMBERS = (
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "huit",
    "dix",
    "douze",
    "vingt",
    "trente",
    "quarante",
    "cinquante",
    "cent",
    "deux cents",
)
YEARS = (
    "deux mille seize",
    "deux mille dix-sept",
    "deux mille vingt",
    "deux mille vingt-quatre",
)
VERBS = (
    "développer",
    "financer",
    "évaluer",
    "soutenir",
    "partager",
    "défendre",
    "construire",
    "expliquer",
)
JUDGEMENTS = ("important", "nécessaire", "possible", "difficile", "urgent")
ANSWERS = ("collective", "solidaire", "concrète")
GROUPS = (
    "nos coopératives",
    "les habitants",
    "les collectivités",
    "les associations",
    "les citoyens",
    "les élus",
    "nos équipes",
    "les jeunes",
)
PEOPLE = (
    "habitants",
    "salariés",
    "bénévoles",
    "associations",
    "communes",
    "entreprises",
    "familles",
    "adhérents",
)
EVENTS = ("plénière", "rencontre", "journée", "table ronde", "matinée")
WISHES = ("merci à tous", "bonne soirée", "bon retour", "à demain", "bon appétit")
THINGS = (
    "le fromage",
    "le café",
    "la voiture",
    "le parapluie",
    "le téléphone",
    "la clé",
    "le manteau",
    "le dessert",
)
ROOMS = ("dans la cuisine", "dans le couloir", "sur la table", "derrière la porte")
