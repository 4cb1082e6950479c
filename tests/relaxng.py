"""RelaxNG schemas of TEI's size, made small enough for libxml2.

libxml2 does not come to an end on the whole of TEI (TEIC/TEI issue 655). A grammar whose
unused elements are notAllowed is stricter than the whole one: what is valid in it is valid
in the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from pathlib import Path

_RNG = "{http://relaxng.org/ns/structure/1.0}"
_REPEATED = (f"{_RNG}optional", f"{_RNG}zeroOrMore")


def narrowed(schema: Path, used: AbstractSet[str]) -> etree.RelaxNG:
    """Return the schema with the elements named in `used` alone."""
    parser = etree.XMLParser(remove_comments=True, remove_blank_text=True)
    grammar = etree.parse(str(schema), parser).getroot()
    for node in list(grammar.iter()):
        if not str(node.tag).startswith(_RNG):
            node.getparent().remove(node)
    for element in list(grammar.iter(f"{_RNG}element")):
        if element.get("name") not in used:
            _forbid(element)
    while _spread(grammar):
        pass
    _drop_unreached(grammar)
    return etree.RelaxNG(etree.ElementTree(grammar))


def _forbid(pattern: etree._Element) -> None:
    for child in list(pattern):
        pattern.remove(child)
    pattern.attrib.clear()
    pattern.tag = f"{_RNG}notAllowed"


def _spread(grammar: etree._Element) -> bool:
    """Take what is forbidden out of choices, forbid what needs it; tell if anything changed."""
    defines = {d.get("name"): d for d in grammar.iter(f"{_RNG}define")}

    def forbidden(pattern: etree._Element) -> bool:
        if pattern.tag == f"{_RNG}ref":
            meant = defines[pattern.get("name")]
            return len(meant) == 1 and meant[0].tag == f"{_RNG}notAllowed"
        return bool(pattern.tag == f"{_RNG}notAllowed")

    changed = False
    for pattern in list(grammar.iter()):
        bad = [child for child in pattern if forbidden(child)]
        if not bad or (pattern.tag == f"{_RNG}define" and len(pattern) == 1):
            continue
        changed = True
        if pattern.tag == f"{_RNG}choice" and len(bad) < len(pattern):
            for child in bad:
                pattern.remove(child)
        elif pattern.tag == f"{_RNG}define":
            for child in list(pattern):
                pattern.remove(child)
            etree.SubElement(pattern, f"{_RNG}notAllowed")
        else:
            empty = pattern.tag in _REPEATED
            _forbid(pattern)
            pattern.tag = f"{_RNG}empty" if empty else f"{_RNG}notAllowed"
    return changed


def _drop_unreached(grammar: etree._Element) -> None:
    defines = {d.get("name"): d for d in grammar.iter(f"{_RNG}define")}
    reached: set[str] = set()
    waiting = [grammar.find(f"{_RNG}start")]
    while waiting:
        for ref in waiting.pop().iter(f"{_RNG}ref"):
            if ref.get("name") not in reached:
                reached.add(ref.get("name"))
                waiting.append(defines[ref.get("name")])
    for name, define in defines.items():
        if name not in reached:
            define.getparent().remove(define)
