"""Where sentences end, told from the recogniser's own punctuation."""

from __future__ import annotations

import re

_END = re.compile(r"[.!?…][»\"'”)\]]*$")
_ABBREVIATION = re.compile(r"(?:[A-ZÀ-Þ]|MM|Mme|Mlle|Mr|Mrs|Ms|Dr|Me|St|etc|cf)\.")


def ends_sentence(word: str) -> bool:
    """Tell whether a sentence ends with this word: `fin.` does, `M.` and `P.` do not."""
    return bool(_END.search(word)) and not _ABBREVIATION.fullmatch(word)
