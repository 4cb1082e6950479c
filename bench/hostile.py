"""Five hundred strings that no search should stumble over, the same each time."""

from __future__ import annotations

import random

_PIECES = (
    *(
        '"',
        "'",
        "*",
        "(",
        ")",
        "{",
        "}",
        ":",
        "^",
        "-",
        "+",
        "\\",
        ";",
        "--",
        "/*",
        "%",
        "_",
        "«",
        "»",
    ),
    *(
        "NEAR(",
        "AND",
        "OR",
        "NOT",
        "text:",
        "rowid",
        "NULL",
        "\x00",
        "\x02",
        "\x03",
        "\ud800",
        "\u202e",
    ),
    *("SELECT", "DROP TABLE passages", "1=1", "UNION ALL", "<script>", "{{7*7}}", "../", "${x}"),
    *(
        "é",
        "e\u0301",
        "œ",
        "ﬁ",
        "İ",
        "ß",
        "あ",
        "🙂",
        "𝕒",
        "٣",
        "½",
        "’",
        "ʼ",
        "l'",
        "qu’",
        "\u200b",
        "\ufeff",
    ),
)
_COMMON = (
    *("faire", "dire", "pouvoir", "tout", "plus", "bien", "homme", "femme", "temps", "jour"),
    *("deux", "autre", "grand", "voir", "aller", "savoir", "monde", "chose", "main", "yeux"),
)
_HEAVY = (
    *('"de la"', '"la la la"', '"et de la et de la"', '"le la les"', '"de de de de"', '"que que"'),
    *("de*", "la* le*", "co* de* pa* ma* re*", "cont* comm* part* port*", "a* e* i*", "con* par*"),
    *('"de la" zèbre', "de* zèbre", '"de la" "et de" "que le" "dans la"', "être*", "contr* parti*"),
)


def hostile_strings(count: int = 500) -> list[str]:
    """Return `count` strings: syntax, code, odd letters, lengths, and what costs much to find."""
    dice = random.Random(7)
    given = [*_PIECES, *_HEAVY, " ".join(_COMMON), "a" * 10_000, "e " * 5_000, '"' * 999]
    given += ['"' + "oe" * 300 + '"', "œ" * 400, '"' + " ".join(_COMMON) + '"', "* " * 400]
    while len(given) < count:
        pieces = dice.choices((*_PIECES, *_COMMON, *_HEAVY), k=dice.randint(2, 12))
        given.append(dice.choice(("", " ", " ")).join(pieces))
    return given[:count]
