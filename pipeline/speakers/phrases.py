# ruff: noqa: E501 (a pattern is read in one line)
"""What people say when they give, take or ask for the floor: a table per language.

A pattern is a regular expression over folded text (lower case, no accents, apostrophes and
hyphens as spaces), in which {P} stands for a person of the programme, called by name or role,
{O} for an organisation that one person of the programme speaks for, {N} for anybody named who
is not in the programme, and " , " and " . " for the ends of phrases and sentences. A language
is data: another one is another entry of LANGUAGES.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

CueKind = Literal[
    "hand-over", "address", "thanks", "introduction", "question", "chair", "mention", "absence",
    "label", "known",
]  # fmt: skip
"""What a phrase says about a person:

hand-over     speaks next
address       is spoken to: spoke just now or will, and is not who is speaking
thanks        spoke just before
introduction  is speaking
label         is said to be speaking by a transcript made elsewhere; no phrase gives it
known         is speaking, as a person said who listened; no phrase gives it
question      someone from the room, listed or not, speaks next
chair         who is speaking leads the session
mention       is spoken of: is not who is speaking
absence       is not there
"""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A pattern, what it says, and how often it tells the truth (from 0 to 1)."""

    kind: CueKind
    pattern: str
    strength: float


@dataclass(frozen=True, slots=True)
class Language:
    """One language's phrases, most telling first: the first that holds a name takes it.

    `titles` may stand before a name, `articles` before a role; after one of `copulas` a role
    needs no article ("je suis maire"). `leaders` are the words by
    which whoever leads a session is called.
    """

    titles: tuple[str, ...]
    articles: tuple[str, ...]
    copulas: tuple[str, ...]
    leaders: tuple[str, ...]
    phrases: tuple[Phrase, ...]


_FILL = r"(?: [a-z']+){0,3}?"
"""Up to three words between: "la parole est maintenant à notre invitée X"."""

