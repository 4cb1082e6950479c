"""The words of the pages: both catalogues whole, numbers as each language writes them, links."""

from __future__ import annotations

import json
import re
from pathlib import Path

from archive.site import links, texts


def used_keys() -> tuple[set[str], set[str]]:
    """Return the keys that pages use whole, and the families of those that data complete."""
    whole, families = set[str](), set[str]()
    site = Path(texts.__file__).parent
    for file in [*site.glob("*.py"), *site.glob("templates/*")]:
        source = file.read_text(encoding="utf-8")
        whole |= set(re.findall(r'"([a-z]+\.[a-z_0-9-]+)"', source))
        families |= set(re.findall(r't\(\s*"([a-z]+(?:\.[a-z]+)*)\." ~', source))
        families |= set(re.findall(r'named\("([a-z]+)"', source))
    return whole, families | {"order", "kind", "origin"}


def test_catalogues_agree_and_lack_nothing() -> None:
    """Both languages have the same keys with the same facts; each is used, none is missing."""
    french, english = texts.catalogue("fr"), texts.catalogue("en")
    assert french.keys() == english.keys()
    for key in french:
        facts = [
            set(re.findall(r"\{(\w+)\}", json.dumps(entries[key]))) for entries in (french, english)
        ]
        assert facts[0] == facts[1], key
        assert isinstance(french[key], str) == isinstance(english[key], str), key
    whole, families = used_keys()
    names = {key.partition(".")[0] for key in french}
    files = {path.name for path in Path(texts.__file__).parent.rglob("*")}
    missing = {k for k in whole if k.partition(".")[0] in names and k not in french} - files
    assert not [key for key in missing if not key.endswith(".json")]
    unused = {k for k in french if k not in whole and k.rpartition(".")[0] not in families}
    assert unused == {"months"}


def test_numbers_dates_and_lengths_are_written_as_each_language_does() -> None:
    """Thousands, first of the month, plurals of zero, lengths, clock."""
    french, english = texts.Texts("fr"), texts.Texts("en")
    assert (french.number(12345), english.number(12345)) == ("12\u202f345", "12,345")
    assert (french.date("2017-04-01"), english.date("2017-04-01")) == (
        "1er avril 2017",
        "1 April 2017",
    )
    assert french.date("no date") == "no date"
    assert (french("results.count", n=0), english("results.count", n=0)) == (
        "0 passage",
        "0 passages",
    )
    assert texts.clock(3_723_900) == "1:02:03"
    assert french.length(200_000) == "3\u00a0min\u00a020\u00a0s"


def test_links_are_relative_to_their_page() -> None:
    """From any depth, an address leads back to the root without naming it."""
    assert links.Links.seen_from("/").event("e") == "./events/e"
    assert links.Links.seen_from("/events/e").recording("e/r", 754_200) == (
        "../recordings/e/r?t=754.2#now"
    )
    assert links.Links.seen_from("/recordings/e/r").person("é/x") == "../../people/%C3%A9/x"