FRENCH = Language(
    titles=("m", "mr", "mme", "mlle", "monsieur", "madame", "mademoiselle"),
    articles=("le", "la", "l", "notre", "votre", "monsieur", "madame", "m", "mme"),
    copulas=("suis", "que"),
    leaders=("president", "presidente"),
    phrases=(
        Phrase(
            "absence",
            r"{P}(?: ,[^,.]{1,60},)? (?:ne |n )?(?:a|ont|avait) (?:pas|malheureusement pas) pu",
            0.95,
        ),
        Phrase(
            "absence",
            r"{P}(?: ,[^,.]{1,60},)? (?:est|sera) (?:absente?|excusee?|souffrante?|retenue?)\b",
            0.95,
        ),
        Phrase(
            "absence", r"{P}(?: ,[^,.]{1,60},)? ne (?:viendra|sera|peut|pourra|vient) pas", 0.95
        ),
        Phrase(
            "absence",
            r"(?:en l absence de|excuser|a la place de|remplacer?|excuses de)" + _FILL + " {P}",
            0.9,
        ),
        Phrase(
            "mention",
            r"(?:comme|ainsi que) (?:l a |le |l )?(?:dit|disait|disent|disais|a dit|expliquait|rappelait|soulignait)(?: [a-z]+){0,3}? {P}",
            0.9,
        ),
        Phrase("mention", r"d accord avec {P}", 0.9),
        Phrase(
            "introduction",
            r"(?:je suis|moi c est|je m appelle|mon nom est|je me presente ,?)(?: donc)? {P}",
            0.95,
        ),
        Phrase(
            "introduction",
            r"je suis [^.,]{0,40}(?:\bdu|\bde|\bdes|\bde la|\bde l|\bau|\ba la|\bpour|,) {O}",
            0.7,
        ),
        Phrase(
            "introduction",
            r"(?:je represente|je parle (?:ici )?(?:pour|au nom de)|je travaille (?:pour|avec|a)) {O}",
            0.6,
        ),
        Phrase("introduction", r"en tant que {P}", 0.5),
        Phrase(
            "introduction",
            r"(?:bonjour|bonsoir)(?: a (?:tous|toutes)(?: et a (?:tous|toutes))?)?(?: ,)? {P}(?: ,)? (?:pour|de|du|des) {O}",
            0.75,
        ),
        Phrase(
            "introduction", r"[.] (?:pour|au nom)(?: de| du| des)? {O}(?: ,)? (?:je|j|nous)\b", 0.6
        ),
        Phrase(
            "question",
            r"(?:une|la|autre|premiere|derniere) question (?:de|d|pour)(?: la part de)? {N}",
            0.8,
        ),
        Phrase(
            "hand-over",
            r"(?:une|la|autre|premiere|derniere) question (?:de|d)(?: la part de)? {P}",
            0.7,
        ),
        Phrase("hand-over", r"parole(?: est| revient| va| sera)?" + _FILL + " {P}", 0.95),
        Phrase("hand-over", r"parole(?: est| revient| va| sera)?" + _FILL + " {N}", 0.95),
        Phrase(
            "hand-over",
            r"parole(?: est| revient| va)?(?: maintenant)? (?:a|au|aux)(?: la| l)? {O}",
            0.6,
        ),
        Phrase(
            "hand-over",
            r"(?:on|nous)(?: allons)? (?:ecoute|ecouter|ecoutons|accueille|accueillir|accueillons|commence par|commencons par)"
            + _FILL
            + " {P}",
            0.9,
        ),
        Phrase(
            "hand-over",
            r"{P} ,?(?: (?:qui|elle|il))? (?:va|vont) (?:nous |vous )?(?:presenter|parler|expliquer|dire|raconter|repondre|conclure|commencer|poursuivre|prendre)",
            0.85,
        ),
        Phrase("hand-over", r"{P}(?: ,)? (?:va|vont) (?:nous|vous) ", 0.85),
        Phrase("hand-over", r"{P}(?: ,)? (?:c est )?a (?:toi|vous)\b", 0.9),
        Phrase("hand-over", r"(?:a|c est a) (?:toi|vous)(?: la parole)?(?: ,)? {P}", 0.9),
        Phrase(
            "hand-over",
            r"{P}(?: ,)? (?:je vous en prie|vous avez la parole|tu as la parole|vous pouvez|allez y|vas y|veuillez|defendez|poursuivez)",
            0.75,
        ),
        Phrase("hand-over", r"(?:je vous en prie|vous avez la parole|allez y)(?: ,)? {P}", 0.75),
        Phrase(
            "hand-over",
            r"{P}(?: ,)? pour (?:soutenir|defendre|presenter|un rappel|une|repondre|conclure)\b",
            0.9,
        ),
        Phrase(
            "hand-over",
            r"{N}(?: ,)? pour (?:soutenir|defendre|presenter|un rappel|repondre|conclure)\b",
            0.9,
        ),
        Phrase(
            "hand-over",
            r"(?:je me tourne vers|on passe a|passons a|je cede la place a|j appelle|j invite) {P}",
            0.85,
        ),
        Phrase("hand-over", r"[.] est a {P}", 0.85),
        Phrase("hand-over", r"[.] a {P} [.]", 0.5),
        Phrase("hand-over", r"au tour (?:de|d) {P}", 0.9),
        Phrase("hand-over", r"(?:et maintenant|et tout de suite)(?: ,)? {P}", 0.8),
        Phrase("hand-over", r"(?:je laisse|nous laissons|on laisse) {P}", 0.85),
        Phrase(
            "hand-over",
            r"(?:d accueillir|j accueille|je vous presente|je propose que) {P}",
            0.7,
        ),
        Phrase(
            "hand-over",
            r"{P}(?: ,)? (?:tu|vous) (?:veux|voulez|voulais|vouliez|peux|pouvez|souhaites|souhaitez|commences|commencez)\b",
            0.7,
        ),
        Phrase(
            "hand-over",
            r"{P} (?:(?:veut|voulait|souhaite|demande|leve)|(?:a|avait|pose) une question)\b",
            0.55,
        ),
        Phrase(
            "hand-over", r"(?:entendre|entend|ecouter|ecoute|ecoutons)(?: maintenant)? {O}", 0.5
        ),
        Phrase(
            "thanks",
            r"(?:merci|remercie|remercions|remercier)(?: (?:beaucoup|infiniment|bien|a|vous|donc|tres|encore|vivement)){0,3}(?: ,)? {P}",
            0.8,
        ),
        Phrase("thanks", r"merci (?:a |au )?{O}", 0.5),
        Phrase("address", r"laissez" + _FILL + " {P}", 0.8),
        Phrase("address", r"[,.] {P} [,.]", 0.9),
        Phrase("question", r"parole (?:est )?a la salle", 0.8),
        Phrase(
            "question",
            r"(?:y a t il|il y a|avez vous|est ce qu il y a)(?: [a-z]+){0,3} questions?\b",
            0.6,
        ),
        Phrase(
            "question",
            r"(?:une|autre|premiere|derniere) (?:question|reaction|intervention) (?:dans|de) (?:la salle|le public|l assemblee)",
            0.8,
        ),
        Phrase("chair", r"seance (?:est |sera )?(?:ouverte|levee|reprise|suspendue)", 0.9),
        Phrase("chair", r"parole est a\b", 0.9),
        Phrase(
            "chair", r"(?:donner?|passer?|redonne|cede|laisse) (?:donc |maintenant )?la parole", 0.7
        ),
        Phrase(
            "chair",
            r"(?:je mets aux voix|avis (?:de la commission|du gouvernement)|qui (?:veut|souhaite) (?:prendre )?la parole|ordre du jour appelle)",
            0.8,
        ),
        Phrase(
            "chair",
            r"(?:bienvenue|nous (?:reprenons|faisons une pause|allons (?:commencer|parler|ouvrir)))",
            0.5,
        ),
        Phrase("mention", r"{P}", 0.9),
    ),
)

ENGLISH = Language(
    titles=("mr", "mrs", "ms", "miss", "dr", "professor", "sir"),
    articles=("the", "our", "madam", "mister"),
    copulas=("am", "m", "as"),
    leaders=("chair", "chairman", "chairwoman", "chairperson", "president", "speaker"),
    phrases=(
        Phrase(
            "absence",
            r"{P}(?: ,[^,.]{1,60},)? (?:could not|couldn t|cannot|can t|was unable to|is unable to|will not|won t)",
            0.95,
        ),
        Phrase("absence", r"{P}(?: ,[^,.]{1,60},)? (?:is|was) (?:absent|excused|ill|away)\b", 0.95),
        Phrase("absence", r"(?:in the absence of|apologies from|instead of|on behalf of) {P}", 0.9),
        Phrase("mention", r"as {P} (?:said|says|told|put)", 0.9),
        Phrase("mention", r"agree with {P}", 0.9),
        Phrase("introduction", r"(?:i am|i m|my name is|this is) {P}", 0.95),
        Phrase("introduction", r"(?:i am|i m) [^.,]{0,40}(?:from|of|for|at) (?:the )?{O}", 0.7),
        Phrase("introduction", r"i (?:represent|speak for|work for) (?:the )?{O}", 0.6),
        Phrase("introduction", r"as {P} ,? i\b", 0.5),
        Phrase(
            "introduction",
            r"[.] (?:speaking )?(?:for|on behalf of) (?:the )?{O}(?: ,)? (?:i|we)\b",
            0.6,
        ),
        Phrase("hand-over", r"question from {P}", 0.7),
        Phrase("hand-over", r"floor(?: is| goes| to)?" + _FILL + " {P}", 0.95),
        Phrase("hand-over", r"floor(?: is| goes| to)?" + _FILL + " {N}", 0.95),
        Phrase(
            "hand-over",
            r"(?:over to|hand over to|we will hear from|let s hear from|please welcome|i call(?: on)?|i invite|let us hear)"
            + _FILL
            + " {P}",
            0.9,
        ),
        Phrase(
            "hand-over",
            r"{P} (?:will|is going to) (?:now )?(?:present|speak|tell|talk|explain|answer)",
            0.85,
        ),
        Phrase("hand-over", r"{P}(?: ,)? (?:over to you|you have the floor|go ahead|please)", 0.85),
        Phrase("hand-over", r"over to you(?: ,)? {P}", 0.9),
        Phrase(
            "hand-over", r"(?:floor is yours|next up is|and now|invite|turn of)(?: ,)? {P}", 0.8
        ),
        Phrase(
            "hand-over",
            r"{P}(?: ,)? (?:you wanted|do you want|would you like|has a question|wants to|would like to)\b",
            0.6,
        ),
        Phrase(
            "thanks",
            r"thank(?:s| you)(?: (?:so|very|much|you|a|lot|indeed|to)){0,4}(?: ,)? {P}",
            0.8,
        ),
        Phrase("address", r"[,.] {P} [,.]", 0.9),
        Phrase(
            "question",
            r"(?:any|are there|a) questions?(?: [a-z]+){0,2} (?:from the (?:floor|room|audience)|please)",
            0.8,
        ),
        Phrase("question", r"(?:any|are there) questions", 0.6),
        Phrase("chair", r"(?:session|meeting) is (?:now )?(?:open|closed|adjourned|resumed)", 0.9),
        Phrase("chair", r"(?:give|pass|yield) the floor|the floor is", 0.7),
        Phrase("chair", r"welcome (?:to|everyone|all)", 0.5),
        Phrase("mention", r"{P}", 0.9),
    ),
)

LANGUAGES: Mapping[str, Language] = {"fr": FRENCH, "en": ENGLISH}


def language_of(code: str) -> Language:
    """Return the table of a BCP 47 code; one without phrases where there is none."""
    return LANGUAGES.get(code.split("-", maxsplit=1)[0].lower(), Language((), (), (), (), ()))
